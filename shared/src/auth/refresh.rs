//! Refresh: the session moves one generation on, in one conditional write; every other outcome is
//! told from the row that refused it.

use super::access::refuse_address;
use super::issue::{self, Tokens};
use crate::app::{Sessions, Signing};
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::key::Key;
use crate::store::parse;
use crate::store::session::{Rotated, RotationGuard, Session};
use crate::store::tenant::{Tenant, TenantStatus};
use crate::store::user::{User, UserStatus};
use crate::token::refresh::RefreshClaims;

/// The tokens that follow a refresh token.
///
/// # Errors
///
/// [`Error::RefreshRefused`] for a token that is bad, expired, of an ended session or replayed, which
/// ends its session; [`Error::AddressRefused`]; [`Error::Unavailable`].
pub async fn refresh(app: &Sessions, call: &Call, token: &str) -> Result<Tokens, Error> {
    let claims = verify(app, call, token).await?;
    let mut signing = Signing::load(&app.base, &app.keys, call.now).await?;
    let not_before = signing.published.not_before();
    let (mut user, tenant) = owner(app, &claims).await?;
    if !tenant.policy.allows(call.address) {
        return elsewhere(app, call, &claims, &user, not_before).await;
    }
    let lifetimes = tenant.policy.lifetimes(&app.base.config);
    if lifetimes.refresh_idle.is_none() {
        return Err(Error::RefreshRefused);
    }
    let event = call.event_by(
        EventType::SessionRenewed,
        Outcome::Success,
        &user.id,
        &user.tenant_id,
    );

    let next = claims.generation + 1;
    let mac_kid = signing.ring.mac().kid();
    let next = issue::generation(call, next, claims.session_exp, lifetimes, mac_kid);
    let mut read_again = false;
    loop {
        let guard = RotationGuard {
            epoch: user.epoch,
            not_before,
        };
        let session = (&claims.sub, &claims.sid);
        let session = match app.base.store.rotate(session, &next, guard, &event).await? {
            Rotated::Done(session) => session,
            Rotated::Refused { session: None, .. } => return Err(Error::RefreshRefused),
            Rotated::Refused {
                session: Some(session),
                ours,
            } => {
                if session.epoch != user.epoch && !read_again {
                    // The user was read before a password change, the session after it.
                    read_again = true;
                    user = owner(app, &claims).await?.0;
                    continue;
                }
                if !session.is_open(call.now, not_before) || session.epoch != user.epoch {
                    return Err(Error::RefreshRefused);
                }
                if !ours {
                    repeated(app, call, &claims, &user, &session).await?;
                }
                session
            }
        };
        let known = |kid: &String| signing.ring.mac_by_kid(kid).is_some();
        if !session.mac_kid.as_ref().is_none_or(known) {
            // Another instance has rotated it with a key that came after ours.
            signing.ring = app.keys.reload(call.now).await?;
        }
        return issue::tokens(call, &app.base.config, &signing, &session, &user, lifetimes);
    }
}

/// The claims of a refresh token that is good by itself; nothing else reaches the table.
async fn verify(app: &Sessions, call: &Call, token: &str) -> Result<RefreshClaims, Error> {
    app.verify_refresh_token(token, call.now)
        .await?
        .map_err(|_| Error::RefreshRefused)
}

/// The user and tenant of a refresh token, if both may have sessions.
async fn owner(app: &Sessions, claims: &RefreshClaims) -> Result<(User, Tenant), Error> {
    let keys = (Key::user(&claims.sub), Key::tenant(&claims.tenant_id));
    let [Some(user), Some(tenant)] = app.base.store.read([&keys.0, &keys.1]).await? else {
        return Err(Error::RefreshRefused);
    };
    let user: User = parse(user, "user")?;
    let tenant: Tenant = parse(tenant, "tenant")?;
    let active = user.status == UserStatus::Active
        && user.tenant_id == tenant.id
        && tenant.status == TenantStatus::Active;
    if !active {
        return Err(Error::RefreshRefused);
    }
    Ok((user, tenant))
}

/// What a refresh from an address that the tenant does not allow is answered: a good token is told
/// so, and one that is dead is dead.
async fn elsewhere(
    app: &Sessions,
    call: &Call,
    claims: &RefreshClaims,
    user: &User,
    not_before: Timestamp,
) -> Result<Tokens, Error> {
    let [session] = app
        .base
        .store
        .read([&Key::session(&claims.sub, &claims.sid)])
        .await?;
    let session: Option<Session> = session.map(|row| parse(row, "session")).transpose()?;
    let live = session.is_some_and(|session| {
        session.is_open(call.now, not_before)
            && session.epoch == user.epoch
            && session.generation == claims.generation
    });
    if live {
        return refuse_address(&app.base, call, user).await;
    }
    Err(Error::RefreshRefused)
}

/// What a refresh answers, whose write was refused by a session that is live: the next generation
/// again where the answer to the first may have been lost, or the end of the session.
async fn repeated(
    app: &Sessions,
    call: &Call,
    claims: &RefreshClaims,
    user: &User,
    session: &Session,
) -> Result<(), Error> {
    let grace = app.base.config.refresh_grace_seconds;
    let young = issue::is_within_grace(session.rotated_at, call.now, grace);
    let by_user = |kind, outcome| call.event_by(kind, outcome, &user.id, &user.tenant_id);
    if young && session.generation == claims.generation + 1 {
        let event = Event {
            previous_ip: Some(session.ip.clone()),
            ..by_user(EventType::SessionRenewed, Outcome::Success).because("repeated")
        };
        app.base.store.put_event(&event).await?;
        return Ok(());
    }
    // Below the token's: a restored table has forgotten it. Young: two tabs, and one was quicker.
    if session.generation > claims.generation && !young {
        let event = by_user(EventType::AuthnTokenReuse, Outcome::Failure);
        app.base.store.revoke(&user.id, &session.id, &event).await?;
    }
    Err(Error::RefreshRefused)
}
