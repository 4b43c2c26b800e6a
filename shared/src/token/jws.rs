//! JWS in compact form (RFC 7515), taken strictly: whatever we would not write ourselves is refused
//! before a key is looked at.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::{Algorithm, Header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::keys::KeyError;

/// No token may be longer, in bytes.
pub const LONGEST: usize = 8 * 1024;

/// Not a token that we could have made; why is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// A token whose signature has not been looked at yet.
pub struct Unverified<'token> {
    names: Names,
    signed: &'token str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// The members that our headers have, and no other: `jwk`, `jku`, `x5u` and `x5c` would bring a key
/// along, `crit`, `b64` and `zip` change what the rest means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    alg: Algorithm,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    kid: Option<String>,
}

/// Takes a token apart: at most 8 KiB, three parts in canonical base64url without padding, the first
/// a JSON object that names an algorithm and exactly `typ` (none: published test vectors have none).
///
/// # Errors
///
/// [`Malformed`] for anything else.
pub fn parse<'token>(
    token: &'token str,
    typ: Option<&str>,
) -> Result<Unverified<'token>, Malformed> {
    if token.len() > LONGEST {
        return Err(Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Malformed)?;
    let names: Names = object(&decode(header)?)?;
    if names.typ.as_deref() != typ {
        return Err(Malformed);
    }
    Ok(Unverified {
        names,
        signed,
        payload: decode(payload)?,
        signature: decode(signature)?,
    })
}

impl Unverified<'_> {
    /// The id of the key that the token claims: good for looking up one of ours, for nothing else.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.names.kid.as_deref()
    }

    /// The payload, if `key` has signed it, by the key's own algorithm and no other.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it has not.
    pub fn verify(self, key: &(impl JwtVerifier + ?Sized)) -> Result<Vec<u8>, Malformed> {
        if self.names.alg != key.algorithm() {
            return Err(Malformed);
        }
        key.verify(self.signed.as_bytes(), &self.signature)
            .map_err(|_| Malformed)?;
        Ok(self.payload)
    }
}

/// Signs `claims` as a token of type `typ` with the key of this `kid`. The same input gives the same
/// bytes, as far as the key's algorithm does.
///
/// # Errors
///
/// [`KeyError::Refused`] when the key cannot sign.
pub fn sign(
    typ: &str,
    kid: &str,
    claims: &impl Serialize,
    key: &impl JwtSigner,
) -> Result<String, KeyError> {
    let mut header = Header::new(key.algorithm());
    header.typ = Some(typ.to_owned());
    header.kid = Some(kid.to_owned());
    let mut token = encode(&header)?;
    token.push('.');
    token.push_str(&encode(claims)?);
    let signature = key
        .try_sign(token.as_bytes())
        .map_err(|_| KeyError::Refused("a key cannot sign"))?;
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// Reads a JSON object. Members that `T` has may not come twice; serde alone would take an array of
/// its members' values for one.
///
/// # Errors
///
/// [`Malformed`] if it is none, or not as `T` asks.
pub(super) fn object<T: DeserializeOwned>(json: &[u8]) -> Result<T, Malformed> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(Malformed);
    }
    serde_json::from_slice(json).map_err(|_| Malformed)
}

fn encode(part: &impl Serialize) -> Result<String, KeyError> {
    let json =
        serde_json::to_vec(part).map_err(|_| KeyError::Refused("a token cannot be written"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
}

fn decode(part: &str) -> Result<Vec<u8>, Malformed> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed)
}
