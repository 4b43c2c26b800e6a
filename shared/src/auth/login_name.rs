//! Login names: a username or an e-mail address, made canonical once, before anything looks it up.

use std::fmt::{self, Write as _};

use aws_lc_rs::digest::{SHA256, digest};
use unicode_normalization::UnicodeNormalization as _;

use crate::error::Error;

/// The longest name, in bytes (RFC 5321's longest address, as erratum 1690 counts it).
const MAX_BYTES: usize = 254;

/// A username or an e-mail address in its canonical form: NFKC, then lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginName {
    canonical: String,
}

impl LoginName {
    /// Takes the name that the request's member `member` holds.
    ///
    /// A name with a non-ASCII character that turns into ASCII (Kelvin's K, a full-width @, the
    /// ligature fi, the dotted capital I) belongs to nobody: what looks like somebody's name is not
    /// theirs. It is not refused, since that would answer it otherwise than an unknown one.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] for a name that is empty, longer than 254 bytes, holds white space or
    /// a control character or more than one `@`; it names the member and never the value.
    pub fn parse(member: &str, text: &str) -> Result<Self, Error> {
        let refused = |what: &str| Err(Error::BadRequest(format!("{member} must {what}")));
        if text.is_empty() {
            return refused("not be empty");
        }
        if text.len() > MAX_BYTES {
            return refused("be at most 254 bytes long");
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return refused("have no spaces and no control characters");
        }
        if text.matches('@').count() > 1 {
            return refused("have at most one @");
        }
        let mut canonical = canonical(text);
        if text.chars().any(turns_into_ascii) {
            // No name can begin with a space.
            canonical.insert(0, ' ');
        }
        Ok(Self { canonical })
    }

    /// Takes the name that a new user is to have, an e-mail address.
    ///
    /// # Errors
    ///
    /// As [`LoginName::parse`]; and for a name without one `@` between other characters, or with a
    /// character that makes it nobody's.
    pub fn new_email(text: &str) -> Result<Self, Error> {
        let name = Self::new("email", text)?;
        match text.split_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() => Ok(name),
            _ => Err(Error::BadRequest(
                "email must have one @, and something on either side of it".to_owned(),
            )),
        }
    }

    /// Takes the name that a new user is to have, which is no e-mail address.
    ///
    /// # Errors
    ///
    /// As [`LoginName::parse`]; and for a name with an `@`, or with a character that makes it nobody's.
    pub fn new_username(text: &str) -> Result<Self, Error> {
        let name = Self::new("username", text)?;
        if text.contains('@') {
            return Err(Error::BadRequest("username must have no @".to_owned()));
        }
        Ok(name)
    }

    fn new(member: &str, text: &str) -> Result<Self, Error> {
        let name = Self::parse(member, text)?;
        if name.canonical.starts_with(' ') {
            return Err(Error::BadRequest(format!(
                "{member} must have no characters that turn into ASCII ones"
            )));
        }
        Ok(name)
    }

    /// The canonical name; of a name that is nobody's, a text that no name can have.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// SHA-256 of the canonical name in lower-case hex, the key of its `LOGIN#` row.
    #[must_use]
    pub fn hash(&self) -> String {
        let digest = digest(&SHA256, self.canonical.as_bytes());
        let mut hex = String::with_capacity(64);
        for byte in digest.as_ref() {
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}

/// What somebody typed as a name may be anything, a password too.
impl fmt::Debug for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginName(..)")
    }
}

/// NFKC, then lower case; composed again, since some letters are one character only in lower case
/// (h with a line below).
fn canonical(text: &str) -> String {
    text.nfkc()
        .collect::<String>()
        .to_lowercase()
        .nfkc()
        .collect()
}

fn turns_into_ascii(c: char) -> bool {
    !c.is_ascii() && canonical(c.encode_utf8(&mut [0; 4])).contains(|c: char| c.is_ascii())
}
