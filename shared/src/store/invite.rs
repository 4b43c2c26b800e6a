//! An invite: whose first password whoever has its token may set. It is worth something only while its
//! user names it, so that ending it is a change of the user alone; TTL removes the row.

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::key::Key;
use super::write::Change;
use crate::id::{TenantId, UserId};

/// How long an invite may be accepted, in seconds.
pub const LIFETIME_SECONDS: i64 = 7 * 86_400;

/// An invite's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Who is invited.
    pub user_id: UserId,
    /// The user's tenant.
    pub tenant_id: TenantId,
    /// When it expires, in Unix seconds.
    pub expires_at: i64,
}

impl Invite {
    /// The change that makes the invite whose token has this hash.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn made(&self, hash: &str) -> Result<Change, StoreError> {
        Ok(Change::put(Key::invite(hash), self)?.when("attribute_not_exists(pk)"))
    }
}
