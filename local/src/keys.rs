//! The keys: made by the stack itself, where a deployed one waits for its rotation to make them.

use std::sync::LazyLock;

use shared::aws::Environment;
use shared::clock::Timestamp;
use shared::keys::published::KeysRow;
use shared::keys::{SigningAlgorithm, generate};
use shared::password;
use shared::store::Store;
use shared::store::key::Key;
use shared::store::write::Change;
use zeroize::Zeroizing;

use crate::StackError;

/// The first contents of both secrets, and the row with the public keys of the first.
#[derive(Clone)]
pub struct Rings {
    keys: Zeroizing<String>,
    published: KeysRow,
    passwords: Zeroizing<String>,
}

/// The rings of every stack in memory: RSA keys take their time, and no test needs its own.
static IN_MEMORY: LazyLock<Result<Rings, StackError>> =
    // Older than any time that a test's clock shows.
    LazyLock::new(|| Rings::new(SigningAlgorithm::default(), Timestamp::from_seconds(0)));

impl Rings {
    /// New rings, made at `now`, with keys that sign by `algorithm`.
    ///
    /// # Errors
    ///
    /// When a key cannot be made.
    pub fn new(algorithm: SigningAlgorithm, now: Timestamp) -> Result<Self, StackError> {
        let failed = |error| StackError(format!("the keys cannot be made: {error}"));
        let (keys, published) = generate::new_ring(algorithm, now).map_err(failed)?;
        let passwords = password::rotation::first(now).map_err(failed)?;
        Ok(Self {
            keys,
            published,
            passwords,
        })
    }

    /// The rings of stacks in memory.
    ///
    /// # Errors
    ///
    /// When a key cannot be made.
    pub fn in_memory() -> Result<Self, StackError> {
        IN_MEMORY
            .as_ref()
            .cloned()
            .map_err(|error| StackError(error.0.clone()))
    }
}

/// Makes each secret that is not there yet.
///
/// # Errors
///
/// When a store does not take it.
pub async fn make(
    environment: &Environment,
    rings: impl FnOnce() -> Result<Rings, StackError>,
) -> Result<(), StackError> {
    let config = &environment.config;
    let secrets = environment.secrets_manager();
    let there = secrets
        .describe_secret()
        .secret_id(&config.keys_secret)
        .send()
        .await;
    if there.is_ok() {
        return Ok(());
    }
    let rings = rings()?;
    // In this order: what has been begun and not ended is begun anew, and no token is ever signed
    // with a key that is not published.
    let row = Change::put(Key::public_keys(), &rings.published).map_err(failed)?;
    Store::new(environment).write(&row).await.map_err(failed)?;
    for (name, ring) in [
        (&config.passwords_secret, &rings.passwords),
        (&config.keys_secret, &rings.keys),
    ] {
        let made = secrets
            .create_secret()
            .name(name)
            .secret_string(ring.as_str())
            .send()
            .await;
        if made.is_err() {
            // What the SDK says may quote the request.
            return Err(StackError(format!("the secret {name} cannot be made")));
        }
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> StackError {
    StackError(format!("the keys cannot be published: {error}"))
}
