//! Who the users of a tenant are: for its admins, and for clients that may read users.

use super::{NO_SUCH_USER, last_login, present};
use crate::app::Verifying;
use crate::auth::access::{self, Caller, Principal};
use crate::auth::admin;
use crate::auth::holder::Holder;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::{TenantId, UserId};
use crate::store::key::Key;
use crate::store::list::Listed;
use crate::store::session::Session;
use crate::store::user::User;

/// The scope that lets a client read users [002].
const READ_USERS: &str = "read:users";

/// A user, and when it last signed in.
pub type Seen = (User, Option<Timestamp>);

/// The tenant whose users the caller may see: its own, or `tenant`, which a `super_admin` may name; and
/// the caller's session.
///
/// # Errors
///
/// As [`admin::authenticate`]; [`Error::ScopeRefused`], which is recorded, for a client that may not
/// read users.
pub async fn tenant_of_reader(
    app: &Verifying,
    call: &Call,
    token: Option<&str>,
    tenant: Option<&str>,
) -> Result<(TenantId, Session), Error> {
    let principal = access::authenticate_any(app, call, token).await?;
    let scope = principal.scope();
    let Principal {
        session,
        holder,
        tenant: own,
        ..
    } = principal;
    let client = match holder {
        Holder::User(user) => {
            let caller = Caller {
                session: session.clone(),
                user,
                tenant: own,
            };
            let admin = admin::authorize(app, call, caller, tenant).await?;
            return Ok((admin.tenant, session));
        }
        Holder::Client(client) => client,
    };
    if !scope.is_some_and(|scope| scope.allows(READ_USERS)) {
        let refusal = Error::ScopeRefused(format!("The scope {READ_USERS} is needed"));
        let holder = Holder::Client(client);
        return access::refuse(app, call, &holder, "scope", refusal).await;
    }
    match tenant {
        Some(tenant) if tenant != own.id.as_str() => {
            Err(Error::NotFound("There is no such tenant"))
        }
        _ => Ok((own.id, session)),
    }
}

/// At most `limit` users of a tenant after the position `after`, in the order of their ids, for the
/// caller of this session, if it has one; and the position after which there are more.
///
/// # Errors
///
/// When the table is away, or a row malformed.
pub async fn list(
    app: &Verifying,
    (tenant, session): (&TenantId, Option<&Session>),
    limit: usize,
    after: Option<&str>,
) -> Result<(Vec<Seen>, Option<String>), Error> {
    let (ids, more) = app.store.list(tenant, Listed::Users, limit, after).await?;
    let users = ids.iter().map(|id| UserId::from(id.as_str()));
    let keys: Vec<Key> = users
        .flat_map(|id| [Key::user(&id), Key::seen(&id)])
        .collect();
    let mut rows = app.store.read_all(&keys).await?.into_iter();
    let mut users = Vec::with_capacity(ids.len());
    while let (Some(user), Some(seen)) = (rows.next(), rows.next()) {
        // The index is behind the table by moments.
        if let Some(user) = present(user, tenant)? {
            let last_login = last_login(session, &user.id, seen)?;
            users.push((user, last_login));
        }
    }
    let next = ids.into_iter().next_back().filter(|_| more);
    Ok((users, next))
}

/// One user of a tenant, for the caller of this session, if it has one.
///
/// # Errors
///
/// [`Error::NotFound`] for one that is not there, has been removed or is another tenant's, alike.
pub async fn one(
    app: &Verifying,
    (tenant, session): (&TenantId, Option<&Session>),
    id: &UserId,
) -> Result<Seen, Error> {
    let keys = (Key::user(id), Key::seen(id));
    let [user, seen] = app.store.read([&keys.0, &keys.1]).await?;
    let user = present(user, tenant)?.ok_or(NO_SUCH_USER)?;
    let last_login = last_login(session, id, seen)?;
    Ok((user, last_login))
}
