//! Roles [002]: `super_admin`, `admin`, `viewer`, and any other word for a plain member. Decided by
//! what is stored now, never by a token.

use serde::{Deserialize, Serialize};

/// The longest role, in bytes.
const LONGEST: usize = 32;

/// The role of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Role(String);

/// How much a role may: a role above another is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A viewer or a plain member: nothing of users, clients or the audit log.
    Member,
    /// An admin of its tenant.
    Admin,
    /// An admin of every tenant, made by the command line alone.
    SuperAdmin,
    /// The operator at the command line, whom no role makes.
    Operator,
}

impl Role {
    /// Reads `[a-z][a-z0-9_-]{0,31}`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (first, rest) = text.as_bytes().split_first()?;
        let fits = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        (first.is_ascii_lowercase() && rest.iter().all(fits) && text.len() <= LONGEST)
            .then(|| Self(text.to_owned()))
    }

    /// The role as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How much it may.
    #[must_use]
    pub fn rank(&self) -> Rank {
        match self.0.as_str() {
            "super_admin" => Rank::SuperAdmin,
            "admin" => Rank::Admin,
            _ => Rank::Member,
        }
    }

    /// Whether it is admin or `super_admin`.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.rank() >= Rank::Admin
    }
}
