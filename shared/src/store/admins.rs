//! How many active admins a tenant has: with it, no race leaves a tenant without one.

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::key::Key;
use super::write::Change;
use crate::id::TenantId;

/// The row of a tenant's admins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminsRow {
    /// The number of its users that are active and admin or `super_admin`.
    pub admin_count: u64,
}

/// The change of a tenant's count where a user that was an active admin (or not) is one (or not)
/// afterwards; `None` where that makes no difference. It belongs into the transaction that changes
/// the user, which it refuses where the last admin would go.
///
/// # Errors
///
/// When the row cannot be written as it is.
pub fn change(tenant: &TenantId, was: bool, will_be: bool) -> Result<Option<Change>, StoreError> {
    let change = Change::update(Key::admins(tenant), "ADD admin_count :by");
    match (was, will_be) {
        (false, true) => change.value(":by", 1).map(Some),
        (true, false) => change
            .when("admin_count > :one")
            .value(":by", -1)?
            .value(":one", 1)
            .map(Some),
        _ => Ok(None),
    }
}
