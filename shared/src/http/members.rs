//! The members of a JSON body: strings alone, never coerced, none given twice.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::password::MAX_BYTES;
use crate::role::Role;

/// The members of the one object that a body is. Unknown ones are ignored and can set nothing.
#[derive(Default)]
pub struct Members(HashMap<String, Value>);

impl Members {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where it is not a JSON object in UTF-8 without a byte-order mark, is
    /// nested too deep, or has a member twice.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let bad = |what: &str| Error::BadRequest(what.to_owned());
        let text = std::str::from_utf8(body).map_err(|_| bad("the body must be UTF-8"))?;
        if text.starts_with('\u{feff}') {
            return Err(bad("the body must not begin with a byte-order mark"));
        }
        // serde's message quotes what is wrong, and that may be the password.
        serde_json::from_str(text).map_err(|error| {
            let twice = error.to_string().starts_with(TWICE);
            bad(if twice {
                "the body has a member twice"
            } else {
                "the body must be a JSON object"
            })
        })
    }

    /// A string member; absent and `null` are the same.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where it has another type.
    pub fn string(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Error::BadRequest(format!("{name} must be a string"))),
        }
    }

    /// A string member that must be there and not be empty.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where it is not.
    pub fn needed(&self, name: &str) -> Result<&str, Error> {
        let text = self.string(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| Error::BadRequest(format!("{name} is required")))
    }
}

/// The members of something else that is not a body, checked as those of one are.
impl FromIterator<(String, Value)> for Members {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl Members {
    /// The names of all members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A member of any type; `null` is none.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }
}

/// The longest text that is kept only to be shown, in bytes.
const LONGEST_LINE: usize = 200;

impl Members {
    /// A name to show: from 1 to 200 bytes without control characters, taken as it is.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where it is not that.
    pub fn line(&self, name: &str) -> Result<Option<String>, Error> {
        let text = self.string(name)?;
        text.map(|text| line(name, text)).transpose()
    }

    /// The member `status`, as what `active` and `suspended` are of a user or a client.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where it is neither.
    pub fn status<S>(&self, active: S, suspended: S) -> Result<Option<S>, Error> {
        match self.string("status")? {
            None => Ok(None),
            Some("active") => Ok(Some(active)),
            Some("suspended") => Ok(Some(suspended)),
            Some(_) => {
                let what = "status must be active or suspended";
                Err(Error::BadRequest(what.to_owned()))
            }
        }
    }
}

/// Takes a name to show: from 1 to 200 bytes without control characters, as it is.
///
/// # Errors
///
/// [`Error::BadRequest`] where it is not that; `name` is the member's.
pub fn line(name: &str, text: &str) -> Result<String, Error> {
    if text.is_empty() || text.len() > LONGEST_LINE || text.chars().any(char::is_control) {
        return Err(Error::BadRequest(format!(
            "{name} must have from 1 to {LONGEST_LINE} bytes and no control characters"
        )));
    }
    Ok(text.to_owned())
}

/// Takes a role.
///
/// # Errors
///
/// [`Error::BadRequest`] where it is none.
pub fn role(text: &str) -> Result<Role, Error> {
    Role::parse(text).ok_or_else(|| {
        let what = "role must be a small letter and up to 31 of a-z, 0-9, _ and -";
        Error::BadRequest(what.to_owned())
    })
}

/// Takes a password as it is: never normalised, trimmed or cut. The cap comes before any hash.
///
/// # Errors
///
/// [`Error::BadRequest`] where it is too long; `name` is the member's.
pub fn password(name: &str, text: &str) -> Result<Zeroizing<String>, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::BadRequest(format!(
            "{name} must be at most {MAX_BYTES} bytes"
        )));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

const TWICE: &str = "member given twice";

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = HashMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Members(members))
    }
}
