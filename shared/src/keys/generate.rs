//! New keys.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use zeroize::Zeroizing;

use super::published::KeysRow;
use super::signing::Pair;
use super::stored::{SecretText, StoredMacKey, StoredSigningKey};
use super::turn::Life;
use super::{KeyError, SigningAlgorithm, ecdsa, eddsa, publication, rotation, rsa};
use crate::clock::Timestamp;
use crate::random;

/// Makes a ring with an active and a next key of each sort, those that sign by `algorithm`: the
/// secret's text, `{"ring": …}`, and the `KEYS` row that publishes it. Write the row first, so that no
/// token is signed by a key that nobody knows. Takes up to half a second.
///
/// # Errors
///
/// [`KeyError::Refused`] when a key cannot be made.
pub fn new_ring(
    algorithm: SigningAlgorithm,
    now: Timestamp,
) -> Result<(Zeroizing<String>, KeysRow), KeyError> {
    let text = rotation::first(algorithm, now)?;
    let row = publication::publish(None, &text, now)?;
    Ok((text, row))
}

/// Makes a key that signs access tokens by `algorithm`. Takes up to 200 ms for RSA, and none to speak
/// of for the others.
///
/// # Errors
///
/// [`KeyError::Refused`] when it cannot be made.
pub(super) fn signing_key(
    algorithm: SigningAlgorithm,
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
        life: Life::new(now),
        private: Some(SecretText(BASE64_STANDARD.encode(&*pkcs8))),
        public,
    })
}

/// A new key that makes refresh tokens.
pub(super) fn mac_key(now: Timestamp) -> StoredMacKey {
    let key = Zeroizing::new(random::bytes::<32>());
    StoredMacKey {
        kid: random::uuid(),
        alg: Algorithm::HS256,
        life: Life::new(now),
        key: SecretText(BASE64_URL_SAFE_NO_PAD.encode(*key)),
    }
}
