//! A stored hash of any scheme: ours, argon2id, or one that an import has brought, which is checked as
//! the system that made it would and made anew by argon2id at the first right password.

use super::argon2id::{self, Memory};
use super::bcrypt::Bcrypt;
use super::pbkdf2::Pbkdf2;
use super::scrypt::Scrypt;
use super::{PasswordError, bounds};
use crate::config::Argon2Cost;

/// A stored hash whose cost is within bounds.
pub enum Stored {
    /// argon2id, argon2i, argon2d.
    Argon2(argon2id::Stored),
    /// bcrypt.
    Bcrypt(Bcrypt),
    /// scrypt.
    Scrypt(Scrypt),
    /// PBKDF2 by SHA-1, SHA-256 or SHA-512.
    Pbkdf2(Pbkdf2),
}

impl Stored {
    /// Reads a stored hash. What it costs is looked at here, before anything is spent.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Malformed`], which says why and holds nothing of the text.
    pub(super) fn parse(text: &str, configured: Argon2Cost) -> Result<Self, PasswordError> {
        if text.len() > bounds::LONGEST {
            return Err(PasswordError::Malformed("a password hash is too long"));
        }
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
        if begins(&["$argon2", "argon2$argon2"]) {
            // Django writes the name before the PHC string.
            let phc = text.strip_prefix("argon2").unwrap_or(text);
            return argon2id::Stored::parse(phc, configured).map(Self::Argon2);
        }
        if begins(&["$2", "bcrypt$$2", "bcrypt_sha256$$2"]) {
            return Bcrypt::parse(text).map(Self::Bcrypt);
        }
        if begins(&["$scrypt$", "scrypt:", "scrypt$"]) {
            return Scrypt::parse(text).map(Self::Scrypt);
        }
        if begins(&["$pbkdf2", "pbkdf2_", "pbkdf2:"]) {
            return Pbkdf2::parse(text).map(Self::Pbkdf2);
        }
        Err(PasswordError::Malformed(
            "a password hash is of no scheme that can be checked",
        ))
    }

    /// Whether it was made from `password`, compared in constant time. One at a time has the memory,
    /// whether or not its scheme needs it.
    pub(super) fn matches(
        &self,
        password: &str,
        memory: &mut Memory,
    ) -> Result<bool, PasswordError> {
        match self {
            Self::Argon2(stored) => stored.matches(password, memory),
            Self::Bcrypt(stored) => Ok(stored.matches(password)),
            Self::Scrypt(stored) => stored.matches(password, memory),
            Self::Pbkdf2(stored) => Ok(stored.matches(password)),
        }
    }

    /// Whether it should be made anew: all but argon2id of at least the cost that the settings ask for.
    pub(super) fn is_weaker_than(&self, configured: Argon2Cost) -> bool {
        match self {
            Self::Argon2(stored) => stored.is_weaker_than(configured),
            Self::Bcrypt(_) | Self::Scrypt(_) | Self::Pbkdf2(_) => true,
        }
    }

    /// The name of its scheme.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Argon2(_) => "argon2",
            Self::Bcrypt(_) => "bcrypt",
            Self::Scrypt(_) => "scrypt",
            Self::Pbkdf2(_) => "PBKDF2",
        }
    }

    /// How much work it is, in a unit of its scheme: of two of one scheme, the greater takes longer.
    #[must_use]
    pub fn work(&self) -> u64 {
        match self {
            Self::Argon2(stored) => stored.work(),
            Self::Bcrypt(stored) => stored.work(),
            Self::Scrypt(stored) => stored.work(),
            Self::Pbkdf2(stored) => stored.work(),
        }
    }
}
