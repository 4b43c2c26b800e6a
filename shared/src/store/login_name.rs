//! Whose a login name is. The row is made and freed in the transaction that makes or deletes the
//! user, and is unique over all tenants.

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::key::Key;
use super::write::Change;
use crate::id::{TenantId, UserId};

/// The owner of a login name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginNameRow {
    /// The user.
    pub user_id: UserId,
    /// The user's tenant.
    pub tenant_id: TenantId,
}

impl LoginNameRow {
    /// The change that makes this the owner of the name with this key: which is nobody's, or that of
    /// `before`, whom the same transaction removes.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn made(&self, name: Key, before: Option<&UserId>) -> Result<Change, StoreError> {
        let change = Change::put(name, self)?;
        match before {
            None => Ok(change.when("attribute_not_exists(pk)")),
            Some(before) => change.when("user_id = :before").value(":before", before),
        }
    }
}

/// The change that frees the name with this key, if it is this user's or nobody's: never another's.
///
/// # Errors
///
/// When the row cannot be written as it is.
pub fn freed(name: Key, user: &UserId) -> Result<Change, StoreError> {
    Change::delete(name)
        .when("attribute_not_exists(pk) OR user_id = :user")
        .value(":user", user)
}
