//! What of the first tenant and its first super_admin is there already.

use shared::auth::invite::Invitee;
use shared::id::TenantId;
use shared::role::Rank;
use shared::store::admins::AdminsRow;
use shared::store::key::Key;
use shared::store::login_name::LoginNameRow;
use shared::store::parse;
use shared::store::tenant::record::Record;
use shared::store::user::{User, UserStatus};

use crate::failure::Failure;
use crate::operator::Operator;

/// How far it is.
pub enum State {
    /// Nothing is there.
    Nothing,
    /// The tenant is, and it has no admin.
    TenantThere(Record),
    /// Both are.
    Done(User),
}

/// Looks.
///
/// # Errors
///
/// Where what is there is something else than what is wanted.
pub async fn look(
    operator: &Operator,
    tenant: &TenantId,
    invitee: &Invitee,
) -> Result<State, Failure> {
    let store = &operator.app.store;
    let name = Key::login_name(&invitee.email.1.hash());
    let keys = (Key::tenant(tenant), Key::admins(tenant));
    let [record, admins, name] = store.read([&keys.0, &keys.1, &name]).await?;
    let name: Option<LoginNameRow> = name.map(|row| parse(row, "login name")).transpose()?;
    if let Some(name) = name {
        let [user] = store.read([&Key::user(&name.user_id)]).await?;
        let user: Option<User> = user.map(|row| parse(row, "user")).transpose()?;
        // The names of an expired invite are there for the taking.
        let user = user.filter(|user| !user.is_expired_invite(operator.now()));
        if let Some(user) = user {
            return there(tenant, user);
        }
    }
    let Some(record) = record else {
        return Ok(State::Nothing);
    };
    let admins: Option<AdminsRow> = admins.map(|row| parse(row, "admins")).transpose()?;
    match admins.map_or(0, |admins| admins.admin_count) {
        0 => Ok(State::TenantThere(Record::of(record)?)),
        count => Err(Failure::new(format!(
            "the tenant {tenant} is there already and has {count} active {}: init makes only the first. \
             For one more: gatehouse users create {tenant} --role super_admin",
            if count == 1 { "admin" } else { "admins" }
        ))),
    }
}

/// Somebody has the e-mail address.
fn there(tenant: &TenantId, user: User) -> Result<State, Failure> {
    let User { id, role, .. } = &user;
    let of = &user.tenant_id;
    if of != tenant || role.rank() != Rank::SuperAdmin {
        return Err(Failure::new(format!(
            "the e-mail address is taken by user {id} of tenant {of}, role {}; a role is given by: \
             gatehouse users update {of} {id} --role super_admin",
            role.as_str()
        )));
    }
    match user.status {
        UserStatus::Active => Ok(State::Done(user)),
        UserStatus::Suspended => Err(Failure::new(format!(
            "the super_admin is there and suspended; it may sign in again by: \
             gatehouse users update {of} {id} --status active"
        ))),
        UserStatus::Invited | UserStatus::Deleted => Err(Failure::new(format!(
            "the super_admin has been invited already, and the invite's token is shown only once; for \
             another: gatehouse users delete {of} {id}, then this again"
        ))),
    }
}
