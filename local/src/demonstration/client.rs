//! The API client of document 004.

use shared::api_key::ApiKey;
use shared::clock::Timestamp;
use shared::id::ClientId;
use shared::scope::Scope;
use shared::store::Store;
use shared::store::admins::AdminsRow;
use shared::store::api_key::made;
use shared::store::client::{Client, ClientKey, ClientStatus};
use shared::store::key::Key;
use shared::store::list::Indexed;
use shared::store::tenant::{Policy, Tenant, TenantStatus};
use shared::store::write::Change;

use super::failed;
use crate::StackError;

const ID: &str = "nudgescribe-demo";
const TENANT: &str = "nudgescribe";
const SCOPE: &str = "notes:read notes:write read:users";

/// Its key. It is the same on every machine, as the users' passwords are, and opens nothing but a local
/// stack.
///
/// # Panics
///
/// Never: its parts are in the form of a key's.
#[must_use]
pub fn api_key() -> ApiKey {
    let secret = "OfTheLocalStackAloneAndWorthNothingElsewher";
    ApiKey::of("NudgeScribeDemo0000001", secret).expect("22 and 43 digits")
}

/// Loads the client and its tenant, unless they have been loaded.
pub(super) async fn load(store: &Store, now: Timestamp) -> Result<(), StackError> {
    let id = ClientId::from(ID);
    let [loaded] = store.read([&Key::client(&id)]).await.map_err(failed)?;
    if loaded.is_some() {
        return Ok(());
    }
    let tenant = Tenant {
        id: TENANT.into(),
        status: TenantStatus::Active,
        policy: Policy::default(),
    };
    let key = api_key();
    let client = Client {
        id,
        tenant_id: tenant.id.clone(),
        name: "NudgeScribe".to_owned(),
        scope: Scope::parse(SCOPE).expect("a scope"),
        status: ClientStatus::Active,
        version: 1,
        epoch: 1,
        keys: vec![ClientKey {
            id: key.id().clone(),
            created_at: now,
        }],
        created_at: now,
    };
    let place = Key::client(&client.id);
    let listed = Indexed::new(&client, &tenant.id, &place);
    let rows = [
        Change::put(Key::tenant(&tenant.id), &tenant).map_err(failed)?,
        Change::put(Key::admins(&tenant.id), &AdminsRow { admin_count: 0 }).map_err(failed)?,
        Change::put(place.clone(), &listed).map_err(failed)?,
        made(&key, &client.id, &tenant.id).map_err(failed)?,
    ];
    store.transact(&rows).await.map_err(failed)?;
    Ok(())
}
