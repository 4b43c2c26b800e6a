//! Keys on P-256 for ES256 (RFC 7518, section 3.4).

use aws_lc_rs::encoding::{AsBigEndian, EcPublicKeyUncompressedBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    ParsedPublicKey,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType,
};
use zeroize::Zeroizing;

use super::KeyError;

/// The length of a coordinate, in bytes: leading zeros are kept (RFC 7518, section 6.2.1.2).
const COORDINATE: usize = 32;
/// What an uncompressed point begins with (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

const NOT_MADE: KeyError = KeyError::Refused("a P-256 key cannot be made");
const UNREADABLE: KeyError = KeyError::Refused("a P-256 public key cannot be read");

/// Takes a public key that is a point on P-256.
pub(super) fn public(parameters: &AlgorithmParameters) -> Result<ParsedPublicKey, KeyError> {
    let AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
        curve: EllipticCurve::P256,
        x,
        y,
        ..
    }) = parameters
    else {
        return Err(KeyError::Refused("a signing key is not on P-256"));
    };
    let mut point = vec![UNCOMPRESSED];
    for coordinate in [x, y] {
        let coordinate = BASE64_URL_SAFE_NO_PAD.decode(coordinate);
        let coordinate = coordinate.ok().filter(|bytes| bytes.len() == COORDINATE);
        point.extend(coordinate.ok_or(KeyError::Refused(
            "a P-256 key's coordinate is not 32 bytes in base64url",
        ))?);
    }
    // This looks whether the point is on the curve.
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .map_err(|_| KeyError::Refused("a P-256 key is no point on the curve"))
}

/// Makes a key, in PKCS#8.
pub(super) fn generate() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    let pkcs8 = pkcs8.map_err(|_| NOT_MADE)?;
    Ok(Zeroizing::new(pkcs8.as_ref().to_vec()))
}

/// Reads a private key.
pub(super) fn pair(pkcs8: &[u8]) -> Result<EcdsaKeyPair, KeyError> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
        .map_err(|_| KeyError::Refused("a P-256 private key cannot be read"))
}

/// The public half of a key, as a JWK has it.
pub(super) fn parameters(pair: &EcdsaKeyPair) -> Result<AlgorithmParameters, KeyError> {
    let point: EcPublicKeyUncompressedBin<'_> =
        pair.public_key().as_be_bytes().map_err(|_| UNREADABLE)?;
    let coordinates = point.as_ref().split_first().map(|(_, rest)| rest);
    let coordinates = coordinates.and_then(|rest| rest.split_at_checked(COORDINATE));
    let (x, y) = coordinates.ok_or(UNREADABLE)?;
    Ok(AlgorithmParameters::EllipticCurve(
        EllipticCurveKeyParameters {
            key_type: EllipticCurveKeyType::EC,
            curve: EllipticCurve::P256,
            x: BASE64_URL_SAFE_NO_PAD.encode(x),
            y: BASE64_URL_SAFE_NO_PAD.encode(y),
        },
    ))
}

/// Signs, with new randomness each time.
pub(super) fn sign(pair: &EcdsaKeyPair, message: &[u8]) -> Option<Vec<u8>> {
    let signature = pair.sign(&SystemRandom::new(), message).ok()?;
    Some(signature.as_ref().to_vec())
}
