//! Scopes (RFC 6749, section 3.3): words of the customer's own, and one that includes every other.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The scope that includes every other [002].
const ALL: &str = "admin:all";
/// The longest scope, in bytes: it stands in every token, and in the rows of clients and sessions, which
/// have to stay under 1 KB.
const LONGEST: usize = 256;

/// A set of scopes; its text is space-separated, as in a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(BTreeSet<String>);

impl Scope {
    /// Reads words of `[a-z0-9_:.-]+`, separated by single spaces; `None` for anything else. Empty
    /// text is no scope at all.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let fits = |word: &str| !word.is_empty() && word.bytes().all(may_stand);
        let words = || text.split(' ');
        (text.len() <= LONGEST && words().all(fits))
            .then(|| Self(words().map(str::to_owned).collect()))
    }

    /// Whether it has `scope`, or the one that includes every other.
    #[must_use]
    pub fn allows(&self, scope: &str) -> bool {
        self.0.contains(scope) || self.0.contains(ALL)
    }

    /// The first of `wanted` that it does not allow.
    #[must_use]
    pub fn first_beyond<'a>(&self, wanted: &'a Self) -> Option<&'a str> {
        let mut wanted = wanted.0.iter().map(String::as_str);
        wanted.find(|scope| !self.allows(scope))
    }

    /// What of `granted` it still allows.
    #[must_use]
    pub fn narrowed(&self, granted: &Self) -> Self {
        // Of a grant of everything, what there still is.
        if granted.0.contains(ALL) {
            return self.clone();
        }
        let kept = granted.0.iter().filter(|scope| self.allows(scope));
        Self(kept.cloned().collect())
    }
}

fn may_stand(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b':' | b'.' | b'-')
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, scope) in self.0.iter().enumerate() {
            f.write_str(if number == 0 { "" } else { " " })?;
            f.write_str(scope)?;
        }
        Ok(())
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a scope")
    }
}
