//! Whether a token opens anything: decided by what is stored now, never by its claims.

use super::holder::Holder;
use super::limit;
use crate::app::Verifying;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::keys::published::Published;
use crate::scope::Scope;
use crate::store::event::{EventType, Outcome};
use crate::store::key::Key;
use crate::store::session::Session;
use crate::store::tenant::Tenant;
use crate::store::user::User;
use crate::store::{Item, StoreError, parse};
use crate::token::access::{Claims, TokenError};

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

/// The user or the client whose live session a token is of.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub holder: Holder,
    /// Its tenant.
    pub tenant: Tenant,
    /// What the token says.
    pub claims: Claims,
}

impl Principal {
    /// What a client's token may do: what it says, as far as the client still has it. `None` for a
    /// user's, whose role decides.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        match (&self.holder, &self.claims) {
            (Holder::Client(client), Claims::Client(claims)) => {
                Some(client.scope.narrowed(&claims.scope))
            }
            _ => None,
        }
    }
}

/// What a token's rows say of it.
enum Liveness {
    Live(Box<Principal>),
    /// The epochs differ: the reads may have fallen on two sides of a password change.
    Torn,
    Dead,
}

/// The user whose token this is, if its session is live: one request.
///
/// # Errors
///
/// [`Error::TokenMissing`], [`Error::TokenInvalid`], a client's token among them,
/// [`Error::TokenExpired`]; [`Error::RateLimited`] where the tenant has used up its limit;
/// [`Error::AddressRefused`] where the token is good and the tenant does not allow the address.
pub async fn authenticate(
    app: &Verifying,
    call: &Call,
    token: Option<&str>,
) -> Result<Caller, Error> {
    let claims = user_claims(verify(app, call, token).await?)?;
    let (principal, _) = live(app, call, claims, None).await?;
    caller(principal)
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
    let claims = user_claims(verify(app, call, token).await?)?;
    let seen = match &claims {
        Claims::User(claims) => Key::seen(&claims.sub),
        Claims::Client(_) => return Err(Error::TokenInvalid),
    };
    let (principal, seen) = live(app, call, claims, Some(seen)).await?;
    let last_login = last_login(&principal.session, seen)?;
    Ok((caller(principal)?, last_login))
}

/// The client whose token this is, if its session is live: one request.
///
/// # Errors
///
/// As [`authenticate`], a user's token among those that are refused.
pub async fn authenticate_client(
    app: &Verifying,
    call: &Call,
    token: Option<&str>,
) -> Result<Principal, Error> {
    let claims = verify(app, call, token).await?;
    if let Claims::User(_) = claims {
        return Err(Error::TokenInvalid);
    }
    Ok(live(app, call, claims, None).await?.0)
}

/// The user or client whose token this is, if its session is live: one request.
///
/// # Errors
///
/// As [`authenticate`].
pub async fn authenticate_any(
    app: &Verifying,
    call: &Call,
    token: Option<&str>,
) -> Result<Principal, Error> {
    let claims = verify(app, call, token).await?;
    Ok(live(app, call, claims, None).await?.0)
}

/// A client's token opens no user's endpoint.
fn user_claims(claims: Claims) -> Result<Claims, Error> {
    match claims {
        Claims::User(_) => Ok(claims),
        Claims::Client(_) => Err(Error::TokenInvalid),
    }
}

fn caller(principal: Principal) -> Result<Caller, Error> {
    let Holder::User(user) = principal.holder else {
        return Err(Error::TokenInvalid);
    };
    Ok(Caller {
        session: principal.session,
        user,
        tenant: principal.tenant,
    })
}

