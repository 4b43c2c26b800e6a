//! Passwords: hashed one at a time, sealed, verified, upgraded.
//!
//! A password is used byte for byte: never normalised, trimmed, cut or folded.

mod argon2id;
mod bcrypt;
mod bounds;
mod encoded;
pub mod keys;
mod pbkdf2;
pub mod policy;
mod ring;
pub mod rotation;
mod scrypt;
pub mod stored;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;
use crate::config::Argon2Cost;
use crate::error::Error;
use crate::id::UserId;
use crate::keys::KeyError;
use crate::keys::cache::Cache;
use crate::keys::secret::Secret;
use keys::PasswordKeys;
use stored::Stored;

/// The longest password, in bytes. Whoever reads one from a request refuses a longer one before
/// anything is hashed.
pub const MAX_BYTES: usize = 1024;

/// What hashes and verifies: one per instance.
pub struct Passwords {
    secret: Secret,
    cache: Cache<PasswordKeys>,
    cost: Argon2Cost,
    /// The lock lets one hash run at a time, so that parallel calls cannot use up the memory.
    memory: Mutex<argon2id::Memory>,
    hashes: AtomicU64,
}

/// What a stored hash says of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is another password, or there is no hash.
    Wrong,
    /// It is the password.
    Right {
        /// The hash cost less than the settings ask for and should be made anew.
        weaker: bool,
    },
}

/// Why a stored hash gives no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// It is sealed under a key that the ring does not have.
    UnknownKey,
    /// It was not sealed for this user, or is no hash that can be checked; the text says why and
    /// holds nothing of the hash.
    Malformed(&'static str),
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownKey => "a password hash is sealed under an unknown key",
            Self::Malformed(why) => why,
        })
    }
}

impl std::error::Error for PasswordError {}

impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::UnknownKey => Self::Unavailable(error.to_string()),
            PasswordError::Malformed(why) => Self::Internal(why.to_owned()),
        }
    }
}

impl Passwords {
    /// With the keys in `secret`, and new hashes at `cost`. Takes the memory for hashing.
    #[must_use]
    pub fn new(secret: Secret, cost: Argon2Cost) -> Self {
        Self {
            secret,
            cache: Cache::default(),
            cost,
            memory: Mutex::new(argon2id::Memory::for_cost(cost)),
            hashes: AtomicU64::new(0),
        }
    }

    /// The keys as of `now`.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when there are none to work with.
    pub async fn keys(&self, now: Timestamp) -> Result<Arc<PasswordKeys>, KeyError> {
        self.cache.get(now, async || self.load().await).await
    }

    /// The keys as of `now`, asked for again if they don't have the one that sealed this hash.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when there are none to work with.
    pub async fn keys_for(
        &self,
        now: Timestamp,
        sealed: Option<&str>,
    ) -> Result<Arc<PasswordKeys>, KeyError> {
        let keys = self.keys(now).await?;
        if sealed.is_none_or(|sealed| keys.knows(sealed)) {
            return Ok(keys);
        }
        self.cache.reload(now, async || self.load().await).await
    }

    async fn load(&self) -> Result<PasswordKeys, KeyError> {
        PasswordKeys::new(&self.secret.ring().await?)
    }

    /// How many hashes this instance has made, for new passwords and for checking.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    /// Checks `password` against the user's sealed hash. `None`, for a user that is not there or
    /// has no password yet, costs one hash as well and is always [`Verdict::Wrong`].
    ///
    /// # Errors
    ///
    /// [`PasswordError`] when the stored hash cannot be checked; nothing was hashed then.
    pub fn verify(
        &self,
        keys: &PasswordKeys,
        user: &UserId,
        sealed: Option<&str>,
        password: &str,
    ) -> Result<Verdict, PasswordError> {
        let Some(sealed) = sealed else {
            argon2id::spend(password, self.cost, &mut self.memory())?;
            return Ok(Verdict::Wrong);
        };
        let stored = self.stored(&keys.open(user, sealed)?)?;
        if !stored.matches(password, &mut self.memory())? {
            return Ok(Verdict::Wrong);
        }
        let weaker = stored.is_weaker_than(self.cost);
        Ok(Verdict::Right { weaker })
    }

    /// A hash as a system stores it, ours or another, whose cost is within bounds.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Malformed`], which says why and holds nothing of the text.
    pub fn stored(&self, text: &str) -> Result<Stored, PasswordError> {
        Stored::parse(text, self.cost)
    }

    /// Spends what checking such a hash takes, for whoever wants to know how long that is.
    ///
    /// # Errors
    ///
    /// As [`Passwords::stored`].
    pub fn try_out(&self, text: &str) -> Result<(), PasswordError> {
        let stored = self.stored(text)?;
        stored.matches("any other", &mut self.memory()).map(|_| ())
    }

    /// Hashes a password with argon2id and a random salt, and seals the PHC string for this user.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Malformed`] when the settings' cost is beyond argon2id or the memory.
    pub fn hash(
        &self,
        keys: &PasswordKeys,
        user: &UserId,
        password: &str,
    ) -> Result<String, PasswordError> {
        let phc = argon2id::hash(password, self.cost, &mut self.memory())?;
        Ok(keys.seal(user, &phc))
    }

    /// The memory for one hash, counted. What a hash that panicked left in it does no harm: each
    /// begins by overwriting it.
    fn memory(&self) -> MutexGuard<'_, argon2id::Memory> {
        self.hashes.fetch_add(1, Ordering::Relaxed);
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}
