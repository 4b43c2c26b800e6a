//! Whose a login name is. The row is made and freed in the transaction that makes or deletes the
//! user, and is unique over all tenants.

use serde::{Deserialize, Serialize};

use crate::id::{TenantId, UserId};

/// The owner of a login name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginNameRow {
    /// The user.
    pub user_id: UserId,
    /// The user's tenant.
    pub tenant_id: TenantId,
}
