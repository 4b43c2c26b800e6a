//! A new user, by an invite or with a password: its names are taken in the transaction that makes it, and
//! a name that an expired invite holds is taken from it.

use super::{TRIES, event_of, lost, names, refuse_conflict};
use crate::app::Verifying;
use crate::auth::admin::Admin;
use crate::auth::invite::Invitee;
use crate::auth::login_name::LoginName;
use crate::auth::tenants::founded;
use crate::call::Call;
use crate::error::Error;
use crate::id::{TenantId, UserId};
use crate::store::admins;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::invite::Invite;
use crate::store::key::Key;
use crate::store::login_name::LoginNameRow;
use crate::store::parse;
use crate::store::tenant::record::Record;
use crate::store::user::{User, UserStatus};
use crate::store::write::Change;

/// A name that is wanted, and the user with an expired invite who has it.
struct Claim {
    name: Key,
    before: Option<User>,
}

/// Who somebody is as a user of a tenant, who has neither a password nor an invite yet.
#[must_use]
pub fn newcomer(call: &Call, tenant: &TenantId, invitee: &Invitee) -> User {
    User {
        id: UserId::random(),
        tenant_id: tenant.clone(),
        status: UserStatus::Active,
        role: invitee.role.clone(),
        version: 1,
        epoch: 1,
        password_hash: None,
        invite: None,
        username: invitee.username.as_ref().map(|(text, _)| text.clone()),
        email: invitee.email.0.clone(),
        // Whoever accepts an invite has its token, which proves no address.
        email_verified: false,
        name: invitee.name.clone(),
        organization: invitee.organization.clone(),
        aws_region: None,
        is_demo: false,
        user_type: Vec::new(),
        created_at: call.now,
        updated_at: call.now,
    }
}

/// Makes a user, with its names and its invite; and its tenant, where that is `new`.
///
/// # Errors
///
/// [`Error::Conflict`] where a name is somebody's; [`Error::Unavailable`], also where the tenant is there
/// already.
pub(in crate::auth) async fn make(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    user: &User,
    new: Option<&Record>,
) -> Result<(), Error> {
    let created = (EventType::UserCreated, Outcome::Success);
    let event = event_of(call, admin, created, Some(&user.id));
    for _ in 0..TRIES {
        let claims = match claims(app, call, user).await? {
            Ok(claims) => claims,
            Err(conflict) => {
                let refused = (EventType::UserCreated, Outcome::Failure);
                let event = event_of(call, admin, refused, None);
                return refuse_conflict(app, event, conflict).await;
            }
        };
        let mut changes = changes(call, user, &claims, &event)?;
        changes.extend(new.map(|new| founded(call, admin, new)).transpose()?);
        if app.store.make(&changes, &event).await? {
            return Ok(());
        }
        // Somebody took a name first: read, and decide again.
    }
    Err(lost())
}

/// The names that a user is to have, where they are there for the taking; or why not.
async fn claims(
    app: &Verifying,
    call: &Call,
    user: &User,
) -> Result<Result<Vec<Claim>, (&'static str, &'static str)>, Error> {
    let taken = [
        ("email_taken", "The email is taken"),
        ("username_taken", "The username is taken"),
    ];
    let wanted = [Some(&user.email), user.username.as_ref()];
    let wanted = wanted.into_iter().flatten();
    let keys = wanted.map(|name| {
        let name = LoginName::parse("name", name)?;
        Ok(Key::login_name(&name.hash()))
    });
    let keys = keys.collect::<Result<Vec<Key>, Error>>()?;
    let rows = app.store.read_all(&keys).await?;
    let mut claims = Vec::with_capacity(keys.len());
    for ((name, row), taken) in keys.into_iter().zip(rows).zip(taken) {
        let Some(row) = row else {
            claims.push(Claim { name, before: None });
            continue;
        };
        let owner: LoginNameRow = parse(row, "login name")?;
        let [before] = app.store.read([&Key::user(&owner.user_id)]).await?;
        let before: Option<User> = before.map(|row| parse(row, "user")).transpose()?;
        let before = before.filter(|user| user.is_expired_invite(call.now));
        if before.is_none() {
            return Ok(Err(taken));
        }
        claims.push(Claim { name, before });
    }
    Ok(Ok(claims))
}

/// The changes that make the user, its names and its invite, and remove those whose expired invites
/// had the names. One who is an admin at once counts among the tenant's.
fn changes(
    call: &Call,
    user: &User,
    claims: &[Claim],
    event: &Event,
) -> Result<Vec<Change>, Error> {
    let owner = LoginNameRow {
        user_id: user.id.clone(),
        tenant_id: user.tenant_id.clone(),
    };
    let mut changes = vec![user.made(event)?];
    let mut removed: Vec<&UserId> = Vec::new();
    for Claim { name, before } in claims {
        let id = before.as_ref().map(|before| &before.id);
        changes.push(owner.made(name.clone(), id)?);
        let Some(before) = before
            .as_ref()
            .filter(|before| !removed.contains(&&before.id))
        else {
            continue;
        };
        removed.push(&before.id);
        let mut others = names(before)?;
        others.retain(|other| claims.iter().all(|claim| claim.name != *other));
        changes.extend(before.removed(others, &expired(call, before))?);
    }
    if let Some(current) = &user.invite {
        let invite = Invite {
            user_id: owner.user_id,
            tenant_id: owner.tenant_id,
            expires_at: current.expires_at,
        };
        changes.push(invite.made(&current.hash)?);
    }
    let is_admin = user.is_active_admin();
    changes.extend(admins::change(&user.tenant_id, false, is_admin)?);
    Ok(changes)
}

/// The event of a user who is removed since its invite has expired. It may be another tenant's, whose
/// admins are told neither who took the name nor from where.
fn expired(call: &Call, user: &User) -> Event {
    Event {
        subject: Some((&user.id).into()),
        tenant_id: Some(user.tenant_id.clone()),
        ip: String::new(),
        user_agent: String::new(),
        ..call.event(EventType::UserDeleted, Outcome::Success)
    }
    .because("invite_expired")
}
