//! Apps: what a function holds from its cold start on. The handler's argument chooses one, and with
//! it what the function links: what only verifies holds no password hash and no Secrets Manager.

use std::sync::Arc;

use crate::auth::limit::UsedUp;
use crate::aws::Environment;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::error::Error;
use crate::keys::published::{PublicKeys, Published};
use crate::keys::ring::KeyRing;
use crate::keys::secret::Secret;
use crate::password::Passwords;
use crate::store::Store;

/// What a function holds.
pub trait App: Sized + Send + Sync + 'static {
    /// Builds the app; nothing is asked of AWS yet.
    fn new(environment: &Environment) -> Self;

    /// What every app holds.
    fn base(&self) -> &Verifying;

    /// Opens the connections and reads the keys, during the start, where the CPU is. What fails is
    /// tried again by the first call.
    fn warm(&self, now: Timestamp) -> impl Future<Output = ()> + Send;

    /// How many passwords it has hashed.
    fn hashes(&self) -> u64 {
        0
    }
}

/// Settings, clock, table and public keys: for what verifies tokens.
#[derive(Debug)]
pub struct Verifying {
    /// The settings.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// The table.
    pub store: Store,
    /// The public keys, remembered for a minute.
    pub public_keys: PublicKeys,
    /// Limits that are used up.
    pub used_up: UsedUp,
}

impl Verifying {
    /// The public keys.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there are none to work with.
    pub async fn published(&self, now: Timestamp) -> Result<Arc<Published>, Error> {
        Ok(self
            .public_keys
            .get(now, async || self.store.public_keys().await)
            .await?)
    }

    /// The public keys, asked for again because of a key id that is not among them.
    ///
    /// # Errors
    ///
    /// As [`Verifying::published`].
    pub async fn published_anew(&self, now: Timestamp) -> Result<Arc<Published>, Error> {
        Ok(self
            .public_keys
            .reload(now, async || self.store.public_keys().await)
            .await?)
    }
}

impl App for Verifying {
    fn new(environment: &Environment) -> Self {
        Self {
            config: environment.config.clone(),
            clock: environment.clock.clone(),
            store: Store::new(environment),
            public_keys: PublicKeys::default(),
            used_up: UsedUp::default(),
        }
    }

    fn base(&self) -> &Verifying {
        self
    }

    async fn warm(&self, now: Timestamp) {
        let _ = self.published(now).await;
    }
}

/// And the key ring: for what refreshes and ends sessions.
#[derive(Debug)]
pub struct Sessions {
    /// What every app holds.
    pub base: Verifying,
    /// The keys that sign.
    pub keys: KeyRing,
}

impl App for Sessions {
    fn new(environment: &Environment) -> Self {
        Self {
            base: Verifying::new(environment),
            keys: key_ring(environment),
        }
    }

    fn base(&self) -> &Verifying {
        &self.base
    }

    async fn warm(&self, now: Timestamp) {
        let _ = tokio::join!(self.base.warm(now), self.keys.get(now));
    }
}

/// And the passwords, without the key ring: for what changes a password.
#[derive(Debug)]
pub struct Changing {
    /// What every app holds.
    pub base: Verifying,
    /// Hashes passwords.
    pub passwords: Passwords,
}

impl App for Changing {
    fn new(environment: &Environment) -> Self {
        Self {
            base: Verifying::new(environment),
            passwords: passwords(environment),
        }
    }

    fn base(&self) -> &Verifying {
        &self.base
    }

    async fn warm(&self, now: Timestamp) {
        let _ = tokio::join!(self.base.warm(now), self.passwords.keys(now));
    }

    fn hashes(&self) -> u64 {
        self.passwords.hashes()
    }
}

/// And both: for what signs a user in.
#[derive(Debug)]
pub struct SignIn {
    /// What every app holds.
    pub base: Verifying,
    /// The keys that sign.
    pub keys: KeyRing,
    /// Hashes passwords.
    pub passwords: Passwords,
}

impl App for SignIn {
    fn new(environment: &Environment) -> Self {
        Self {
            base: Verifying::new(environment),
            keys: key_ring(environment),
            passwords: passwords(environment),
        }
    }

    fn base(&self) -> &Verifying {
        &self.base
    }

    async fn warm(&self, now: Timestamp) {
        let _ = tokio::join!(
            self.base.warm(now),
            self.keys.get(now),
            self.passwords.keys(now)
        );
    }

    fn hashes(&self) -> u64 {
        self.passwords.hashes()
    }
}

fn key_ring(environment: &Environment) -> KeyRing {
    KeyRing::new(Secret::new(
        environment.secrets_manager(),
        &environment.config.keys_secret,
    ))
}

fn passwords(environment: &Environment) -> Passwords {
    let secret = &environment.config.passwords_secret;
    let secret = Secret::new(environment.secrets_manager(), secret);
    Passwords::new(secret, environment.config.argon2)
}