/// Whose live session a token is of, and the `further` row, if one is wanted. The call is counted on
/// the tenant, whose row says how many it may have, be the session alive or dead.
async fn live(
    app: &Verifying,
    call: &Call,
    claims: Claims,
    further: Option<Key>,
) -> Result<(Principal, Option<Item>), Error> {
    limit::refuse_used_up_tenant(app, call, claims.tenant_id())?;
    let published = app.published(call.now).await?;
    let owner = claims.owner();
    let session = owner.session(claims.sid());
    let (holder, tenant) = (Holder::key(&owner), Key::tenant(claims.tenant_id()));
    for _ in 0..2 {
        let (rows, further) = match &further {
            None => (app.store.read([&session, &holder, &tenant]).await?, None),
            Some(further) => {
                let keys = [&session, &holder, &tenant, further];
                let [session, holder, tenant, further] = app.store.read(keys).await?;
                ([session, holder, tenant], further)
            }
        };
        let [session, holder, tenant] = rows;
        let Some(tenant) = tenant else {
            break;
        };
        let tenant: Tenant = parse(tenant, "tenant")?;
        limit::admit_tenant(app, call, &tenant).await?;
        match decide(call, &claims, &published, (session, holder, tenant))? {
            Liveness::Live(principal) => return Ok((admit(app, call, *principal).await?, further)),
            Liveness::Torn => {}
            Liveness::Dead => break,
        }
    }
    Err(Error::TokenInvalid)
}

/// The claims of a token that is good by itself. Says nothing of its session.
///
/// # Errors
///
/// As [`authenticate`], the address aside.
pub async fn verify(app: &Verifying, call: &Call, token: Option<&str>) -> Result<Claims, Error> {
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
    claims: &Claims,
    published: &Published,
    (session, holder, tenant): (Option<Item>, Option<Item>, Tenant),
) -> Result<Liveness, StoreError> {
    let (Some(session), Some(holder)) = (session, holder) else {
        return Ok(Liveness::Dead);
    };
    let session: Session = parse(session, "session")?;
    let holder = Holder::parse(&claims.owner(), holder)?;
    let live = session.is_open(call.now, published.not_before())
        && session.client_id == claims.client_id()
        && holder.may_hold(&tenant, session.key_id.as_ref());
    if !live {
        return Ok(Liveness::Dead);
    }
    if session.epoch != holder.epoch() {
        return Ok(Liveness::Torn);
    }
    Ok(Liveness::Live(Box::new(Principal {
        session,
        holder,
        tenant,
        claims: claims.clone(),
    })))
}

/// Refuses a good token from an address that its tenant does not allow.
async fn admit(app: &Verifying, call: &Call, principal: Principal) -> Result<Principal, Error> {
    if principal.tenant.policy.allows(call.address) {
        return Ok(principal);
    }
    refuse_address(app, call, &principal.holder).await
}

/// Records that a good token came from an address that its holder's tenant does not allow.
///
/// # Errors
///
/// [`Error::AddressRefused`], or that the table is away.
pub async fn refuse_address<T>(app: &Verifying, call: &Call, holder: &Holder) -> Result<T, Error> {
    refuse(app, call, holder, "address", Error::AddressRefused).await
}

/// Records that a good token does not open what it was sent to, and why.
///
/// # Errors
///
/// `refusal`, or that the table is away.
pub async fn refuse<T>(
    app: &Verifying,
    call: &Call,
    holder: &Holder,
    reason: &str,
    refusal: Error,
) -> Result<T, Error> {
    let event = call
        .event_by(
            EventType::AuthzFail,
            Outcome::Failure,
            &holder.owner(),
            holder.tenant_id(),
        )
        .because(reason);
    app.store.put_event(&event).await?;
    Err(refusal)
}

#[derive(serde::Deserialize)]
struct Seen {
    last_login: Option<Timestamp>,
}

/// The later of what `audit` has recorded and the login of the caller's own session, which it may
/// not have come to yet.
fn last_login(session: &Session, seen: Option<Item>) -> Result<Timestamp, StoreError> {
    let seen = recorded_login(seen)?.unwrap_or(session.created_at);
    Ok(seen.max(session.created_at))
}

/// The last login that `audit` has recorded in this row, if there is one.
pub(super) fn recorded_login(seen: Option<Item>) -> Result<Option<Timestamp>, StoreError> {
    let seen: Option<Seen> = seen.map(|row| parse(row, "last use")).transpose()?;
    Ok(seen.and_then(|seen| seen.last_login))
}
