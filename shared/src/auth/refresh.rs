//! Refresh: the session moves one generation on, in one conditional write; every other outcome is
//! told from the row that refused it. Users' sessions and clients' go by the same rule.

use super::access::refuse_address;
use super::holder::{self, Holder};
use super::issue::{self, Tokens};
use super::limit;
use crate::app::{Sessions, Signing};
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::parse;
use crate::store::session::{Rotated, RotationGuard, Session};
use crate::store::tenant::Tenant;
use crate::token::refresh::RefreshClaims;

/// The tokens that follow a refresh token, which [`verify`] has found good by itself.
///
/// # Errors
///
/// [`Error::RefreshRefused`] for a token of an ended session or a replayed one, which ends its
/// session; [`Error::RateLimited`] where the tenant has used up its limit; [`Error::AddressRefused`];
/// [`Error::Unavailable`].
pub async fn refresh(app: &Sessions, call: &Call, claims: &RefreshClaims) -> Result<Tokens, Error> {
    let mut signing = Signing::load(&app.base, &app.keys, call.now).await?;
    let not_before = signing.published.not_before();
    limit::refuse_used_up_tenant(&app.base, call, &claims.tenant_id)?;
    let found = holder::read(&app.base, &claims.owner, &claims.tenant_id).await?;
    if let Some((_, tenant)) = &found {
        limit::admit_tenant(&app.base, call, tenant).await?;
    }
    let (mut holder, tenant) = may_hold(found, claims)?;
    if !tenant.policy.allows(call.address) {
        return elsewhere(app, call, claims, &tenant, not_before).await;
    }
    let lifetimes = holder.lifetimes(&tenant, &app.base.config);
    if lifetimes.refresh_idle.is_none() {
        return Err(Error::RefreshRefused);
    }
    let event = Event {
        key_id: claims.key_id.clone(),
        ..call.event_by(
            EventType::SessionRenewed,
            Outcome::Success,
            &claims.owner,
            &tenant.id,
        )
    };

    let next = claims.generation + 1;
    let mac_kid = signing.ring.mac().kid();
    let next = issue::generation(call, next, claims.session_exp, lifetimes, mac_kid);
    let mut read_again = false;
    loop {
        let guard = RotationGuard {
            epoch: holder.epoch(),
            not_before,
        };
        let session = claims.owner.session(&claims.sid);
        let session = match app.base.store.rotate(session, &next, guard, &event).await? {
            Rotated::Done(session) => session,
            Rotated::Refused { session: None, .. } => return Err(Error::RefreshRefused),
            Rotated::Refused {
                session: Some(session),
                ours,
            } => {
                if session.epoch != holder.epoch() && !read_again {
                    // The owner was read before a password change, the session after it.
                    read_again = true;
                    let found = holder::read(&app.base, &claims.owner, &claims.tenant_id).await?;
                    holder = may_hold(found, claims)?.0;
                    continue;
                }
                if !session.is_open(call.now, not_before) || session.epoch != holder.epoch() {
                    return Err(Error::RefreshRefused);
                }
                if !ours {
                    repeated(app, call, claims, &tenant, &session).await?;
                }
                session
            }
        };
        let known = |kid: &String| signing.ring.mac_by_kid(kid).is_some();
        if !session.mac_kid.as_ref().is_none_or(known) {
            // Another instance has rotated it with a key that came after ours.
            signing.ring = app.keys.reload(call.now).await?;
        }
        return issue::tokens(
            call,
            &app.base.config,
            &signing,
            &session,
            &holder,
            lifetimes,
        );
    }
}

/// The claims of a refresh token that is good by itself; nothing else reaches the table.
///
/// # Errors
///
/// [`Error::RefreshRefused`] for one that is bad or expired; [`Error::Unavailable`].
pub async fn verify(app: &Sessions, call: &Call, token: &str) -> Result<RefreshClaims, Error> {
    app.verify_refresh_token(token, call.now)
        .await?
        .map_err(|_| Error::RefreshRefused)
}

/// The owner and tenant of a refresh token, if they may have its session.
fn may_hold(
    found: Option<(Holder, Tenant)>,
    claims: &RefreshClaims,
) -> Result<(Holder, Tenant), Error> {
    found
        .filter(|(holder, tenant)| holder.may_hold(tenant, claims.key_id.as_ref()))
        .ok_or(Error::RefreshRefused)
}

/// What a refresh from an address that the tenant does not allow is answered: a good token is told
/// so, one that is dead is dead, and a stolen one ends its session from there too.
async fn elsewhere(
    app: &Sessions,
    call: &Call,
    claims: &RefreshClaims,
    tenant: &Tenant,
    not_before: Timestamp,
) -> Result<Tokens, Error> {
    let keys = (
        claims.owner.session(&claims.sid),
        Holder::key(&claims.owner),
    );
    // Twice where the reads fell on two sides of a password change.
    for _ in 0..2 {
        let [Some(session), Some(holder)] = app.base.store.read([&keys.0, &keys.1]).await? else {
            break;
        };
        let session: Session = parse(session, "session")?;
        let holder = Holder::parse(&claims.owner, holder)?;
        if !session.is_open(call.now, not_before) {
            break;
        }
        if session.epoch != holder.epoch() {
            continue;
        }
        match standing(app, call, claims, &session) {
            Standing::Current | Standing::Repeated => {
                return refuse_address(&app.base, call, &holder).await;
            }
            Standing::Stolen => end_stolen(app, call, claims, tenant).await?,
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
    claims: &RefreshClaims,
    tenant: &Tenant,
) -> Result<(), Error> {
    let (kind, outcome) = (EventType::AuthnTokenReuse, Outcome::Failure);
    let event = Event {
        key_id: claims.key_id.clone(),
        ..call.event_by(kind, outcome, &claims.owner, &tenant.id)
    };
    let session = claims.owner.session(&claims.sid);
    app.base.store.revoke(session, &event).await?;
    Ok(())
}

/// What a refresh answers, whose write was refused by a session that is live: the next generation
/// again where the answer to the first may have been lost, or the end of the session.
async fn repeated(
    app: &Sessions,
    call: &Call,
    claims: &RefreshClaims,
    tenant: &Tenant,
    session: &Session,
) -> Result<(), Error> {
    match standing(app, call, claims, session) {
        Standing::Repeated => {
            let (kind, outcome) = (EventType::SessionRenewed, Outcome::Success);
            let event = Event {
                previous_ip: Some(session.ip.clone()),
                key_id: claims.key_id.clone(),
                ..call
                    .event_by(kind, outcome, &claims.owner, &tenant.id)
                    .because("repeated")
            };
            app.base.store.put_event(&event).await?;
            return Ok(());
        }
        Standing::Stolen => end_stolen(app, call, claims, tenant).await?,
        Standing::Current | Standing::Overtaken => {}
    }
    Err(Error::RefreshRefused)
}
