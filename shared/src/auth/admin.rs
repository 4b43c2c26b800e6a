//! Admins: who may see and change users, clients, credentials and the audit log. By the role that is
//! stored now, never by the token's.

use super::access::{self, Caller};
use super::holder::Holder;
use crate::app::Verifying;
use crate::call::Call;
use crate::error::Error;
use crate::id::{PrincipalId, TenantId};
use crate::role::Rank;
use crate::store::key::Key;
use crate::store::session::Session;

/// Who acts on a tenant, and on which.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The admin; `None` is the operator, at the command line.
    pub caller: Option<Caller>,
    /// An admin's own tenant, or the one that a `super_admin` or the operator has named.
    pub tenant: TenantId,
}

/// The operator as the actor of an event: which of them, the user agent says.
pub(super) const OPERATOR: &str = "operator";

impl Admin {
    /// The operator, acting on a tenant.
    #[must_use]
    pub fn operator(tenant: TenantId) -> Self {
        let caller = None;
        Self { caller, tenant }
    }

    /// How much it may.
    pub(super) fn rank(&self) -> Rank {
        let caller = self.caller.as_ref();
        caller.map_or(Rank::Operator, |caller| caller.user.role.rank())
    }

    /// Who it is, in an event.
    pub(super) fn id(&self) -> PrincipalId {
        let caller = self.caller.as_ref();
        caller.map_or(PrincipalId::from(OPERATOR), |caller| {
            (&caller.user.id).into()
        })
    }

    /// The session of an admin.
    pub(super) fn session(&self) -> Option<&Session> {
        self.caller.as_ref().map(|caller| &caller.session)
    }
}

/// The admin whose token this is, and the tenant that it acts on: `tenant`, where that is given.
///
/// # Errors
///
/// As [`access::authenticate`]; [`Error::RoleTooLow`], which is recorded; [`Error::NotFound`] for a
/// tenant that is not an admin's own, or that is not there.
pub async fn authenticate(
    app: &Verifying,
    call: &Call,
    token: Option<&str>,
    tenant: Option<&str>,
) -> Result<Admin, Error> {
    let caller = access::authenticate(app, call, token).await?;
    authorize(app, call, caller, tenant).await
}

/// As [`authenticate`], of a caller that is authenticated.
///
/// # Errors
///
/// As [`authenticate`].
pub async fn authorize(
    app: &Verifying,
    call: &Call,
    caller: Caller,
    tenant: Option<&str>,
) -> Result<Admin, Error> {
    let rank = caller.user.role.rank();
    if rank < Rank::Admin {
        let holder = Holder::User(caller.user);
        return access::refuse(app, call, &holder, "role", Error::RoleTooLow).await;
    }
    let own = caller.user.tenant_id.clone();
    let tenant = tenant.map_or_else(|| own.clone(), TenantId::from);
    if tenant != own {
        let [there] = match rank {
            Rank::SuperAdmin => app.store.read([&Key::tenant(&tenant)]).await?,
            _ => [None],
        };
        if there.is_none() {
            return Err(Error::NotFound("There is no such tenant"));
        }
    }
    let caller = Some(caller);
    Ok(Admin { caller, tenant })
}
