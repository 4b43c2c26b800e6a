//! Access tokens of users and of clients (RFC 9068): JWTs that anybody with our public keys can verify.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Refused, jws};
use crate::clock::Timestamp;
use crate::id::{ClientId, SessionId, TenantId, UserId};
use crate::keys::published::Published;
use crate::keys::{KeyError, SigningKey};
use crate::scope::Scope;
use crate::store::session::Owner;

/// The `client_id` of every token that a user signed in for.
pub const CLIENT_ID: &str = "gatehouse";

const TYP: &str = "at+jwt";
/// How far another machine's clock may be ahead of ours. None is granted at a token's end.
const LEEWAY_SECONDS: i64 = 60;

/// What a user's access token says.
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

/// What a client's own access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientClaims {
    /// Who made the token: the deployment.
    pub iss: String,
    /// Whom it is for: the APIs of the deployment.
    pub aud: String,
    /// The client …
    pub sub: ClientId,
    /// … which is its subject too, and only here (RFC 9068, section 2.2).
    pub client_id: String,
    /// The session that it lives and dies with.
    pub sid: SessionId,
    /// The token's own id.
    pub jti: String,
    /// When it was made, in seconds since the Unix epoch.
    pub iat: i64,
    /// From when on it is refused, in seconds since the Unix epoch.
    pub exp: i64,
    /// The client's tenant.
    pub tenant_id: TenantId,
    /// What it may do.
    pub scope: Scope,
}

/// What an access token says, a user's or a client's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Claims {
    /// A user's.
    User(AccessClaims),
    /// A client's own.
    Client(ClientClaims),
}

impl Claims {
    /// Whose token it is.
    #[must_use]
    pub fn owner(&self) -> Owner {
        match self {
            Self::User(claims) => Owner::User(claims.sub.clone()),
            Self::Client(claims) => Owner::Client(claims.sub.clone()),
        }
    }

    /// The client that it was issued to.
    #[must_use]
    pub fn client_id(&self) -> &str {
        let (Self::User(AccessClaims { client_id, .. })
        | Self::Client(ClientClaims { client_id, .. })) = self;
        client_id
    }

    /// The session that it lives and dies with.
    #[must_use]
    pub fn sid(&self) -> &SessionId {
        let (Self::User(AccessClaims { sid, .. }) | Self::Client(ClientClaims { sid, .. })) = self;
        sid
    }

    /// The tenant of its owner.
    #[must_use]
    pub fn tenant_id(&self) -> &TenantId {
        let (Self::User(AccessClaims { tenant_id, .. })
        | Self::Client(ClientClaims { tenant_id, .. })) = self;
        tenant_id
    }

    /// When it was made and from when on it is refused, in seconds since the Unix epoch.
    #[must_use]
    pub fn times(&self) -> (i64, i64) {
        let (Self::User(AccessClaims { iat, exp, .. })
        | Self::Client(ClientClaims { iat, exp, .. })) = self;
        (*iat, *exp)
    }

    fn names(&self) -> (&str, &str) {
        let (Self::User(AccessClaims { iss, aud, .. })
        | Self::Client(ClientClaims { iss, aud, .. })) = self;
        (iss, aud)
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
pub type TokenError = Refused<Claims>;

/// Who a token's subject is, and which client it was issued to.
#[derive(Deserialize)]
struct Parties {
    sub: String,
    client_id: String,
}

/// We never write it, and heed it all the same.
#[derive(Deserialize)]
struct NotBefore {
    #[serde(default, deserialize_with = "integer")]
    nbf: Option<i64>,
}

/// Signs an access token.
///
/// # Errors
///
/// [`KeyError::Refused`] when the key cannot sign.
pub fn sign(claims: &Claims, key: &SigningKey) -> Result<String, KeyError> {
    jws::sign(TYP, key.kid(), claims, key)
}

/// Verifies an access token as of `now`. Says nothing of its session, which may have ended.
///
/// # Errors
///
/// [`Refused::Invalid`] for a token of bad form, signature or claims, and one made before the
/// published `not_before`; [`Refused::UnknownKey`] where its key is unknown or revoked;
/// [`Refused::Expired`] where nothing is wrong but its end, which has come when `exp` is now.
pub fn verify(
    token: &str,
    published: &Published,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Claims, TokenError> {
    let token = jws::parse(token, Some(TYP)).map_err(|_| Refused::Invalid)?;
    let kid = token.kid().ok_or(Refused::Invalid)?;
    let key = published.find(kid).ok_or(Refused::UnknownKey)?;
    let payload = token.verify(key).map_err(|_| Refused::Invalid)?;
    let claims = claims(&payload).ok_or(Refused::Invalid)?;
    let NotBefore { nbf } = jws::object(&payload).map_err(|_| Refused::Invalid)?;

    if claims.names() != (expected.issuer, expected.audience) {
        return Err(Refused::Invalid);
    }
    let (iat, exp) = claims.times();
    let latest = now.seconds() + LEEWAY_SECONDS;
    if iat > latest || nbf.is_some_and(|nbf| nbf > latest) {
        return Err(Refused::Invalid);
    }
    if Timestamp::from_seconds(iat) < published.not_before() {
        return Err(Refused::Invalid);
    }
    if exp <= now.seconds() {
        return Err(Refused::Expired(Box::new(claims)));
    }
    Ok(claims)
}

/// A user's claims where the token was issued to us, a client's where it was issued to its own
/// subject. No other token is ours.
fn claims(payload: &[u8]) -> Option<Claims> {
    let parties: Parties = jws::object(payload).ok()?;
    match (
        parties.client_id == CLIENT_ID,
        parties.sub == parties.client_id,
    ) {
        (true, false) => jws::object(payload).ok().map(Claims::User),
        (false, true) => jws::object(payload).ok().map(Claims::Client),
        _ => None,
    }
}

/// An integer that may be absent, but not null.
fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    i64::deserialize(deserializer).map(Some)
}
