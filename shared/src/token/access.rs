//! Access tokens of users (RFC 9068): JWTs that anybody with our public keys can verify.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Refused, jws};
use crate::clock::Timestamp;
use crate::id::{SessionId, TenantId, UserId};
use crate::keys::published::Published;
use crate::keys::{KeyError, SigningKey};

/// The `client_id` of every token that a user signed in for.
pub const CLIENT_ID: &str = "gatehouse";

const TYP: &str = "at+jwt";
/// How far another machine's clock may be ahead of ours. None is granted at a token's end.
const LEEWAY_SECONDS: i64 = 60;

/// What an access token says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who made the token: the deployment.
    pub iss: String,
    /// Whom it is for: the APIs of the deployment.
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// [`CLIENT_ID`].
    pub client_id: String,
    /// The session that it lives and dies with.
    pub sid: SessionId,
    /// The token's own id.
    pub jti: String,
    /// When it was made, in seconds since the Unix epoch.
    pub iat: i64,
    /// From when on it is refused, in seconds since the Unix epoch.
    pub exp: i64,
    /// The user's e-mail address.
    pub email: String,
    /// The user's tenant.
    pub tenant_id: TenantId,
    /// The user's role when the token was made.
    pub role: String,
}

/// Without the e-mail address, which no log may hold.
impl fmt::Debug for AccessClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessClaims")
            .field("sub", &self.sub)
            .field("tenant_id", &self.tenant_id)
            .field("sid", &self.sid)
            .field("iat", &self.iat)
            .field("exp", &self.exp)
            .finish_non_exhaustive()
    }
}

/// What `iss` and `aud` must be, exactly.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The audience.
    pub audience: &'a str,
}

/// Why an access token is refused.
pub type TokenError = Refused<AccessClaims>;

/// We never write it, and heed it all the same.
#[derive(Deserialize)]
struct NotBefore {
    #[serde(default, deserialize_with = "integer")]
    nbf: Option<i64>,
}

/// Signs a user's access token.
///
/// # Errors
///
/// [`KeyError::Refused`] when the key cannot sign.
pub fn sign(claims: &AccessClaims, key: &SigningKey) -> Result<String, KeyError> {
    jws::sign(TYP, key.kid(), claims, key)
}

/// Verifies a user's access token as of `now`. Says nothing of its session, which may have ended.
///
/// # Errors
///
/// [`Refused::Invalid`] for a token of bad form, signature or claims, a client's token, and one made
/// before the published `not_before`; [`Refused::UnknownKey`] where its key is unknown or revoked;
/// [`Refused::Expired`] where nothing is wrong but its end, which has come when `exp` is now.
pub fn verify(
    token: &str,
    published: &Published,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<AccessClaims, TokenError> {
    let token = jws::parse(token, Some(TYP)).map_err(|_| Refused::Invalid)?;
    let kid = token.kid().ok_or(Refused::Invalid)?;
    let key = published.find(kid).ok_or(Refused::UnknownKey)?;
    let payload = token.verify(key).map_err(|_| Refused::Invalid)?;
    let claims: AccessClaims = jws::object(&payload).map_err(|_| Refused::Invalid)?;
    let NotBefore { nbf } = jws::object(&payload).map_err(|_| Refused::Invalid)?;

    if claims.iss != expected.issuer || claims.aud != expected.audience {
        return Err(Refused::Invalid);
    }
    // A client's own token has the client as its subject.
    if claims.client_id != CLIENT_ID || claims.sub.as_str() == claims.client_id {
        return Err(Refused::Invalid);
    }
    let latest = now.seconds() + LEEWAY_SECONDS;
    if claims.iat > latest || nbf.is_some_and(|nbf| nbf > latest) {
        return Err(Refused::Invalid);
    }
    if Timestamp::from_seconds(claims.iat) < published.not_before() {
        return Err(Refused::Invalid);
    }
    if claims.exp <= now.seconds() {
        return Err(Refused::Expired(Box::new(claims)));
    }
    Ok(claims)
}

/// An integer that may be absent, but not null.
fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    i64::deserialize(deserializer).map(Some)
}
