//! Sessions of users and clients, as the operator sees and ends them.

pub mod tenant;

use super::admin::Admin;
use super::holder::{self, Holder};
use super::users::TRIES;
use crate::app::Verifying;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::SessionId;
use crate::store::StoreError;
use crate::store::client::ClientStatus;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::session::{Owner, Session};
use crate::store::tenant::{Tenant, TenantStatus};
use crate::store::user::UserStatus;
use crate::store::write::Change;

/// Why the operator ends sessions, in their events.
const REASON: &str = "operator";

/// A session, and whether its tokens open anything.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The session.
    pub session: Session,
    /// Why it is dead; `None` of a live one.
    pub dead: Option<&'static str>,
}

/// The sessions of an owner whose rows are still there, live ones first and of these the youngest; and
/// how many rows are malformed, which opens nothing.
///
/// # Errors
///
/// [`Error::NotFound`] where there is no such owner; [`Error::Unavailable`] without table or keys.
pub async fn list(
    app: &Verifying,
    admin: &Admin,
    owner: &Owner,
    now: Timestamp,
) -> Result<(Vec<Listed>, usize), Error> {
    let published = app.published(now).await?;
    let (sessions, malformed) = app.store.sessions(owner).await?;
    // Read after the sessions: of one that was made in between, the epoch is known.
    let found = holder::read(app, owner, &admin.tenant).await?;
    let (holder, tenant) = found.ok_or_else(|| no_such(owner))?;
    let listed = sessions.into_iter().map(|session| Listed {
        dead: why_dead(&session, (&holder, &tenant), published.not_before(), now),
        session,
    });
    let mut listed: Vec<Listed> = listed.collect();
    listed.sort_by_key(|listed| {
        let created = listed.session.created_at.millis();
        (listed.dead.is_some(), std::cmp::Reverse(created))
    });
    Ok((listed, malformed))
}

/// Why a session is dead, by the same rules as a token of it is refused.
fn why_dead(
    session: &Session,
    (holder, tenant): (&Holder, &Tenant),
    not_before: Timestamp,
    now: Timestamp,
) -> Option<&'static str> {
    if session.revoked_at.is_some() {
        return Some("ended");
    }
    if !session.is_open(now, not_before) {
        let expired = Timestamp::from_seconds(session.expires_at) <= now;
        return Some(if expired {
            "expired"
        } else {
            "everybody was signed out"
        });
    }
    if !holder.may_hold(tenant, session.key_id.as_ref()) {
        return Some(match holder {
            _ if tenant.status != TenantStatus::Active => "the tenant is suspended",
            Holder::User(_) => "the user is not active",
            Holder::Client(client) if client.status != ClientStatus::Active => {
                "the client is not active"
            }
            Holder::Client(_) => "its API key has ended",
        });
    }
    (session.epoch != holder.epoch()).then_some("all of its owner's were ended")
}

/// Ends one session. `false` where it has ended before.
///
/// # Errors
///
/// [`Error::NotFound`] where there is no such session; [`Error::Unavailable`].
pub async fn revoke(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    owner: &Owner,
    id: &SessionId,
) -> Result<bool, Error> {
    let key = owner.session(id);
    let event = event(call, admin, owner);
    if app.store.revoke(key.clone(), &event).await? {
        return Ok(true);
    }
    let [row] = app.store.read([&key]).await?;
    row.map(|_| false)
        .ok_or(Error::NotFound("There is no such session"))
}

/// Ends every session of an owner, in one write, however many there are.
///
/// # Errors
///
/// [`Error::NotFound`] where there is no such owner; [`Error::Unavailable`] where others changed it each
/// time before.
pub async fn revoke_all(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    owner: &Owner,
) -> Result<(), Error> {
    let event = event(call, admin, owner);
    for _ in 0..TRIES {
        let [row] = app.store.read([&Holder::key(owner)]).await?;
        let holder = row.map(|row| Holder::parse(owner, row)).transpose()?;
        let holder = holder.filter(|holder| is_there(holder, admin));
        let holder = holder.ok_or_else(|| no_such(owner))?;
        if app
            .store
            .make(&[signed_out(&holder, &event)?], &event)
            .await?
        {
            return Ok(());
        }
        // Somebody changed it first: read, and decide again.
    }
    let what = "a change of a user or client was lost to others";
    Err(Error::Unavailable(what.to_owned()))
}

/// Whether it is of the admin's tenant, and has not been removed.
fn is_there(holder: &Holder, admin: &Admin) -> bool {
    let removed = match holder {
        Holder::User(user) => user.status == UserStatus::Deleted,
        Holder::Client(client) => client.status == ClientStatus::Deleted,
    };
    !removed && *holder.tenant_id() == admin.tenant
}

fn signed_out(holder: &Holder, event: &Event) -> Result<Change, StoreError> {
    match holder {
        Holder::User(user) => user.signed_out(event),
        Holder::Client(client) => client.signed_out(event),
    }
}

fn event(call: &Call, admin: &Admin, owner: &Owner) -> Event {
    let kind = EventType::SessionExpired;
    Event {
        subject: Some(owner.into()),
        ..call.event_by(kind, Outcome::Success, admin.id(), &admin.tenant)
    }
    .because(REASON)
}

fn no_such(owner: &Owner) -> Error {
    Error::NotFound(match owner {
        Owner::User(_) => "There is no such user",
        Owner::Client(_) => "There is no such client",
    })
}
