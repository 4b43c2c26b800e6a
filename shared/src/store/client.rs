//! A client of the API [004]: a program that signs in by an API key.

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::key::Key;
use super::list::Indexed;
use super::tenant::{Tenant, TenantStatus};
use super::write::Change;
use super::{REMOVED_SECONDS, StoreError, api_key};
use crate::api_key::ApiKey;
use crate::clock::Timestamp;
use crate::id::{ClientId, KeyId, TenantId};
use crate::scope::Scope;

/// How many keys a client may have at once: two, so that one is replaced without a pause.
pub const MOST_KEYS: usize = 2;

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
    /// The keys that it may sign in by, at most [`MOST_KEYS`]. A session whose key is not among them is
    /// dead.
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

impl ClientStatus {
    /// Its name, as the API and the table have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
        }
    }
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

    /// The changes that make the client and its first key, with the event of it.
    ///
    /// # Errors
    ///
    /// When a row cannot be written as it is.
    pub fn made(&self, key: &ApiKey, event: &Event) -> Result<[Change; 2], StoreError> {
        let row = Key::client(&self.id);
        let client = NewClient {
            client: Indexed::new(self, &self.tenant_id, &row),
            event,
        };
        Ok([
            Change::put(row, &client)?.when("attribute_not_exists(pk)"),
            api_key::made(key, &self.id, &self.tenant_id)?,
        ])
    }

    /// The change to the name, scope, status and epoch of `after`, where nobody has changed the row
    /// since it was read.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn changed_to(&self, after: &Self, event: &Event) -> Result<Change, StoreError> {
        self.next(
            "SET version = :next, #event = :event, #name = :name, #scope = :scope, \
             #status = :status, epoch = :epoch",
            event,
        )?
        .value(":name", &after.name)?
        .value(":scope", &after.scope)?
        .value(":status", after.status)?
        .value(":epoch", after.epoch)
    }

    /// The change that ends every session of the client, all being of an earlier epoch then.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn signed_out(&self, event: &Event) -> Result<Change, StoreError> {
        let set = "SET version = :next, #event = :event, epoch = :epoch";
        self.next(set, event)?.value(":epoch", self.epoch + 1)
    }

    /// The changes that give the client one key more.
    ///
    /// # Errors
    ///
    /// When a row cannot be written as it is.
    pub fn with_key(&self, key: &ApiKey, event: &Event) -> Result<[Change; 2], StoreError> {
        let mut keys = self.keys.clone();
        keys.push(ClientKey {
            id: key.id().clone(),
            created_at: event.time,
        });
        let set = "SET version = :next, #event = :event, #keys = :keys";
        Ok([
            self.next(set, event)?.value(":keys", keys)?,
            api_key::made(key, &self.id, &self.tenant_id)?,
        ])
    }

    /// The changes that end one of its keys, and with it what was signed in by it.
    ///
    /// # Errors
    ///
    /// When a row cannot be written as it is.
    pub fn without_key(&self, id: &KeyId, event: &Event) -> Result<[Change; 2], StoreError> {
        let keys = self.keys.iter().filter(|key| key.id != *id);
        let keys: Vec<_> = keys.cloned().collect();
        let set = "SET version = :next, #event = :event, #keys = :keys";
        Ok([
            self.next(set, event)?.value(":keys", keys)?,
            api_key::ended(id, event.time)?,
        ])
    }

    /// The changes that remove the client, its keys and every session: no list has it, nothing that
    /// somebody wrote of it is left, and the row goes later.
    ///
    /// # Errors
    ///
    /// When a row cannot be written as it is.
    pub fn removed(&self, event: &Event) -> Result<Vec<Change>, StoreError> {
        let expires_at = event.time.plus_seconds(REMOVED_SECONDS).seconds();
        let client = self
            .next(
                "SET version = :next, #event = :event, #status = :status, #name = :none, \
                 #scope = :none, #keys = :keys, epoch = :epoch, expires_at = :expires_at \
                 REMOVE tenant_pk, tenant_sk",
                event,
            )?
            .value(":status", ClientStatus::Deleted)?
            .value(":none", "")?
            .value(":keys", Vec::<ClientKey>::new())?
            .value(":epoch", self.epoch + 1)?
            .value(":expires_at", expires_at)?;
        let mut changes = vec![client];
        for key in &self.keys {
            changes.push(api_key::ended(&key.id, event.time)?);
        }
        Ok(changes)
    }

    /// A change of the row as it was read, and of no later one.
    fn next(&self, set: &str, event: &Event) -> Result<Change, StoreError> {
        Change::update(Key::client(&self.id), set)
            .when("version = :version")
            .value(":version", self.version)?
            .value(":next", self.version + 1)?
            .value(":event", event)
    }
}

/// A new client among those of its tenant, with the event of it.
#[derive(Serialize)]
struct NewClient<'a> {
    #[serde(flatten)]
    client: Indexed<'a, Client>,
    event: &'a Event,
}
