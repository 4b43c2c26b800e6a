//! Short tokens taken at their word: what is still looked at, and what is missed.

use serde_json::json;
use shared::store::key::Key;

use super::clients::robot;
use super::{Asked, ask, client, no, user};
use crate::wire::Act;
use crate::world::World;

#[tokio::test]
async fn a_short_token_costs_nothing_beside_the_counts_once_its_tenant_is_known() {
    let world = World::new().await;
    let app = world.trusting().await;
    let session = world.sign_in("1005").await;
    let asked = Asked::new(&session.access);
    for reads in [1, 0] {
        world.wire.take();
        let yes = user("1005", "2001", "member");
        assert_eq!(ask(app, asked.clone()).await, Ok(yes));
        let calls = world.wire.take();
        let others = calls.iter().filter(|done| !done.call.touches("RATE#"));
        assert_eq!(others.count(), reads);
    }
    // Its session, its user and the user's role are missed.
    world
        .alter(&session.user_key(), |row| {
            row["role"] = json!("admin");
            row["status"] = json!("suspended");
        })
        .await;
    let yes = user("1005", "2001", "member");
    assert_eq!(ask(app, asked.clone()).await, Ok(yes));
    world.wait(15 * 60);
    assert_eq!(ask(app, asked).await, Ok(no()));
}

#[tokio::test]
async fn a_clients_short_token_is_taken_at_its_word_too() {
    let world = World::new().await;
    world
        .alter(&Key::tenant(&"acme".into()), |row| {
            row["policy"]["client_access_token_seconds"] = json!(3600);
        })
        .await;
    let app = world.trusting().await;
    let robot = robot(&world).await;
    let key = robot.client_key();
    world
        .alter(&key, |row| row["status"] = json!("suspended"))
        .await;
    let yes = client(robot.client.as_str(), "acme", "read:interactions");
    assert_eq!(ask(app, Asked::new(&robot.access)).await, Ok(yes));
    let app = world.instance().await;
    assert_eq!(ask(app, Asked::new(&robot.access)).await, Ok(no()));
}

#[tokio::test]
async fn what_becomes_of_its_tenant_shows_within_a_minute() {
    let world = World::new().await;
    let app = world.trusting().await;
    let session = world.sign_in("1005").await;
    let asked = Asked::new(&session.access);
    let yes = user("1005", "2001", "member");
    assert_eq!(ask(app, asked.clone()).await, Ok(yes.clone()));
    let suspended = |row: &mut serde_json::Value| row["status"] = json!("suspended");
    let before = world.alter(&session.tenant_key(), suspended).await;
    world.wait_ms(59_999);
    assert_eq!(ask(app, asked.clone()).await, Ok(yes.clone()));
    world.wait_ms(1);
    assert_eq!(ask(app, asked.clone()).await, Ok(no()));
    world
        .put_json(&session.tenant_key(), &serde_json::Value::Null)
        .await;
    world.wait(60);
    assert_eq!(ask(app, asked.clone()).await, Ok(no()));
    // What is not there is not remembered.
    world.put_json(&session.tenant_key(), &before).await;
    assert_eq!(ask(app, asked).await, Ok(yes));
}

#[tokio::test]
async fn without_the_table_it_goes_on_for_a_minute_and_then_cannot_tell() {
    let world = World::with(|config| config.address_rate_limit = 1_000_000).await;
    let app = world.trusting().await;
    let session = world.sign_in("1005").await;
    let asked = Asked::new(&session.access);
    ask(app, asked.clone()).await.unwrap();
    world.wire.rule(|call| match call.operation.as_str() {
        "BatchGetItem" => Act::Fail(500, "InternalServerError"),
        _ => Act::Pass,
    });
    world.wait(59);
    ask(app, asked.clone()).await.unwrap();
    world.wait(1);
    ask(app, asked).await.unwrap_err();
}
