//! Keys: where they come from, how long they are remembered, and which are refused.
//!
//! What signs reads [`ring`], out of a secret; what only verifies reads [`published`], out of the
//! table.

pub mod algorithm;
pub mod cache;
mod ecdsa;
mod eddsa;
pub mod generate;
pub(crate) mod mac;
pub mod publication;
pub mod published;
pub mod ring;
pub mod rotation;
mod rsa;
pub mod secret;
mod signing;
mod stored;
pub mod turn;

pub use algorithm::SigningAlgorithm;
pub use mac::MacKey;
pub use signing::{SigningKey, VerifyingKey};
pub use stored::State;

use std::fmt;

use crate::error::Error;

/// Why there is no key to work with. All of them are answered 503, and never with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyError {
    /// The store or the secret store did not answer, and what is remembered is too old.
    Unavailable,
    /// It answered that we may not read it, or that there is nothing of that name.
    Denied,
    /// The secret is still `{"ring": null}`, or the table has no `KEYS` row: rotation makes them.
    NotMade,
    /// What was loaded is not fit for use; the text says why and holds nothing of the key.
    Refused(&'static str),
}

impl KeyError {
    /// Whether what is remembered may be used meanwhile: the source is away, not unfit.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Denied)
    }

    /// The refusal of a call for want of the keys in `source`, a secret or a row.
    #[must_use]
    pub fn of(self, source: &str) -> Error {
        Error::Unavailable(format!("{source}: {self}"))
    }

    /// What an answer with this code says of the keys.
    pub(crate) fn of_code(code: Option<&str>) -> Self {
        match code {
            Some("AccessDeniedException" | "ResourceNotFoundException" | "ValidationException") => {
                Self::Denied
            }
            _ => Self::Unavailable,
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable => f.write_str("no answer"),
            Self::Denied => f.write_str("access denied, or not there"),
            Self::NotMade => f.write_str("not made yet"),
            Self::Refused(why) => write!(f, "refused: {why}"),
        }
    }
}

impl std::error::Error for KeyError {}
