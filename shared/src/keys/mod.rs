//! Keys: where they come from, how long they are remembered, and which are refused.
//!
//! What signs reads [`ring`], out of a secret; what only verifies reads [`published`], out of the
//! table.

pub mod cache;
pub mod generate;
mod mac;
pub mod published;
pub mod ring;
mod rsa;
pub mod secret;
mod stored;

pub use mac::MacKey;
pub use rsa::{SigningKey, VerifyingKey};
pub use stored::State;

use std::fmt;

/// Why there is no key to work with. All of them are answered 503, and never with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyError {
    /// The store or the secret store did not answer, and what is remembered is too old.
    Unavailable,
    /// The secret is still `{"ring": null}`, or the table has no `KEYS` row: rotation makes them.
    NotMade,
    /// What was loaded is not fit for use; the text says why and holds nothing of the key.
    Refused(&'static str),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable => f.write_str("keys: their store does not answer"),
            Self::NotMade => f.write_str("keys: not made yet"),
            Self::Refused(why) => write!(f, "keys: refused: {why}"),
        }
    }
}

impl std::error::Error for KeyError {}
