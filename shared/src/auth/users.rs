//! Users of a tenant, as its admins see and change them.

pub mod change;
pub mod import;
pub mod list;
pub mod named;
pub mod newcomer;
pub mod password;
pub mod remove;

use super::access::{self, recorded_login};
use super::admin::Admin;
use super::holder::Holder;
use super::login_name::LoginName;
use crate::app::Verifying;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::{TenantId, UserId};
use crate::store::admins::AdminsRow;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::key::Key;
use crate::store::session::{Owner, Session};
use crate::store::user::{User, UserStatus};
use crate::store::{Item, StoreError, parse};

/// How often a change that others overtake is decided anew.
pub(super) const TRIES: u32 = 3;

const LAST_ADMIN: &str = "The tenant's last admin cannot be demoted, suspended or removed";

/// A user whom an admin may change, and what is stored beside.
struct Target {
    user: User,
    /// `None` also where nobody asked for it.
    last_login: Option<Timestamp>,
    /// How many active admins the user's tenant has.
    admins: u64,
}

impl Target {
    /// Whether the tenant would have no admin if this user were one no more.
    fn is_last_admin(&self) -> bool {
        self.user.is_active_admin() && self.admins <= 1
    }
}

/// The user of the admin's tenant with this id, whose role is not above the admin's; where `with_login`,
/// with its last login. Where the tenant seems to lose its last admin, since the user `goes`, that is
/// read once more: several rows read together are no snapshot, and the refusal would be final.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::RoleAboveOwn`], which is recorded.
async fn target(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    (id, with_login): (&UserId, bool),
    goes: impl Fn(&User) -> bool,
) -> Result<Target, Error> {
    let target = read(app, call, admin, id, with_login).await?;
    if target.is_last_admin() && goes(&target.user) {
        return read(app, call, admin, id, with_login).await;
    }
    Ok(target)
}

async fn read(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    id: &UserId,
    with_login: bool,
) -> Result<Target, Error> {
    let mut keys = vec![Key::user(id), Key::admins(&admin.tenant)];
    keys.extend(with_login.then(|| Key::seen(id)));
    let mut rows = app.store.read_all(&keys).await?.into_iter();
    let mut next = || rows.next().flatten();
    let (user, admins, seen) = (next(), next(), next());
    let user = present(user, &admin.tenant)?.ok_or(NO_SUCH_USER)?;
    if user.role.rank() > admin.rank() {
        return refuse_rank(app, call, admin).await;
    }
    let admins: Option<AdminsRow> = admins.map(|row| parse(row, "admins")).transpose()?;
    Ok(Target {
        user,
        last_login: last_login(admin.session(), id, seen)?,
        admins: admins.map_or(0, |row| row.admin_count),
    })
}

/// When a user last signed in, as far as `audit` has recorded it; the caller's own login, by which it
/// holds its session, counts before that.
fn last_login(
    caller: Option<&Session>,
    id: &UserId,
    seen: Option<Item>,
) -> Result<Option<Timestamp>, StoreError> {
    let own = caller.filter(|session| session.owner == Owner::User(id.clone()));
    let own = own.map(|session| session.created_at);
    Ok(recorded_login(seen)?.max(own))
}

const NO_SUCH_USER: Error = Error::NotFound("There is no such user");

/// The user in this row, if it is one of `tenant`'s and has not been removed.
fn present(row: Option<Item>, tenant: &TenantId) -> Result<Option<User>, StoreError> {
    let user: Option<User> = row.map(|row| parse(row, "user")).transpose()?;
    Ok(user.filter(|user| user.tenant_id == *tenant && user.status != UserStatus::Deleted))
}

/// The keys of a user's login names.
///
/// # Errors
///
/// [`Error::Internal`] where a stored name is none.
pub(super) fn names(user: &User) -> Result<Vec<Key>, Error> {
    let names = user.username.iter().chain([&user.email]);
    names
        .map(|name| {
            let name = LoginName::parse("name", name);
            let name = name.map_err(|_| StoreError::Malformed("user"))?;
            Ok(Key::login_name(&name.hash()))
        })
        .collect()
}

/// An audit event of what an admin does with a user.
pub(super) fn event_of(
    call: &Call,
    admin: &Admin,
    (kind, outcome): (EventType, Outcome),
    user: Option<&UserId>,
) -> Event {
    Event {
        subject: user.map(Into::into),
        ..call.event_by(kind, outcome, admin.id(), &admin.tenant)
    }
}

/// Records that a role is above the admin's own.
///
/// # Errors
///
/// [`Error::RoleAboveOwn`], or that the table is away.
pub(super) async fn refuse_rank<T>(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
) -> Result<T, Error> {
    let Some(caller) = &admin.caller else {
        return Err(Error::RoleAboveOwn);
    };
    let holder = Holder::User(caller.user.clone());
    access::refuse(app, call, &holder, "role_above_own", Error::RoleAboveOwn).await
}

/// Records that what an admin asked for stands against what is stored.
///
/// # Errors
///
/// [`Error::Conflict`], or that the table is away.
pub(super) async fn refuse_conflict<T>(
    app: &Verifying,
    event: Event,
    (reason, what): (&str, &'static str),
) -> Result<T, Error> {
    app.store.put_event(&event.because(reason)).await?;
    Err(Error::Conflict(what))
}

/// That others changed a user each time before it could be changed.
pub(super) fn lost() -> Error {
    Error::Unavailable("a change of a user was lost to others".to_owned())
}
