//! Passwords that the operator gives: to a new user, and to one who has lost theirs.

use zeroize::Zeroizing;

use super::newcomer::make;
use super::{TRIES, event_of, lost, refuse_conflict, target};
use crate::app::{PASSWORDS_SECRET, Verifying};
use crate::auth::admin::Admin;
use crate::auth::users::change::may_be_given;
use crate::call::Call;
use crate::error::Error;
use crate::id::UserId;
use crate::password::{Passwords, policy};
use crate::store::event::{EventType, Outcome};
use crate::store::tenant::Tenant;
use crate::store::tenant::record::Record;
use crate::store::user::{User, UserStatus};

/// Whether a password will do for a user of a tenant.
///
/// # Errors
///
/// [`Error::PasswordRejected`], with the advice.
pub fn judge(tenant: &Tenant, user: &User, password: &str) -> Result<(), Error> {
    let words = user.guessable_words();
    policy::check(&tenant.policy.password, password, &words).map_err(Error::PasswordRejected)
}

/// Makes a user who may sign in at once, by this password; and its tenant, where that is `new`. Gives the
/// user.
///
/// # Errors
///
/// [`Error::RoleAboveOwn`], [`Error::BadRequest`] for a role that only the command line gives;
/// [`Error::PasswordRejected`]; [`Error::Conflict`] where a name is somebody's; [`Error::Unavailable`].
pub async fn create(
    (app, passwords): (&Verifying, &Passwords),
    call: &Call,
    admin: &Admin,
    (tenant, new): (&Tenant, Option<&Record>),
    user: &User,
    password: &Zeroizing<String>,
) -> Result<User, Error> {
    may_be_given(app, call, admin, &user.role).await?;
    judge(tenant, user, password)?;
    let keys = passwords.keys(call.now).await;
    let keys = keys.map_err(|error| error.of(PASSWORDS_SECRET))?;
    let user = User {
        password_hash: Some(passwords.hash(&keys, &user.id, password)?),
        ..user.clone()
    };
    make(app, call, admin, &user, new).await?;
    Ok(user)
}

/// Gives a user another password: every session of it ends.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::RoleAboveOwn`], which is recorded; [`Error::PasswordRejected`];
/// [`Error::Conflict`] for an invited user, whose first password is the invite's to set;
/// [`Error::Unavailable`] where others changed the user each time before.
pub async fn reset(
    (app, passwords): (&Verifying, &Passwords),
    call: &Call,
    admin: &Admin,
    tenant: &Tenant,
    id: &UserId,
    password: &Zeroizing<String>,
) -> Result<(), Error> {
    let event = |outcome| {
        event_of(
            call,
            admin,
            (EventType::AuthnPasswordChange, outcome),
            Some(id),
        )
    };
    let keys = passwords.keys(call.now).await;
    let keys = keys.map_err(|error| error.of(PASSWORDS_SECRET))?;
    for _ in 0..TRIES {
        let user = target(app, call, admin, (id, false), |_| false).await?.user;
        if user.status == UserStatus::Invited {
            let conflict = (
                "invited",
                "An invited user sets the first password by accepting the invite",
            );
            return refuse_conflict(app, event(Outcome::Failure), conflict).await;
        }
        judge(tenant, &user, password)?;
        let sealed = passwords.hash(&keys, id, password)?;
        let event = event(Outcome::Success);
        let change = user.new_password(&sealed, &event)?;
        if app.store.make(&[change], &event).await? {
            return Ok(());
        }
        // Somebody changed the user first: read, and decide again.
    }
    Err(lost())
}
