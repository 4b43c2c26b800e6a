//! The first keys of a deployment.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::Serialize;
use zeroize::Zeroizing;

use super::published::{KeysRow, PublishedKey};
use super::signing::Pair;
use super::stored::{SecretText, State, StoredMacKey, StoredRing, StoredSigningKey};
use super::{KeyError, SigningAlgorithm, ecdsa, eddsa, rsa};
use crate::clock::Timestamp;
use crate::random;

/// The first version of a ring.
const FIRST_VERSION: u64 = 1;

#[derive(Serialize)]
struct Envelope<'a> {
    ring: &'a StoredRing,
}

/// Makes a ring with an active and a next key of each sort, those that sign by `algorithm`: the secret's text, `{"ring": …}`, and
/// the `KEYS` row that publishes it. Write the row first, so that no token is signed by a key that
/// nobody knows. Takes up to half a second.
///
/// # Errors
///
/// [`KeyError::Refused`] when a key cannot be made.
pub fn new_ring(
    algorithm: SigningAlgorithm,
    now: Timestamp,
) -> Result<(Zeroizing<String>, KeysRow), KeyError> {
    let ring = StoredRing {
        version: FIRST_VERSION,
        signing: vec![
            signing_key(algorithm, State::Active, now)?,
            signing_key(algorithm, State::Next, now)?,
        ],
        refresh: vec![mac_key(State::Active, now), mac_key(State::Next, now)],
    };
    let text = serde_json::to_string(&Envelope { ring: &ring })
        .map_err(|_| KeyError::Refused("a ring cannot be written"))?;
    let row = KeysRow {
        version: ring.version,
        keys: ring.signing.iter().map(publish).collect(),
        revoked: Vec::new(),
        not_before: Timestamp::from_millis(0),
    };
    Ok((Zeroizing::new(text), row))
}

/// Makes a key that signs access tokens by `algorithm`. Takes up to 200 ms for RSA, and none to speak
/// of for the others.
///
/// # Errors
///
/// [`KeyError::Refused`] when it cannot be made.
pub(super) fn signing_key(
    algorithm: SigningAlgorithm,
    state: State,
    now: Timestamp,
) -> Result<StoredSigningKey, KeyError> {
    let pkcs8 = match algorithm {
        SigningAlgorithm::Rs256 => rsa::generate()?,
        SigningAlgorithm::Es256 => ecdsa::generate()?,
        SigningAlgorithm::EdDsa => eddsa::generate()?,
    };
    let public = Pair::read(algorithm, &pkcs8)?.public()?;
    Ok(StoredSigningKey {
        kid: public.common.key_id.clone().unwrap_or_default(),
        alg: algorithm,
        state,
        created_at: now,
        activated_at: (state == State::Active).then_some(now),
        retired_at: None,
        private: Some(SecretText(BASE64_STANDARD.encode(&*pkcs8))),
        public,
    })
}

fn mac_key(state: State, now: Timestamp) -> StoredMacKey {
    let key = Zeroizing::new(random::bytes::<32>());
    StoredMacKey {
        kid: random::uuid(),
        alg: Algorithm::HS256,
        state,
        created_at: now,
        activated_at: (state == State::Active).then_some(now),
        retired_at: None,
        key: SecretText(BASE64_URL_SAFE_NO_PAD.encode(*key)),
    }
}

fn publish(key: &StoredSigningKey) -> PublishedKey {
    PublishedKey {
        jwk: key.public.clone(),
        state: key.state,
        created_at: key.created_at,
        activated_at: key.activated_at,
        retired_at: key.retired_at,
    }
}
