//! A user's name, role and status, changed by an admin.

use super::{LAST_ADMIN, TRIES, event_of, lost, refuse_conflict, refuse_rank, target};
use crate::app::Verifying;
use crate::auth::admin::Admin;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::UserId;
use crate::role::{Rank, Role};
use crate::store::admins;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::user::{User, UserStatus};

/// What an admin wants to be otherwise; what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The name to show.
    pub name: Option<String>,
    /// The role.
    pub role: Option<Role>,
    /// Whether the user may sign in: active or suspended.
    pub status: Option<UserStatus>,
}

/// Changes a user; gives it as it is then, and when it last signed in. What is so already is not
/// written.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::RoleAboveOwn`], [`Error::BadRequest`] for a role that only the command
/// line gives; [`Error::Conflict`] for the tenant's last admin, and for a user who has no password to
/// be active with; [`Error::Unavailable`] where others changed the user each time before.
pub async fn change(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    id: &UserId,
    wanted: &Wanted,
) -> Result<(User, Option<Timestamp>), Error> {
    for _ in 0..TRIES {
        let goes = |user: &User| !changed(user, wanted).is_active_admin();
        let target = target(app, call, admin, (id, true), goes).await?;
        let before = &target.user;
        if let Some(role) = wanted.role.as_ref().filter(|role| **role != before.role) {
            may_be_given(app, call, admin, role).await?;
        }
        let mut after = changed(before, wanted);
        let recorded = |outcome| event(call, admin, before, &after, outcome);
        if let Some(conflict) = conflict(before, wanted) {
            return refuse_conflict(app, recorded(Outcome::Failure), conflict).await;
        }
        if target.is_last_admin() && !after.is_active_admin() {
            let conflict = ("last_admin", LAST_ADMIN);
            return refuse_conflict(app, recorded(Outcome::Failure), conflict).await;
        }
        if after == *before {
            return Ok((after, target.last_login));
        }
        let event = recorded(Outcome::Success);
        let (was, will_be) = (before.is_active_admin(), after.is_active_admin());
        let mut changes = vec![before.changed_to(&after, &event)?];
        changes.extend(admins::change(&before.tenant_id, was, will_be)?);
        if app.store.make(&changes, &event).await? {
            after.version += 1;
            after.updated_at = call.now;
            return Ok((after, target.last_login));
        }
        // Somebody changed the user first, or the tenant's admins: read, and decide again.
    }
    Err(lost())
}

/// Whether an admin may give this role to somebody.
///
/// # Errors
///
/// [`Error::RoleAboveOwn`], which is recorded; [`Error::BadRequest`] for `super_admin` by anybody but the
/// operator.
pub(in crate::auth) async fn may_be_given(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    role: &Role,
) -> Result<(), Error> {
    if role.rank() > admin.rank() {
        return refuse_rank(app, call, admin).await;
    }
    if role.rank() == Rank::SuperAdmin && admin.rank() < Rank::Operator {
        return Err(Error::BadRequest(
            "role cannot be super_admin, which only the command line gives".to_owned(),
        ));
    }
    Ok(())
}

/// The user as it is wanted.
fn changed(before: &User, wanted: &Wanted) -> User {
    let mut after = before.clone();
    if let Some(name) = &wanted.name {
        after.name = Some(name.clone());
    }
    if let Some(role) = &wanted.role {
        after.role = role.clone();
    }
    if let Some(status) = wanted.status.filter(|status| *status != before.status) {
        after.status = status;
        if status == UserStatus::Suspended {
            // Every session ends, and so does an invite.
            after.epoch += 1;
            after.invite = None;
        }
    }
    after
}

/// Why the user cannot be active, where that is wanted.
fn conflict(before: &User, wanted: &Wanted) -> Option<(&'static str, &'static str)> {
    if wanted.status != Some(UserStatus::Active) {
        return None;
    }
    if before.status == UserStatus::Invited {
        return Some((
            "invited",
            "An invited user becomes active by accepting the invite",
        ));
    }
    before
        .password_hash
        .is_none()
        .then_some(("no_password", "A user without a password cannot be active"))
}

/// The one event of a change: of several things that change, the gravest.
fn event(call: &Call, admin: &Admin, before: &User, after: &User, outcome: Outcome) -> Event {
    let suspended = after.status == UserStatus::Suspended && before.status != after.status;
    let roles = (before.role != after.role).then(|| {
        let text = |role: &Role| role.as_str().to_owned();
        (text(&before.role), text(&after.role))
    });
    let kind = match &roles {
        _ if suspended => EventType::UserArchived,
        Some(_) => EventType::AuthzChange,
        None => EventType::UserUpdated,
    };
    let (from, to) = roles.unzip();
    Event {
        from,
        to,
        ..event_of(call, admin, (kind, outcome), Some(&before.id))
    }
}
