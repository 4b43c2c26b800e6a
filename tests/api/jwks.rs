//! `GET /.well-known/jwks.json`.

use serde_json::{Value, json};
use shared::app::Verifying;
use shared::store::key::Key;

use crate::calls::cost;
use crate::exchange::{Received, Sent, send};
use crate::session::kid;
use crate::wire::Act;
use crate::world::World;

async fn jwks(app: &'static Verifying) -> Received {
    send(app, jwks::handle, Sent::get("/.well-known/jwks.json")).await
}

#[tokio::test]
async fn the_keys_are_public_and_kept_five_minutes() {
    let world = World::new().await;
    let app: &Verifying = world.cold_instance();
    let received = jwks(app).await;
    assert_eq!(received.status, 200, "{}", received.text);
    received.assert_headers(&[("cache-control", "public, max-age=300")]);
    let row = world.json(&Key::public_keys()).await;
    let states: Vec<_> = row["keys"].as_array().expect("keys").iter().collect();
    assert_eq!(states[0]["state"], json!("active"));
    assert_eq!(states[1]["state"], json!("next"));
    let expected: Vec<Value> = states
        .iter()
        .map(|key| {
            json!({
                "kty": "RSA",
                "use": "sig",
                "alg": "RS256",
                "kid": key["jwk"]["kid"],
                "n": key["jwk"]["n"],
                "e": "AQAB",
            })
        })
        .collect();
    assert_eq!(received.body, json!({"keys": expected}));
    assert_eq!(
        received.body["keys"][0]["n"].as_str().map(str::len),
        Some(342)
    );
    let user = world.sign_in("1005").await;
    assert_eq!(received.body["keys"][0]["kid"], json!(kid(&user.access)));
    // The instance remembers them, and has written nothing.
    world.wire.work();
    assert_eq!(jwks(app).await.text, received.text);
    assert_eq!(world.wire.work().len(), 0);
}

#[tokio::test]
async fn a_retired_key_is_shown_and_a_revoked_one_is_not() {
    let world = World::new().await;
    let row = world
        .alter(&Key::public_keys(), |row| {
            row["keys"][0]["state"] = json!("retired");
            row["keys"][1]["state"] = json!("active");
        })
        .await;
    let kids = [0, 1].map(|place| row["keys"][place]["jwk"]["kid"].clone());
    let app: &Verifying = world.instance().await;
    let shown = jwks(app).await;
    assert_eq!(shown.body["keys"][0]["kid"], kids[0]);
    assert_eq!(shown.body["keys"][1]["kid"], kids[1]);
    world
        .alter(&Key::public_keys(), |row| row["revoked"] = json!([kids[0]]))
        .await;
    let app: &Verifying = world.instance().await;
    let shown = jwks(app).await;
    assert_eq!(shown.body["keys"].as_array().map(Vec::len), Some(1));
    assert_eq!(shown.body["keys"][0]["kid"], kids[1]);
}

#[tokio::test]
async fn without_keys_there_is_a_503_that_nobody_keeps() {
    let world = World::new().await;
    let keys = Key::public_keys();
    let row = world.alter(&keys, |row| *row = Value::Null).await;
    let app: &Verifying = world.cold_instance();
    let received = jwks(app).await;
    received.assert_unavailable();
    world
        .put_json(&keys, &json!({"version": 1, "keys": "none"}))
        .await;
    let app: &Verifying = world.cold_instance();
    let received = jwks(app).await;
    received.assert_unavailable();
    world.put_json(&keys, &row).await;
    world.wire.rule(|_| Act::Fail(500, "InternalServerError"));
    let app: &Verifying = world.cold_instance();
    let received = jwks(app).await;
    received.assert_unavailable();
    world.wire.heal();
    world.wait(1);
    let received = jwks(app).await;
    assert_eq!(received.status, 200, "{}", received.text);
}

#[tokio::test]
async fn the_keys_are_read_with_one_request_and_served_to_get_alone() {
    let world = World::new().await;
    let app: &Verifying = world.cold_instance();
    let sent = Sent::new("POST", "/.well-known/jwks.json");
    let received = send(app, jwks::handle, sent).await;
    received.assert_refusal(
        405,
        ["Method not allowed", "GET", "GET"],
        &[("allow", "GET")],
    );
    assert_eq!(world.wire.work().len(), 0);
    let sent = Sent::get("/.well-known/jwks.json").bearer("garbage");
    assert_eq!(send(app, jwks::handle, sent).await.status, 200);
    assert_eq!(cost(&world.wire.work()), (1, 0.0));
}
