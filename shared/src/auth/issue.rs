//! Tokens of a session: what a login and a refresh hand out.

use super::holder::Holder;
use crate::app::Signing;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::error::Error;
use crate::id::SessionId;
use crate::random;
use crate::scope::Scope;
use crate::store::session::{Generation, Session};
use crate::store::tenant::Lifetimes;
use crate::token::access::{self, AccessClaims, CLIENT_ID, Claims, ClientClaims};
use crate::token::refresh::{self, RefreshClaims};

/// What the caller gets.
pub struct Tokens {
    /// The access token, a JWT (RFC 9068).
    pub access: String,
    /// How long it lives, in seconds.
    pub expires_in: i64,
    /// The refresh token, where the tenant has them.
    pub refresh: Option<String>,
    /// How long that lives, in seconds.
    pub refresh_expires_in: Option<i64>,
    /// Of a client's tokens: what they may do.
    pub scope: Option<Scope>,
}

/// A session that starts with `call`, in its first generation.
#[must_use]
pub fn new_session(call: &Call, holder: &Holder, lifetimes: Lifetimes, mac_kid: &str) -> Session {
    let ends_at = call.now.plus_seconds(lifetimes.session).seconds();
    let first = generation(call, 1, ends_at, lifetimes, mac_kid);
    Session {
        owner: holder.owner(),
        id: SessionId::random(),
        client_id: match holder {
            Holder::User(_) => CLIENT_ID.to_owned(),
            Holder::Client(client) => client.id.to_string(),
        },
        key_id: None,
        scope: None,
        created_at: call.now,
        generation: first.number,
        mac_kid: first.mac_kid,
        rotated_at: call.now,
        refresh_expires_at: first.refresh_expires_at,
        ends_at,
        epoch: holder.epoch(),
        expires_at: first.expires_at,
        ip: call.address.to_string(),
        user_agent: call.user_agent.clone(),
        revoked_at: None,
    }
}

/// The generation that `call` issues, of a session that ends at `ends_at` (Unix seconds).
#[must_use]
pub fn generation(
    call: &Call,
    number: u64,
    ends_at: i64,
    lifetimes: Lifetimes,
    mac_kid: &str,
) -> Generation {
    let until = |seconds: i64| call.now.plus_seconds(seconds).seconds().min(ends_at);
    let refresh_expires_at = lifetimes.refresh_idle.map(until);
    Generation {
        number,
        mac_kid: refresh_expires_at.map(|_| mac_kid.to_owned()),
        refresh_expires_at,
        // The row outlives every token of it, and no token outlives the session.
        expires_at: until(lifetimes.access).max(refresh_expires_at.unwrap_or(0)),
    }
}

/// Signs the tokens of a session as its row has it: the refresh token of a generation is the same,
/// byte for byte, however often it is issued.
///
/// # Errors
///
/// When a key is missing or revoked.
pub fn tokens(
    call: &Call,
    config: &Config,
    signing: &Signing,
    session: &Session,
    holder: &Holder,
    lifetimes: Lifetimes,
) -> Result<Tokens, Error> {
    let Signing { ring, published } = signing;
    let issued_at = call.now.seconds();
    let expires_at = (issued_at + lifetimes.access).min(session.expires_at);
    let (claims, scope) = claims(call, config, session, holder, expires_at);
    let access = access::sign(&claims, ring.signer(published)?)?;
    let refresh = match (&session.mac_kid, session.refresh_expires_at) {
        (Some(kid), Some(exp)) => {
            let missing = || Error::Unavailable("the refresh key of a session is gone".to_owned());
            let key = ring.mac_by_kid(kid).ok_or_else(missing)?;
            let claims = RefreshClaims {
                owner: session.owner.clone(),
                key_id: session.key_id.clone(),
                tenant_id: holder.tenant_id().clone(),
                sid: session.id.clone(),
                generation: session.generation,
                exp,
                session_exp: session.ends_at,
            };
            Some(refresh::sign(&claims, key)?)
        }
        _ => None,
    };
    Ok(Tokens {
        access,
        expires_in: expires_at - issued_at,
        refresh,
        refresh_expires_in: session.refresh_expires_at.map(|exp| exp - issued_at),
        scope,
    })
}

/// What the access token of a session says, and of a client's what it may do: what it was granted, as
/// far as the client still has it.
fn claims(
    call: &Call,
    config: &Config,
    session: &Session,
    holder: &Holder,
    exp: i64,
) -> (Claims, Option<Scope>) {
    let (iss, aud) = (call.issuer.clone(), config.audience.clone());
    let (sid, jti, iat) = (session.id.clone(), random::uuid(), call.now.seconds());
    let tenant_id = holder.tenant_id().clone();
    match holder {
        Holder::User(user) => {
            let claims = AccessClaims {
                iss,
                aud,
                sub: user.id.clone(),
                client_id: session.client_id.clone(),
                sid,
                jti,
                iat,
                exp,
                email: user.email.clone(),
                tenant_id,
                role: user.role.as_str().to_owned(),
            };
            (Claims::User(claims), None)
        }
        Holder::Client(client) => {
            let granted = session.scope.clone().unwrap_or_default();
            let scope = client.scope.narrowed(&granted);
            let claims = ClientClaims {
                iss,
                aud,
                sub: client.id.clone(),
                client_id: session.client_id.clone(),
                sid,
                jti,
                iat,
                exp,
                tenant_id,
                scope: scope.clone(),
            };
            (Claims::Client(claims), Some(scope))
        }
    }
}

/// Whether a session's last rotation was so short a time ago that its answer may have been lost.
/// Clocks differ: a rotation that seems to lie ahead is a young one.
#[must_use]
pub fn is_within_grace(rotated_at: Timestamp, now: Timestamp, grace_seconds: i64) -> bool {
    now < rotated_at.plus_seconds(grace_seconds)
}
