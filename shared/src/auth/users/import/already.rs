//! A newcomer beside the user who is there under its id.

use super::{Came, Newcomer};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::password::keys::PasswordKeys;
use crate::store::user::{User, UserStatus};

/// What that makes of the newcomer.
///
/// # Errors
///
/// [`Error::Internal`] where the hash that is there does not open.
pub(super) fn compare(
    newcomer: &Newcomer,
    there: &User,
    keys: &PasswordKeys,
) -> Result<Came, Error> {
    if there.tenant_id != newcomer.user.tenant_id {
        return Ok(Came::Refused(
            "id is that of another tenant's user".to_owned(),
        ));
    }
    if there.status == UserStatus::Deleted {
        return Ok(Came::Refused(
            "id is that of a user who was removed".to_owned(),
        ));
    }
    let differences = differences(newcomer, there, keys)?;
    if differences.is_empty() {
        return Ok(Came::Already);
    }
    Ok(Came::Refused(format!(
        "the user is there already, and differs in {}",
        differences.join(", ")
    )))
}

/// What the user who is there under this id has otherwise. What the newcomer leaves out is not
/// compared, nor what may have changed with every login since it came.
fn differences(
    newcomer: &Newcomer,
    there: &User,
    keys: &PasswordKeys,
) -> Result<Vec<&'static str>, Error> {
    let (user, arrival) = (&newcomer.user, &newcomer.arrival);
    let untouched = there.version == 1;
    let otherwise = |given: Option<Timestamp>, there| given.is_some_and(|at| at != there);
    let mut hash = false;
    if let (Some(phc), Some(sealed), true) =
        (&arrival.password_hash, &there.password_hash, untouched)
    {
        hash = *keys.open(&there.id, sealed)? != **phc;
    }
    let has_hash = arrival.password_hash.is_some() && there.password_hash.is_none();
    let differences = [
        ("email", user.email != there.email),
        ("username", user.username != there.username),
        ("role", user.role != there.role),
        ("status", user.status != there.status),
        ("name", user.name != there.name),
        ("organization", user.organization != there.organization),
        ("aws_region", user.aws_region != there.aws_region),
        (
            "email_verified",
            user.email_verified != there.email_verified,
        ),
        ("is_demo", user.is_demo != there.is_demo),
        ("user_type", user.user_type != there.user_type),
        ("password_hash", hash || has_hash),
        (
            "invite_hash",
            arrival.invite.is_some() && user.invite != there.invite,
        ),
        (
            "created_at",
            otherwise(arrival.created_at, there.created_at),
        ),
        (
            "updated_at",
            untouched && otherwise(arrival.updated_at, there.updated_at),
        ),
    ];
    let differences = differences.into_iter().filter(|(_, differs)| *differs);
    Ok(differences.map(|(name, _)| name).collect())
}
