//! A user removed by an admin: its sessions end, its names are free, and its profile is erased.

use super::{LAST_ADMIN, TRIES, event_of, lost, names, refuse_conflict, target};
use crate::app::Verifying;
use crate::auth::admin::Admin;
use crate::call::Call;
use crate::error::Error;
use crate::id::UserId;
use crate::store::admins;
use crate::store::event::{EventType, Outcome};

/// Removes a user.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::RoleAboveOwn`]; [`Error::Conflict`] for the tenant's last admin;
/// [`Error::Unavailable`] where others changed the user each time before.
pub async fn remove(app: &Verifying, call: &Call, admin: &Admin, id: &UserId) -> Result<(), Error> {
    let event = |outcome| event_of(call, admin, (EventType::UserDeleted, outcome), Some(id));
    let removed = event(Outcome::Success);
    for _ in 0..TRIES {
        let target = target(app, call, admin, (id, false), |_| true).await?;
        if target.is_last_admin() {
            let conflict = ("last_admin", LAST_ADMIN);
            return refuse_conflict(app, event(Outcome::Failure), conflict).await;
        }
        let user = target.user;
        let mut changes = user.removed(names(&user)?, &removed)?;
        let was_admin = user.is_active_admin();
        changes.extend(admins::change(&user.tenant_id, was_admin, false)?);
        if app.store.make(&changes, &removed).await? {
            return Ok(());
        }
        // Somebody changed the user first, or the tenant's admins: read, and decide again.
    }
    Err(lost())
}
