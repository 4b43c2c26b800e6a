//! A client of the API [004]: a program that signs in by an API key.

use serde::{Deserialize, Serialize};

use super::tenant::{Tenant, TenantStatus};
use crate::clock::Timestamp;
use crate::id::{ClientId, KeyId, TenantId};
use crate::scope::Scope;

/// A client's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// Its tenant.
    pub tenant_id: TenantId,
    /// The name to show.
    pub name: String,
    /// What its tokens may do.
    pub scope: Scope,
    /// Whether it may sign in.
    pub status: ClientStatus,
    /// Counts the changes of the row: each is conditional on the version that it read.
    pub version: u64,
    /// Counts what ends every session: sessions of an earlier epoch are dead.
    pub epoch: u64,
    /// The keys that it may sign in by, at most two. A session whose key is not among them is dead.
    pub keys: Vec<ClientKey>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a client's row says of one of its keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientKey {
    /// The key's id.
    pub id: KeyId,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whether a client may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientStatus {
    /// It may.
    Active,
    /// It may not, until an admin says so.
    Suspended,
    /// It has been removed.
    Deleted,
}

impl Client {
    /// Whether the client may have sessions: it and `tenant`, which has to be its own, are active.
    #[must_use]
    pub fn is_active_in(&self, tenant: &Tenant) -> bool {
        self.status == ClientStatus::Active
            && self.tenant_id == tenant.id
            && tenant.status == TenantStatus::Active
    }

    /// Whether this is one of its keys.
    #[must_use]
    pub fn has_key(&self, id: &KeyId) -> bool {
        self.keys.iter().any(|key| key.id == *id)
    }
}
