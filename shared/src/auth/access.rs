//! Whether a token opens anything: decided by what is stored now, never by its claims.

use crate::app::Verifying;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::UserId;
use crate::keys::published::Published;
use crate::store::event::{EventType, Outcome};
use crate::store::key::Key;
use crate::store::session::Session;
use crate::store::tenant::Tenant;
use crate::store::user::User;
use crate::store::{Item, StoreError, parse};
use crate::token::access::{AccessClaims, TokenError};

/// The user whose live session a token is of.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
    /// The user's tenant.
    pub tenant: Tenant,
}

/// What a token's rows say of it.
enum Liveness {
    Live(Box<Caller>),
    /// The epochs differ: the reads may have fallen on two sides of a password change.
    Torn,
    Dead,
}

/// The user whose token this is, if its session is live: one request.
///
/// # Errors
///
/// [`Error::TokenMissing`], [`Error::TokenInvalid`], [`Error::TokenExpired`];
/// [`Error::AddressRefused`] where the token is good and the tenant does not allow the address.
pub async fn authenticate(
    app: &Verifying,
    call: &Call,
    token: Option<&str>,
) -> Result<Caller, Error> {
    live(app, call, token, None).await.map(|(caller, _)| caller)
}

/// As [`authenticate`], with the time of the user's last login: still one request.
///
/// # Errors
///
/// As [`authenticate`].
pub async fn authenticate_with_last_login(
    app: &Verifying,
    call: &Call,
    token: Option<&str>,
) -> Result<(Caller, Timestamp), Error> {
    let (caller, seen) = live(app, call, token, Some(Key::seen)).await?;
    let last_login = last_login(&caller.session, seen)?;
    Ok((caller, last_login))
}

/// The user whose live session a token is of, and a further row of that user's, if one is wanted.
async fn live(
    app: &Verifying,
    call: &Call,
    token: Option<&str>,
    further: Option<fn(&UserId) -> Key>,
) -> Result<(Caller, Option<Item>), Error> {
    let claims = verify(app, call, token).await?;
    let published = app.published(call.now).await?;
    let session = Key::session(&claims.sub, &claims.sid);
    let (user, tenant) = (Key::user(&claims.sub), Key::tenant(&claims.tenant_id));
    let further = further.map(|key| key(&claims.sub));
    for _ in 0..2 {
        let (rows, further) = match &further {
            None => (app.store.read([&session, &user, &tenant]).await?, None),
            Some(further) => {
                let keys = [&session, &user, &tenant, further];
                let [session, user, tenant, further] = app.store.read(keys).await?;
                ([session, user, tenant], further)
            }
        };
        match decide(call, &claims, &published, rows)? {
            Liveness::Live(caller) => return Ok((admit(app, call, *caller).await?, further)),
            Liveness::Torn => {}
            Liveness::Dead => break,
        }
    }
    Err(Error::TokenInvalid)
}

/// The claims of a token that is good by itself.
async fn verify(app: &Verifying, call: &Call, token: Option<&str>) -> Result<AccessClaims, Error> {
    let token = token.ok_or(Error::TokenMissing)?;
    let verified = app
        .verify_access_token(token, &call.issuer, call.now)
        .await?;
    verified.map_err(|refused| match refused {
        TokenError::Expired(_) => Error::TokenExpired,
        TokenError::Invalid | TokenError::UnknownKey => Error::TokenInvalid,
    })
}

fn decide(
    call: &Call,
    claims: &AccessClaims,
    published: &Published,
    [session, user, tenant]: [Option<Item>; 3],
) -> Result<Liveness, StoreError> {
    let (Some(session), Some(user), Some(tenant)) = (session, user, tenant) else {
        return Ok(Liveness::Dead);
    };
    let session: Session = parse(session, "session")?;
    let user: User = parse(user, "user")?;
    let tenant: Tenant = parse(tenant, "tenant")?;
    let live = session.is_open(call.now, published.not_before())
        && session.client_id == claims.client_id
        && user.is_active_in(&tenant);
    if !live {
        return Ok(Liveness::Dead);
    }
    if session.epoch != user.epoch {
        return Ok(Liveness::Torn);
    }
    Ok(Liveness::Live(Box::new(Caller {
        session,
        user,
        tenant,
    })))
}

/// Refuses a good token from an address that its tenant does not allow.
async fn admit(app: &Verifying, call: &Call, caller: Caller) -> Result<Caller, Error> {
    if caller.tenant.policy.allows(call.address) {
        return Ok(caller);
    }
    refuse_address(app, call, &caller.user).await
}

/// Records that a user's good token came from an address that the tenant does not allow.
///
/// # Errors
///
/// [`Error::AddressRefused`], or that the table is away.
pub async fn refuse_address<T>(app: &Verifying, call: &Call, user: &User) -> Result<T, Error> {
    let event = call
        .event_by(
            EventType::AuthzFail,
            Outcome::Failure,
            &user.id,
            &user.tenant_id,
        )
        .because("address");
    app.store.put_event(&event).await?;
    Err(Error::AddressRefused)
}

#[derive(serde::Deserialize)]
struct Seen {
    last_login: Option<Timestamp>,
}

/// The later of what `audit` has recorded and the login of the caller's own session, which it may
/// not have come to yet.
fn last_login(session: &Session, seen: Option<Item>) -> Result<Timestamp, StoreError> {
    let seen: Option<Seen> = seen.map(|row| parse(row, "last use")).transpose()?;
    let seen = seen
        .and_then(|seen| seen.last_login)
        .unwrap_or(session.created_at);
    Ok(seen.max(session.created_at))
}
