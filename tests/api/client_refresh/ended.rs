//! What ends a client's tokens, from the next request on.

use serde_json::{Value, json};
use shared::app::Sessions;
use shared::store::key::Key;

use super::{NO_TOKEN, REFUSED, assert_words, traced};
use crate::calls::events;
use crate::client::{KEY_ID, TENANT, key, row};
use crate::world::World;

#[tokio::test]
async fn rows_that_end_a_clients_session_end_both_of_its_tokens() {
    let world = World::new().await;
    let tokens = world.sign_in_client(&key()).await;
    let app: &Sessions = world.instance().await;
    let tenant = Key::tenant(&TENANT.into());
    let session = tokens.session_key();
    let now = world.clock.now();
    for (what, key, member, value) in [
        ("a suspended client", row(), "status", json!("suspended")),
        ("a removed client", row(), "status", json!("deleted")),
        ("another epoch", row(), "epoch", json!(2)),
        ("no key", row(), "keys", json!([])),
        (
            "another key",
            row(),
            "keys",
            json!([{"id": "other", "created_at": 0}]),
        ),
        ("another tenant", row(), "tenant_id", json!("acme")),
        (
            "a suspended tenant",
            tenant.clone(),
            "status",
            json!("suspended"),
        ),
        (
            "an ended session",
            session.clone(),
            "revoked_at",
            json!(now.millis()),
        ),
        (
            "an expired session",
            session.clone(),
            "expires_at",
            json!(now.seconds()),
        ),
        (
            "a session of an earlier epoch",
            session.clone(),
            "epoch",
            json!(0),
        ),
    ] {
        let before = world.alter(&key, |row| row[member] = value).await;
        world.wire.take();
        let received = traced(app, &tokens.access).await;
        assert_eq!(received.status, 401, "{what}: {}", received.text);
        assert_words(&received, 401, NO_TOKEN);
        let received = traced(app, &tokens.refresh).await;
        assert_eq!(received.status, 401, "{what}: {}", received.text);
        assert_words(&received, 401, REFUSED);
        // Nothing is written for it.
        assert!(events(&world.wire.take()).is_empty(), "{what}");
        world.put_json(&key, &before).await;
    }
    for key in [row(), tenant, session] {
        let before = world.json(&key).await;
        world.put_json(&key, &Value::Null).await;
        assert_words(&traced(app, &tokens.access).await, 401, NO_TOKEN);
        assert_words(&traced(app, &tokens.refresh).await, 401, REFUSED);
        world.put_json(&key, &before).await;
    }
    assert_eq!(traced(app, &tokens.access).await.status, 200);
    assert_eq!(traced(app, &tokens.refresh).await.status, 200);
}

#[tokio::test]
async fn the_rows_own_key_decides_and_not_the_tokens() {
    let world = World::new().await;
    let tokens = world.sign_in_client(&key()).await;
    let app: &Sessions = world.instance().await;
    world
        .alter(&tokens.session_key(), |row| row["key_id"] = json!("other"))
        .await;
    assert_words(&traced(app, &tokens.access).await, 401, NO_TOKEN);
    let row = world.json(&Key::api_key(&KEY_ID.into())).await;
    assert!(row["revoked_at"].is_null(), "the key itself is live");
}
