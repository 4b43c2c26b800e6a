//! Keys on Ed25519 for `EdDSA` (RFC 8037, section 3.1).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, OctetKeyPairParameters, OctetKeyPairType,
};
use zeroize::Zeroizing;

use super::KeyError;

/// The length of a public key, in bytes.
const PUBLIC: usize = 32;
/// The prime of the field, 2^255 - 19, little-endian: a key is a number below it, and a sign.
const PRIME: [u8; PUBLIC] = {
    let mut prime = [0xff; PUBLIC];
    prime[0] = 0xed;
    prime[PUBLIC - 1] = 0x7f;
    prime
};
/// The points of small order, without their sign: under such a key anybody can sign (RFC 8032,
/// section 8, leaves it to us to refuse them). 0, 1 and -1 have order 4, 1 and 2; the others have 8.
const SMALL: [[u8; PUBLIC]; 5] = [
    [0; PUBLIC],
    {
        let mut one = [0; PUBLIC];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = PRIME;
        minus_one[0] -= 1;
        minus_one
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// Takes a public key that is not of small order. One that is no point at all verifies nothing.
pub(super) fn public(parameters: &AlgorithmParameters) -> Result<ParsedPublicKey, KeyError> {
    let AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
        curve: EllipticCurve::Ed25519,
        x,
        ..
    }) = parameters
    else {
        return Err(KeyError::Refused("a signing key is not on Ed25519"));
    };
    let key = BASE64_URL_SAFE_NO_PAD.decode(x).ok();
    let key: [u8; PUBLIC] = key
        .and_then(|key| key.try_into().ok())
        .ok_or(KeyError::Refused(
            "an Ed25519 key is not 32 bytes in base64url",
        ))?;
    let mut unsigned = key;
    unsigned[PUBLIC - 1] &= 0x7f;
    if SMALL.contains(&unsigned) || unsigned.iter().rev().ge(PRIME.iter().rev()) {
        return Err(KeyError::Refused("an Ed25519 key is a weak point"));
    }
    ParsedPublicKey::new(&ED25519, key)
        .map_err(|_| KeyError::Refused("an Ed25519 public key cannot be read"))
}

/// Makes a key, in PKCS#8.
pub(super) fn generate() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_| KeyError::Refused("an Ed25519 key cannot be made"))?;
    Ok(Zeroizing::new(pkcs8.as_ref().to_vec()))
}

/// Reads a private key, which holds its public half too.
pub(super) fn pair(pkcs8: &[u8]) -> Result<Ed25519KeyPair, KeyError> {
    Ed25519KeyPair::from_pkcs8(pkcs8)
        .map_err(|_| KeyError::Refused("an Ed25519 private key cannot be read"))
}

/// The public half of a key, as a JWK has it.
pub(super) fn parameters(pair: &Ed25519KeyPair) -> AlgorithmParameters {
    AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
        key_type: OctetKeyPairType::OctetKeyPair,
        curve: EllipticCurve::Ed25519,
        x: BASE64_URL_SAFE_NO_PAD.encode(pair.public_key()),
    })
}

/// Signs; the same message gives the same signature.
pub(super) fn sign(pair: &Ed25519KeyPair, message: &[u8]) -> Option<Vec<u8>> {
    let signature = pair.try_sign(message).ok()?;
    Some(signature.as_ref().to_vec())
}
