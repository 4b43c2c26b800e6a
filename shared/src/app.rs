//! Apps: what a function holds from its cold start on. The handler's argument chooses one, and with
//! it what the function links: what only verifies holds no password hash and no Secrets Manager.

use std::sync::Arc;

use crate::auth::limit::Limits;
use crate::aws::Environment;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::error::Error;
use crate::keys::KeyError;
use crate::keys::published::{PublicKeys, Published};
use crate::keys::ring::{KeyRing, Ring};
use crate::keys::secret::Secret;
use crate::password::Passwords;
use crate::store::Store;
use crate::token::access::{self, Claims, Expected, TokenError};
use crate::token::refresh::{self, RefreshClaims, RefreshTokenError};

/// What the log calls the sources of keys.
const KEYS_ROW: &str = "table row KEYS";
const KEYS_SECRET: &str = "secret KEYS_SECRET";
/// See [`KEYS_ROW`].
pub(crate) const PASSWORDS_SECRET: &str = "secret PASSWORDS_SECRET";

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
    /// What it remembers of limits.
    pub limits: Limits,
}

impl Verifying {
    /// The public keys.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there are none to work with.
    pub async fn published(&self, now: Timestamp) -> Result<Arc<Published>, Error> {
        let published = self
            .public_keys
            .get(now, async || self.store.public_keys().await)
            .await;
        published.map_err(|error| error.of(KEYS_ROW))
    }

    /// The public keys, asked for again because of a key id that is not among them.
    ///
    /// # Errors
    ///
    /// As [`Verifying::published`].
    pub async fn published_anew(&self, now: Timestamp) -> Result<Arc<Published>, Error> {
        let published = self
            .public_keys
            .reload(now, async || self.store.public_keys().await)
            .await;
        published.map_err(|error| error.of(KEYS_ROW))
    }

    /// What an access token says, or why it is refused; a key id that is not published has the keys
    /// read again.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there are no keys.
    pub async fn verify_access_token(
        &self,
        token: &str,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Result<Claims, TokenError>, Error> {
        let audience = &self.config.audience;
        let expected = Expected { issuer, audience };
        let published = self.published(now).await?;
        let verified = access::verify(token, &published, &expected, now);
        if !matches!(verified, Err(TokenError::UnknownKey)) {
            return Ok(verified);
        }
        let published = self.published_anew(now).await?;
        Ok(access::verify(token, &published, &expected, now))
    }
}

impl App for Verifying {
    fn new(environment: &Environment) -> Self {
        Self {
            config: environment.config.clone(),
            clock: environment.clock.clone(),
            store: Store::new(environment),
            public_keys: PublicKeys::default(),
            limits: Limits::default(),
        }
    }

    fn base(&self) -> &Verifying {
        self
    }

    async fn warm(&self, now: Timestamp) {
        let _ = self.published(now).await;
    }
}

/// The keys that a session's tokens are signed with, and whether each still stands.
#[derive(Debug)]
pub struct Signing {
    /// The ring.
    pub ring: Arc<Ring>,
    /// What of it is published, and what is revoked.
    pub published: Arc<Published>,
}

impl Signing {
    /// Reads both, and looks that the active key can sign: before anything is counted or written,
    /// since a session that has moved on without an answer cannot be told from a stolen one.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there is no such key.
    pub async fn load(base: &Verifying, keys: &KeyRing, now: Timestamp) -> Result<Self, Error> {
        let (ring, published) = tokio::join!(keys.get(now), base.published(now));
        let signing = Self {
            ring: ring.map_err(|error| error.of(KEYS_SECRET))?,
            published: published?,
        };
        if signing.may_sign().is_ok() {
            return Ok(signing);
        }
        // One of the two is older than a rotation or a revocation.
        let (ring, published) = tokio::join!(keys.reload(now), base.published_anew(now));
        let signing = Self {
            ring: ring.map_err(|error| error.of(KEYS_SECRET))?,
            published: published?,
        };
        signing.may_sign()?;
        Ok(signing)
    }

    /// Whether nothing that it signs would be refused.
    fn may_sign(&self) -> Result<(), KeyError> {
        if self.published.is_revoked(self.ring.mac().kid()) {
            return Err(KeyError::Refused("the active refresh key is revoked"));
        }
        self.ring.signer(&self.published).map(|_| ())
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

impl Sessions {
    /// What a refresh token says, or why it is refused; a key id that is not in the ring has it read
    /// again.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there is no ring.
    pub async fn verify_refresh_token(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Result<RefreshClaims, RefreshTokenError>, Error> {
        let unfit = |error: KeyError| error.of(KEYS_SECRET);
        if let Some(kid) = refresh::kid(token)
            && self.base.published(now).await?.is_revoked(&kid)
        {
            // The ring that is remembered may have it still.
            return Ok(Err(RefreshTokenError::UnknownKey));
        }
        let ring = self.keys.get(now).await.map_err(unfit)?;
        let verified = refresh::verify(token, &ring, now);
        if !matches!(verified, Err(RefreshTokenError::UnknownKey)) {
            return Ok(verified);
        }
        let ring = self.keys.reload(now).await.map_err(unfit)?;
        Ok(refresh::verify(token, &ring, now))
    }
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
