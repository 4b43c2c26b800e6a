//! The row of a tenant as the operator makes and changes it: with what no function needs to know.

use serde::{Deserialize, Serialize};

use super::{Policy, Tenant, TenantStatus};
use crate::clock::Timestamp;
use crate::id::{EventId, TenantId};
use crate::store::event::Event;
use crate::store::key::Key;
use crate::store::write::Change;
use crate::store::{Item, Store, StoreError, parse};

/// A tenant, and what is kept of it beside.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The tenant.
    pub tenant: Tenant,
    /// The name to show.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// The event of its last change.
    last: Option<EventId>,
}

/// What [`Tenant`] leaves out of the row.
#[derive(Deserialize)]
struct Beside {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    created_at: Option<Timestamp>,
    #[serde(default)]
    event: Option<LastEvent>,
}

#[derive(Deserialize)]
struct LastEvent {
    id: EventId,
}

/// A new row.
#[derive(Serialize)]
struct NewTenant<'a> {
    #[serde(flatten)]
    tenant: &'a Tenant,
    name: Option<&'a str>,
    created_at: Option<Timestamp>,
    event: &'a Event,
}

impl Record {
    /// A new tenant, in use, as the deployment has it.
    #[must_use]
    pub fn new(id: TenantId, name: Option<String>, now: Timestamp) -> Self {
        let tenant = Tenant {
            id,
            status: TenantStatus::Active,
            policy: Policy::default(),
        };
        Self {
            tenant,
            name,
            created_at: Some(now),
            last: None,
        }
    }

    /// Reads a row.
    ///
    /// # Errors
    ///
    /// Where it is none of a tenant.
    pub fn of(row: Item) -> Result<Self, StoreError> {
        let tenant = parse(row.clone(), "tenant")?;
        let beside: Beside = parse(row, "tenant")?;
        Ok(Self {
            tenant,
            name: beside.name,
            created_at: beside.created_at,
            last: beside.event.map(|event| event.id),
        })
    }

    /// The change that makes the tenant, unless it is there.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn made(&self, event: &Event) -> Result<Change, StoreError> {
        let row = NewTenant {
            tenant: &self.tenant,
            name: self.name.as_deref(),
            created_at: self.created_at,
            event,
        };
        let change = Change::put(Key::tenant(&self.tenant.id), &row)?;
        Ok(change.when("attribute_not_exists(pk)"))
    }

    /// The change to the name, status and policy of `after`, where nobody has changed the row since it
    /// was read: the last event of it is the one that was seen.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn changed_to(&self, after: &Self, event: &Event) -> Result<Change, StoreError> {
        let mut update = "SET #event = :event, #status = :status, policy = :policy".to_owned();
        update.push_str(match &after.name {
            Some(_) => ", #name = :name",
            None => " REMOVE #name",
        });
        let mut change = Change::update(Key::tenant(&self.tenant.id), &update)
            .value(":event", event)?
            .value(":status", after.tenant.status)?
            .value(":policy", &after.tenant.policy)?;
        if let Some(name) = &after.name {
            change = change.value(":name", name)?;
        }
        match &self.last {
            Some(last) => change.when("#event.id = :last").value(":last", last),
            None => Ok(change.when("attribute_exists(pk) AND attribute_not_exists(#event)")),
        }
    }
}

impl Store {
    /// A tenant, if it is there.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or the row is malformed.
    pub async fn tenant_record(&self, id: &TenantId) -> Result<Option<Record>, StoreError> {
        let [row] = self.read([&Key::tenant(id)]).await?;
        row.map(Record::of).transpose()
    }
}
