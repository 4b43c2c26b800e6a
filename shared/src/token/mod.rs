//! Tokens: signed by [`access`] for everybody who has our public keys, by [`refresh`] for ourselves;
//! [`jws`] is what they share.

pub mod access;
pub mod jws;
pub mod refresh;

/// Why a token is refused; `C` are its claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused<C> {
    /// Not a token of ours, or not for here.
    Invalid,
    /// All is well but the time: its end has come. Logout still ends what it names.
    Expired(Box<C>),
    /// No key of ours has the kid that it names. What is remembered may be too old: ask again, once.
    UnknownKey,
}
