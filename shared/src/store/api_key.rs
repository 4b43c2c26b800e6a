//! An API key: whose it is, and the hash of its secret.

use serde::{Deserialize, Serialize};

use super::key::Key;
use super::write::Change;
use super::{REMOVED_SECONDS, StoreError};
use crate::api_key::{ApiKey, SecretHash};
use crate::clock::Timestamp;
use crate::id::{ClientId, KeyId, TenantId};

/// A key's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKeyRow {
    /// The client that signs in by it.
    pub client_id: ClientId,
    /// The client's tenant.
    pub tenant_id: TenantId,
    /// Of its secret.
    pub hash: SecretHash,
    /// When it was ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked_at: Option<Timestamp>,
}

/// When a key was last used; written by `audit` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySeen {
    /// The last sign-in by it.
    pub last_used_at: Option<Timestamp>,
}

/// The change that makes a key. It belongs into the transaction that names it in its client's row.
///
/// # Errors
///
/// When the row cannot be written as it is.
pub fn made(key: &ApiKey, client: &ClientId, tenant: &TenantId) -> Result<Change, StoreError> {
    let row = ApiKeyRow {
        client_id: client.clone(),
        tenant_id: tenant.clone(),
        hash: key.hash(),
        revoked_at: None,
    };
    let change = Change::put(Key::api_key(key.id()), &row)?;
    Ok(change.when("attribute_not_exists(pk)"))
}

/// The change that ends a key. It belongs into the transaction that takes it out of its client's row.
///
/// # Errors
///
/// When the row cannot be written as it is.
pub fn ended(id: &KeyId, now: Timestamp) -> Result<Change, StoreError> {
    Change::update(
        Key::api_key(id),
        "SET revoked_at = :now, expires_at = :expires_at",
    )
    .when("attribute_exists(pk) AND attribute_not_exists(revoked_at)")
    .value(":now", now)?
    .value(":expires_at", now.plus_seconds(REMOVED_SECONDS).seconds())
}
