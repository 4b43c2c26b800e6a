//! RSA keys for RS256 (RFC 7518, section 3.3).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, RSAKeyParameters};
use jsonwebtoken::{Algorithm, DecodingKey};
use zeroize::Zeroizing;

use super::KeyError;

/// 65537 in base64url: the one public exponent that we use (FIPS 186-5 asks for at least this).
const EXPONENT: &str = "AQAB";
/// The sizes of modulus that we take, in bits; others come of odd generators, or are weak.
const MODULUS_BITS: [usize; 3] = [2048, 3072, 4096];

const NOT_MADE: KeyError = KeyError::Refused("an RSA key cannot be made");
const UNREADABLE: KeyError = KeyError::Refused("an RSA public key cannot be read");

/// Takes a public key of 2048, 3072 or 4096 bits with the exponent 65537.
pub(super) fn public(parameters: &AlgorithmParameters) -> Result<ParsedPublicKey, KeyError> {
    let AlgorithmParameters::RSA(RSAKeyParameters { n, e, .. }) = parameters else {
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
    RsaPublicKeyComponents {
        n: modulus.as_slice(),
        e: &[1, 0, 1],
    }
    .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
    .map_err(|_| UNREADABLE)
}

/// Makes a key of 2048 bits, in PKCS#8. Takes 25 to 200 ms.
pub(super) fn generate() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| NOT_MADE)?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| NOT_MADE)?;
    Ok(Zeroizing::new(pkcs8.as_ref().to_vec()))
}

/// Reads a private key.
pub(super) fn pair(pkcs8: &[u8]) -> Result<KeyPair, KeyError> {
    KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Refused("an RSA private key cannot be read"))
}

/// The public half of a key, as a JWK has it.
pub(super) fn parameters(pair: &KeyPair) -> Result<AlgorithmParameters, KeyError> {
    let public = DecodingKey::from_rsa_der(pair.public_key().as_ref());
    Jwk::from_decoding_key(&public, Some(Algorithm::RS256))
        .map(|jwk| jwk.algorithm)
        .map_err(|_| UNREADABLE)
}

/// Signs; the same message gives the same signature.
pub(super) fn sign(pair: &KeyPair, message: &[u8]) -> Option<Vec<u8>> {
    let mut signature = vec![0; pair.public_modulus_len()];
    // RS256 is deterministic; the generator is there for the signature of the function alone.
    let random = SystemRandom::new();
    pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
        .ok()?;
    Some(signature)
}

/// The length in bits of a big-endian number; 0 where it is padded with zeros.
fn bits(number: &[u8]) -> usize {
    match number.first() {
        None | Some(0) => 0,
        Some(first) => number.len() * 8 - first.leading_zeros() as usize,
    }
}
