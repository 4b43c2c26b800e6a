//! RSA keys, parsed once: RS256 (RFC 7518, section 3.3).

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::jwk::{
    AlgorithmParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse, RSAKeyParameters,
    ThumbprintHash,
};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::KeyError;

/// 65537 in base64url: the one public exponent that we use (FIPS 186-5 asks for at least this).
const EXPONENT: &str = "AQAB";
/// The sizes of modulus that we take, in bits; others come of odd generators, or are weak.
const MODULUS_BITS: [usize; 3] = [2048, 3072, 4096];

/// A public key that verifies access tokens.
pub struct VerifyingKey {
    jwk: Jwk,
    kid: String,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    /// Takes a public key that is fit for use.
    ///
    /// # Errors
    ///
    /// Refuses what is not an RS256 key of 2048, 3072 or 4096 bits with the exponent 65537, what is
    /// meant for another use, and a kid that is not the key's thumbprint.
    pub(super) fn new(jwk: Jwk) -> Result<Self, KeyError> {
        if jwk.common.key_algorithm != Some(KeyAlgorithm::RS256) {
            return Err(KeyError::Refused("a signing key is not for RS256"));
        }
        let verifies = |uses: &[KeyOperations]| uses == [KeyOperations::Verify];
        if jwk
            .common
            .public_key_use
            .as_ref()
            .is_some_and(|usage| *usage != PublicKeyUse::Signature)
            || jwk
                .common
                .key_operations
                .as_deref()
                .is_some_and(|uses| !verifies(uses))
        {
            return Err(KeyError::Refused("a signing key is meant for another use"));
        }
        let AlgorithmParameters::RSA(RSAKeyParameters { n, e, .. }) = &jwk.algorithm else {
            return Err(KeyError::Refused("a signing key is not an RSA key"));
        };
        if e != EXPONENT {
            return Err(KeyError::Refused("an RSA key's exponent is not 65537"));
        }
        let modulus = BASE64_URL_SAFE_NO_PAD
            .decode(n)
            .map_err(|_| KeyError::Refused("an RSA key's modulus is not base64url"))?;
        if !MODULUS_BITS.contains(&bits(&modulus)) {
            return Err(KeyError::Refused(
                "an RSA key is not of 2048, 3072 or 4096 bits",
            ));
        }
        let kid = thumbprint(&jwk)?;
        if jwk.common.key_id.as_ref() != Some(&kid) {
            return Err(KeyError::Refused(
                "a signing key's kid is not its thumbprint",
            ));
        }
        let key = RsaPublicKeyComponents {
            n: modulus.as_slice(),
            e: &[1, 0, 1],
        }
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .map_err(|_| KeyError::Refused("an RSA public key cannot be read"))?;
        let jwk = public_jwk(&kid, jwk.algorithm);
        Ok(Self { jwk, kid, key })
    }

    /// The key's id, its thumbprint (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key as a set of keys lists it (RFC 7517): `kty`, `kid`, `use`, `alg`, `n`, `e`.
    #[must_use]
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }
}

impl Verifier<Vec<u8>> for VerifyingKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        self.key
            .verify_sig(message, signature)
            .map_err(|_| Error::new())
    }
}

impl JwtVerifier for VerifyingKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A private key that signs access tokens. AWS-LC wipes its memory when it is dropped.
pub struct SigningKey {
    kid: String,
    pair: KeyPair,
}

impl SigningKey {
    /// Takes the private half (PKCS#8, DER) of `public`.
    ///
    /// # Errors
    ///
    /// Refuses what is no RSA key, or another one's.
    pub(super) fn new(pkcs8: &[u8], public: &VerifyingKey) -> Result<Self, KeyError> {
        let pair = KeyPair::from_pkcs8(pkcs8)
            .map_err(|_| KeyError::Refused("an RSA private key cannot be read"))?;
        if jwk_of(&pair)? != *public.jwk() {
            return Err(KeyError::Refused(
                "a private key does not match its public key",
            ));
        }
        let kid = public.kid.clone();
        Ok(Self { kid, pair })
    }

    /// The key's id, its thumbprint (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

impl Signer<Vec<u8>> for SigningKey {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // RS256 is deterministic; the generator is there for the signature of the function alone.
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| Error::new())?;
        Ok(signature)
    }
}

impl JwtSigner for SigningKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// The public half of `pair`, as it is published.
pub(super) fn jwk_of(pair: &KeyPair) -> Result<Jwk, KeyError> {
    let public = DecodingKey::from_rsa_der(pair.public_key().as_ref());
    let jwk = Jwk::from_decoding_key(&public, Some(Algorithm::RS256))
        .map_err(|_| KeyError::Refused("an RSA public key cannot be read"))?;
    Ok(public_jwk(&thumbprint(&jwk)?, jwk.algorithm))
}

fn public_jwk(kid: &str, algorithm: AlgorithmParameters) -> Jwk {
    let common = jsonwebtoken::jwk::CommonParameters {
        public_key_use: Some(PublicKeyUse::Signature),
        key_algorithm: Some(KeyAlgorithm::RS256),
        key_id: Some(kid.to_owned()),
        ..Default::default()
    };
    Jwk { common, algorithm }
}

fn thumbprint(jwk: &Jwk) -> Result<String, KeyError> {
    jwk.thumbprint(ThumbprintHash::SHA256)
        .map_err(|_| KeyError::Refused("a key has no thumbprint"))
}

/// The length in bits of a big-endian number; 0 where it is padded with zeros.
fn bits(number: &[u8]) -> usize {
    match number.first() {
        None | Some(0) => 0,
        Some(first) => number.len() * 8 - first.leading_zeros() as usize,
    }
}
