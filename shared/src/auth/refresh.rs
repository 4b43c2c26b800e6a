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
use crate::store::tenant::Tenant;
use crate::store::user::User;
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
        return elsewhere(app, call, &claims, not_before).await;
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
    if !user.is_active_in(&tenant) {
        return Err(Error::RefreshRefused);
    }
    Ok((user, tenant))
}

/// What a refresh from an address that the tenant does not allow is answered: a good token is told
/// so, one that is dead is dead, and a stolen one ends its session from there too.
async fn elsewhere(
    app: &Sessions,
    call: &Call,
    claims: &RefreshClaims,
    not_before: Timestamp,
) -> Result<Tokens, Error> {
    let keys = (
        Key::session(&claims.sub, &claims.sid),
        Key::user(&claims.sub),
    );
    // Twice where the reads fell on two sides of a password change.
    for _ in 0..2 {
        let [Some(session), Some(user)] = app.base.store.read([&keys.0, &keys.1]).await? else {
            break;
        };
        let session: Session = parse(session, "session")?;
        let user: User = parse(user, "user")?;
        if !session.is_open(call.now, not_before) {
            break;
        }
        if session.epoch != user.epoch {
            continue;
        }
        match standing(app, call, claims, &session) {
            Standing::Current | Standing::Repeated => {
                return refuse_address(&app.base, call, &user).await;
            }
            Standing::Stolen => end_stolen(app, call, &user, &session).await?,
            Standing::Overtaken => {}
        }
        break;
    }
    Err(Error::RefreshRefused)
}

/// How a refresh token stands to its session, which is live.
enum Standing {
    /// It is the one that can be used.
    Current,
    /// It was used a moment ago: the answer was lost, or two tabs raced.
    Repeated,
    /// Several have followed it a moment ago, or a restored table has forgotten it.
    Overtaken,
    /// It was used long ago: whoever has it now should not.
    Stolen,
}

fn standing(app: &Sessions, call: &Call, claims: &RefreshClaims, session: &Session) -> Standing {
    let grace = app.base.config.refresh_grace_seconds;
    let young = issue::is_within_grace(session.rotated_at, call.now, grace);
    match session.generation.checked_sub(claims.generation) {
        Some(0) => Standing::Current,
        Some(1) if young => Standing::Repeated,
        Some(_) if !young => Standing::Stolen,
        _ => Standing::Overtaken,
    }
}

async fn end_stolen(
    app: &Sessions,
    call: &Call,
    user: &User,
    session: &Session,
) -> Result<(), Error> {
    let (kind, outcome) = (EventType::AuthnTokenReuse, Outcome::Failure);
    let event = call.event_by(kind, outcome, &user.id, &user.tenant_id);
    app.base.store.revoke(&user.id, &session.id, &event).await?;
    Ok(())
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
    match standing(app, call, claims, session) {
        Standing::Repeated => {
            let (kind, outcome) = (EventType::SessionRenewed, Outcome::Success);
            let event = Event {
                previous_ip: Some(session.ip.clone()),
                ..call
                    .event_by(kind, outcome, &user.id, &user.tenant_id)
                    .because("repeated")
            };
            app.base.store.put_event(&event).await?;
            return Ok(());
        }
        Standing::Stolen => end_stolen(app, call, user, session).await?,
        Standing::Current | Standing::Overtaken => {}
    }
    Err(Error::RefreshRefused)
}
