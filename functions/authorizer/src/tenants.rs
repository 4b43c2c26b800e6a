//! Tenants that an instance has seen: what it needs of them where it does not look at sessions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shared::app::Verifying;
use shared::clock::Timestamp;
use shared::error::Error;
use shared::id::TenantId;
use shared::store::key::Key;
use shared::store::parse;
use shared::store::tenant::{Tenant, TenantStatus};

/// How long a tenant is remembered.
const REMEMBERED_SECONDS: i64 = 60;
/// When so many are, those that are too old are forgotten.
const MANY: usize = 1024;

/// Tenants as they were when they were read. Only those that signed tokens name get here.
#[derive(Debug, Default)]
pub struct Tenants {
    known: Mutex<HashMap<TenantId, (Arc<Tenant>, Timestamp)>>,
}

impl Tenants {
    /// The tenant, if it is there and active; as it was within the last minute.
    ///
    /// # Errors
    ///
    /// When the table is away or the row malformed.
    pub async fn get(
        &self,
        base: &Verifying,
        id: &TenantId,
        now: Timestamp,
    ) -> Result<Option<Arc<Tenant>>, Error> {
        let active = |tenant: &Arc<Tenant>| tenant.status == TenantStatus::Active;
        if let Some(tenant) = self.remembered(id, now) {
            return Ok(Some(tenant).filter(active));
        }
        let [Some(row)] = base.store.read([&Key::tenant(id)]).await? else {
            return Ok(None);
        };
        let tenant: Arc<Tenant> = Arc::new(parse(row, "tenant")?);
        self.remember(Arc::clone(&tenant), now);
        Ok(Some(tenant).filter(active))
    }

    fn remembered(&self, id: &TenantId, now: Timestamp) -> Option<Arc<Tenant>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (tenant, read_at) = known.get(id)?;
        is_young(*read_at, now).then(|| Arc::clone(tenant))
    }

    fn remember(&self, tenant: Arc<Tenant>, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MANY {
            known.retain(|_, (_, read_at)| is_young(*read_at, now));
        }
        known.insert(tenant.id.clone(), (tenant, now));
    }
}

fn is_young(read_at: Timestamp, now: Timestamp) -> bool {
    now < read_at.plus_seconds(REMEMBERED_SECONDS)
}
