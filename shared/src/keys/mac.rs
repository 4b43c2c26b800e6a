//! MAC keys, parsed once: HS256 (RFC 7518, section 3.2).

use std::fmt;

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::signature::{Error, Signer, Verifier};

use super::KeyError;

/// HS256 asks for a key at least as long as its hash (RFC 7518, section 3.2).
const LEAST_BYTES: usize = 32;

/// A key that makes and checks refresh tokens. AWS-LC wipes its memory when it is dropped.
pub struct MacKey {
    kid: String,
    key: Key,
}

impl MacKey {
    /// Takes a key that is fit for use.
    ///
    /// # Errors
    ///
    /// Refuses a key under 32 bytes, of repeated bytes, or of printable text.
    pub(super) fn new(kid: &str, key: &[u8]) -> Result<Self, KeyError> {
        if key.len() < LEAST_BYTES {
            return Err(KeyError::Refused("a MAC key is under 32 bytes"));
        }
        is_random(key)?;
        Ok(Self {
            kid: kid.to_owned(),
            key: Key::new(HMAC_SHA256, key),
        })
    }

    /// The key's id, which a session remembers.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

impl Signer<Vec<u8>> for MacKey {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(hmac::sign(&self.key, message).as_ref().to_vec())
    }
}

impl JwtSigner for MacKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

/// Compares in constant time.
impl Verifier<Vec<u8>> for MacKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        hmac::verify(&self.key, message, signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for MacKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MacKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// Refuses the key material that somebody made up.
///
/// # Errors
///
/// [`KeyError::Refused`] for repeated bytes and for printable text.
pub(crate) fn is_random(key: &[u8]) -> Result<(), KeyError> {
    if is_repeated(key) {
        return Err(KeyError::Refused("a key repeats itself"));
    }
    if is_text(key) {
        return Err(KeyError::Refused("a key is printable text"));
    }
    Ok(())
}

/// Whether the key is one shorter pattern over and over; the last time may be cut.
fn is_repeated(key: &[u8]) -> bool {
    (1..=key.len() / 2).any(|period| key.iter().zip(&key[period..]).all(|(a, b)| a == b))
}

/// Whether the key is something that a person could have typed.
fn is_text(key: &[u8]) -> bool {
    std::str::from_utf8(key).is_ok_and(|text| {
        text.chars()
            .all(|character| character.is_whitespace() || !character.is_control())
    })
}
