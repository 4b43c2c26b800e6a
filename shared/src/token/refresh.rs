//! Refresh tokens: JWTs with a MAC that nobody but us can make or check. The same claims and the
//! same key give the same token, byte for byte, so that a lost answer can be given again.

use serde::{Deserialize, Serialize};

use super::{Refused, jws};
use crate::clock::Timestamp;
use crate::id::{KeyId, SessionId, TenantId};
use crate::keys::ring::Ring;
use crate::keys::{KeyError, MacKey};
use crate::store::session::Owner;

const TYP: &str = "rt+jwt";

/// What a refresh token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshClaims {
    /// Whose session it is: `kind` and `sub`.
    #[serde(flatten)]
    pub owner: Owner,
    /// The owner's tenant.
    pub tenant_id: TenantId,
    /// Of a client's session: the API key that it signed in by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_id: Option<KeyId>,
    /// The session.
    pub sid: SessionId,
    /// Which of the session's refresh tokens this is; the first is 1.
    pub generation: u64,
    /// From when on it is refused, in seconds since the Unix epoch.
    pub exp: i64,
    /// When its session ends, in seconds since the Unix epoch: no later token outlives that.
    pub session_exp: i64,
}

/// Why a refresh token is refused.
pub type RefreshTokenError = Refused<RefreshClaims>;

/// Whether a token is a refresh token by what it says of itself; nothing of it is verified.
#[must_use]
pub fn is_one(token: &str) -> bool {
    jws::parse(token, Some(TYP)).is_ok()
}

/// The key that a token names; nothing of it is verified.
#[must_use]
pub fn kid(token: &str) -> Option<String> {
    let token = jws::parse(token, Some(TYP)).ok()?;
    token.kid().map(str::to_owned)
}

/// Makes a refresh token.
///
/// # Errors
///
/// [`KeyError::Refused`] when the key cannot sign.
pub fn sign(claims: &RefreshClaims, key: &MacKey) -> Result<String, KeyError> {
    jws::sign(TYP, key.kid(), claims, key)
}

/// Verifies a refresh token as of `now`. Says nothing of its session, which may have ended or moved
/// on.
///
/// # Errors
///
/// [`Refused::Invalid`] for a token of bad form, MAC or claims; [`Refused::UnknownKey`] where its key
/// is not in the ring; [`Refused::Expired`] where nothing is wrong but its end, which has come when
/// `exp` is now.
pub fn verify(
    token: &str,
    ring: &Ring,
    now: Timestamp,
) -> Result<RefreshClaims, RefreshTokenError> {
    let token = jws::parse(token, Some(TYP)).map_err(|_| Refused::Invalid)?;
    let kid = token.kid().ok_or(Refused::Invalid)?;
    let key = ring.mac_by_kid(kid).ok_or(Refused::UnknownKey)?;
    let payload = token.verify(key).map_err(|_| Refused::Invalid)?;
    let claims: RefreshClaims = jws::object(&payload).map_err(|_| Refused::Invalid)?;
    if claims.exp <= now.seconds() {
        return Err(Refused::Expired(Box::new(claims)));
    }
    Ok(claims)
}
