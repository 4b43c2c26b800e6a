//! New keys.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use zeroize::Zeroizing;

use super::KeyError;
use super::published::KeysRow;
use super::rsa::jwk_of;
use super::stored::{SecretText, State, StoredMacKey, StoredSigningKey};
use super::{publication, rotation};
use crate::clock::Timestamp;
use crate::random;

/// Makes a ring with an active and a next key of each sort: the secret's text, `{"ring": …}`, and
/// the `KEYS` row that publishes it. Write the row first, so that no token is signed by a key that
/// nobody knows. Takes up to half a second.
///
/// # Errors
///
/// [`KeyError::Refused`] when a key cannot be made.
pub fn new_ring(now: Timestamp) -> Result<(Zeroizing<String>, KeysRow), KeyError> {
    let text = rotation::first(now)?;
    let row = publication::publish(None, &text, now)?;
    Ok((text, row))
}

/// A new key that signs access tokens.
pub(super) fn signing_key(now: Timestamp) -> Result<StoredSigningKey, KeyError> {
    let not_made = |_| KeyError::Refused("an RSA key cannot be made");
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(not_made)?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(not_made)?;
    let public = jwk_of(&pair)?;
    Ok(StoredSigningKey {
        kid: public.common.key_id.clone().unwrap_or_default(),
        alg: Algorithm::RS256,
        state: State::Next,
        created_at: now,
        activated_at: None,
        retired_at: None,
        private: Some(SecretText(BASE64_STANDARD.encode(pkcs8.as_ref()))),
        public,
    })
}

/// A new key that makes refresh tokens.
pub(super) fn mac_key(now: Timestamp) -> StoredMacKey {
    let key = Zeroizing::new(random::bytes::<32>());
    StoredMacKey {
        kid: random::uuid(),
        alg: Algorithm::HS256,
        state: State::Next,
        created_at: now,
        activated_at: None,
        retired_at: None,
        key: SecretText(BASE64_URL_SAFE_NO_PAD.encode(*key)),
    }
}
