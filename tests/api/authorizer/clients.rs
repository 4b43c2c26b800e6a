//! API clients that are signed in.

use serde_json::json;
use shared::store::key::Key;

use super::{Asked, ask, client, no};
use crate::client_session::ClientSignedIn;
use crate::world::World;

/// A client of tenant acme, with a session for a part of its scope.
pub async fn robot(world: &World) -> ClientSignedIn {
    let robot = world.client_with_scope("acme", "read:interactions").await;
    let more = json!("read:interactions write:policies");
    world
        .alter(&robot.client_key(), |row| row["scope"] = more)
        .await;
    robot
}

#[tokio::test]
async fn a_client_is_known_by_its_id_and_the_scope_that_it_still_has() {
    let world = World::new().await;
    let app = world.instance().await;
    let robot = robot(&world).await;
    let asked = Asked::new(&robot.access);
    let yes = |scope| client(robot.client.as_str(), "acme", scope);
    assert_eq!(ask(app, asked.clone()).await, Ok(yes("read:interactions")));
    let key = robot.client_key();
    world
        .alter(&key, |row| row["scope"] = json!("write:policies"))
        .await;
    assert_eq!(ask(app, asked.clone()).await, Ok(yes("")));
    world
        .alter(&key, |row| row["scope"] = json!("admin:all"))
        .await;
    assert_eq!(ask(app, asked).await, Ok(yes("read:interactions")));
}

#[tokio::test]
async fn a_client_is_refused_once_it_its_key_its_session_or_its_tenant_is_gone() {
    let world = World::new().await;
    let app = world.instance().await;
    let robot = robot(&world).await;
    let asked = Asked::new(&robot.access);
    let client_key = robot.client_key();
    let session = Key::client_session(&robot.client, &robot.session);
    let tenant = Key::tenant(&"acme".into());
    for (key, member, value) in [
        (&client_key, "status", json!("suspended")),
        (&client_key, "status", json!("deleted")),
        (&client_key, "keys", json!([])),
        (&client_key, "epoch", json!(2)),
        (&client_key, "tenant_id", json!("2001")),
        (&session, "revoked_at", json!(world.clock.now())),
        (&session, "client_id", json!("gatehouse")),
        (&tenant, "status", json!("suspended")),
    ] {
        let before = world.alter(key, |row| row[member] = value).await;
        assert_eq!(ask(app, asked.clone()).await, Ok(no()), "{member}");
        world.put_json(key, &before).await;
        let answer = ask(app, asked.clone()).await.unwrap();
        assert_eq!(answer["isAuthorized"], true, "{member}");
    }
}
