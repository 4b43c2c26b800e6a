//! `GET /healthz`, `GET /readyz`.

use health::Health;
use serde_json::{Value, json};
use shared::store::key::Key;

use crate::calls::cost;
use crate::exchange::{Received, Sent, send};
use crate::wire::Act;
use crate::world::World;

async fn get(app: &'static Health, path: &str) -> Received {
    send(app, health::handle, Sent::get(path)).await
}

#[track_caller]
fn assert_ready(received: &Received) {
    let checks = json!({"table": "ok", "keys": "ok"});
    assert_eq!(received.body, json!({"status": "ok", "checks": checks}));
    assert_eq!(received.status, 200);
    received.assert_headers(&[]);
}

#[track_caller]
fn assert_not_ready(received: &Received, table: &str, keys: &str) {
    assert_not_ready_for(received, table, keys, "10");
}

#[track_caller]
fn assert_not_ready_for(received: &Received, table: &str, keys: &str, seconds: &str) {
    let checks = json!({"table": table, "keys": keys});
    assert_eq!(
        received.body,
        json!({"status": "unavailable", "checks": checks})
    );
    assert_eq!(received.status, 503);
    received.assert_headers(&[("retry-after", seconds)]);
}

#[tokio::test]
async fn a_process_that_answers_is_healthy_with_everything_else_away() {
    let world = World::new().await;
    let app: &Health = world.cold_instance();
    world.wire.rule(|_| Act::Refuse);
    let received = get(app, "/healthz").await;
    assert_eq!(received.status, 200);
    assert_eq!(received.body, json!({"status": "ok"}));
    received.assert_headers(&[]);
    assert_eq!(world.wire.work().len(), 0);
}

#[tokio::test]
async fn what_readyz_finds_is_remembered_for_ten_seconds() {
    let world = World::new().await;
    let app: &Health = world.instance().await;
    assert_ready(&get(app, "/readyz").await);
    // One read, whatever the caches hold, and no write.
    let calls = world.wire.work();
    assert_eq!(cost(&calls), (1, 0.0));
    assert_eq!(calls[0].call.operation, "GetItem");
    world.wire.rule(|_| Act::Refuse);
    world.wait_ms(9_999);
    assert_ready(&get(app, "/readyz").await);
    assert_eq!(world.wire.work().len(), 0);
    world.wait_ms(1);
    let away = get(app, "/readyz").await;
    assert_not_ready(&away, "unavailable", "unavailable");
    assert_eq!(world.wire.work().len(), 3);
    world.wire.heal();
    world.wait_ms(9_999);
    let remembered = get(app, "/readyz").await;
    assert_not_ready_for(&remembered, "unavailable", "unavailable", "1");
    assert_eq!(world.wire.work().len(), 0);
    world.wait_ms(1);
    assert_ready(&get(app, "/readyz").await);
}

#[tokio::test]
async fn keys_that_are_missing_unfit_or_all_revoked_are_not_ready() {
    let world = World::new().await;
    let keys = Key::public_keys();
    let row = world.json(&keys).await;
    let changed = |change: fn(&mut Value)| {
        let mut row = row.clone();
        change(&mut row);
        row
    };
    for (what, unfit) in [
        ("missing", Value::Null),
        ("malformed", json!({"version": "one"})),
        ("no key", changed(|row| row["keys"] = json!([]))),
        (
            "revoked",
            changed(|row| {
                let kids = [0, 1].map(|place| row["keys"][place]["jwk"]["kid"].clone());
                row["revoked"] = json!(kids);
            }),
        ),
        (
            "of another kid",
            changed(|row| row["keys"][0]["jwk"]["kid"] = json!("other")),
        ),
    ] {
        world.put_json(&keys, &unfit).await;
        let app: &Health = world.cold_instance();
        let received = get(app, "/readyz").await;
        assert_eq!(
            received.body["checks"]["keys"],
            json!("unavailable"),
            "{what}"
        );
        assert_not_ready(&received, "ok", "unavailable");
        assert_eq!(get(app, "/healthz").await.status, 200);
    }
}

#[tokio::test]
async fn health_is_served_to_get_alone() {
    let world = World::new().await;
    let app: &Health = world.cold_instance();
    for path in ["/healthz", "/readyz"] {
        for method in ["POST", "HEAD"] {
            let received = send(app, health::handle, Sent::new(method, path)).await;
            received.assert_refusal(
                405,
                ["Method not allowed", "GET", "GET"],
                &[("allow", "GET")],
            );
        }
    }
    assert_eq!(world.wire.work().len(), 0);
}
