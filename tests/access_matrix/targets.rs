//! What requests of one user or client are about: somebody of Alice's tenant, new for each cell, since what
//! is removed is gone and a client has two keys at most.

use serde_json::json;
use shared::store::key::Key;

use crate::api::aws_credentials::{STORED, store};
use crate::client::KEY_ID;
use crate::exchange::Sent;
use crate::users::{ALICE, ALICES};
use crate::world::World;

/// The name of each of them, which a change leaves as it is.
pub const UNCHANGED: &str = "the same";

/// Whether a route is of one user or client, and changes it.
fn changes_one(route: &str) -> bool {
    route.contains("{id}") && !route.starts_with("GET ")
}

/// The request, of somebody new where it would change somebody. Gives the request that is to be sent.
pub async fn aimed(world: &World, route: &str, sent: &Sent) -> Sent {
    if !changes_one(route) {
        return sent.clone();
    }
    let id = shared::random::uuid();
    let sent = sent.clone().parameter("id", &id);
    if route.contains("/users/") {
        user(world, &id).await;
        return sent;
    }
    let key_id = shared::random::uuid();
    client(world, &id, &key_id).await;
    if route.contains("{key_id}") {
        return sent.parameter("key_id", &key_id);
    }
    sent
}

/// A viewer.
async fn user(world: &World, id: &str) {
    let mut row = world.json(&Key::user(&ALICE.into())).await;
    row["id"] = json!(id);
    row["role"] = json!("viewer");
    row["name"] = json!(UNCHANGED);
    row["email"] = json!(format!("{id}@example.com"));
    put(world, &Key::user(&id.into()), row).await;
}

/// A client with one key.
async fn client(world: &World, id: &str, key_id: &str) {
    let mut row = world.json(&Key::api_key(&KEY_ID.into())).await;
    row["client_id"] = json!(id);
    put(world, &Key::api_key(&key_id.into()), row).await;
    let mut row = world.json(&crate::client::row()).await;
    row["id"] = json!(id);
    row["tenant_id"] = json!(ALICES);
    row["keys"][0]["id"] = json!(key_id);
    row["name"] = json!(UNCHANGED);
    put(world, &Key::client(&id.into()), row).await;
}

/// Puts a row without the places of the one that it is like: no list shows it.
async fn put(world: &World, key: &Key, mut row: serde_json::Value) {
    let members = row.as_object_mut().expect("a row");
    for name in ["pk", "sk", "tenant_pk", "tenant_sk"] {
        members.remove(name);
    }
    world.put_json(key, &row).await;
}

/// Credentials of Alice's tenant, and of no other that a caller is of.
pub async fn credentials(world: &World) {
    store(world, ALICES, STORED).await;
}
