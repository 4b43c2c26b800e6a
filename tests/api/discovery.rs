//! `GET /.well-known/openid-configuration`.

use serde_json::{Value, json};
use shared::app::Verifying;
use shared::keys::SigningAlgorithm;
use shared::store::key::Key;

use crate::calls::cost;
use crate::exchange::{Received, Sent, send};
use crate::wire::Act;
use crate::world::World;

async fn discover(app: &'static Verifying, sent: Sent) -> Received {
    send(app, discovery::handle, sent).await
}

fn get() -> Sent {
    Sent::get("/.well-known/openid-configuration")
}

#[tokio::test]
async fn it_says_where_the_keys_are_and_names_nothing_that_is_not_there() {
    let world = World::with(|config| config.issuer = "https://auth.example.com".to_owned()).await;
    let received = discover(world.instance().await, get()).await;
    assert_eq!(received.status, 200, "{}", received.text);
    received.assert_headers(&[("cache-control", "public, max-age=300")]);
    let expected = json!({
        "issuer": "https://auth.example.com",
        "jwks_uri": "https://auth.example.com/.well-known/jwks.json",
        "response_types_supported": [],
        "grant_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    assert_eq!(received.body, expected);
}

#[tokio::test]
async fn the_issuer_is_that_of_the_tokens() {
    for (setting, issuer, keys) in [
        (
            "",
            "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "",
        ),
        ("https://auth.example.com/", "https://auth.example.com/", ""),
        (
            "https://example.com/auth",
            "https://example.com/auth",
            "/auth",
        ),
    ] {
        let world = World::with(|config| config.issuer = setting.to_owned()).await;
        let received = discover(world.instance().await, get()).await;
        assert_eq!(received.body["issuer"], issuer);
        let uri = received.member("jwks_uri");
        let path = format!("{keys}/.well-known/jwks.json");
        let host = issuer.split('/').nth(2).unwrap();
        assert_eq!(uri, format!("https://{host}{path}"));
    }
}

#[tokio::test]
async fn what_is_asked_for_makes_no_address() {
    let world = World::new().await;
    let plain = discover(world.instance().await, get()).await;
    let forged = get()
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example");
    let forged = discover(world.instance().await, forged).await;
    assert_eq!(forged.text, plain.text);
}

#[tokio::test]
async fn the_algorithms_are_those_of_the_keys_that_others_are_shown() {
    let world = World::new().await;
    let said = async || {
        let received = discover(world.instance().await, get()).await;
        received.body["id_token_signing_alg_values_supported"].clone()
    };
    assert_eq!(said().await, json!(["RS256"]));
    // A deployment that changes its algorithm: the keys that come next have the new one.
    let rsa = world.json(&Key::public_keys()).await;
    world.sign_by(SigningAlgorithm::EdDsa).await;
    let ed25519 = world
        .alter(&Key::public_keys(), |row| {
            row["keys"][0] = rsa["keys"][0].clone();
        })
        .await;
    assert_eq!(said().await, json!(["RS256", "EdDSA"]));
    // Of a revoked key nothing is said.
    world
        .alter(&Key::public_keys(), |row| {
            row["revoked"] = json!([ed25519["keys"][1]["jwk"]["kid"]]);
        })
        .await;
    assert_eq!(said().await, json!(["RS256"]));
}

#[tokio::test]
async fn without_keys_there_is_a_503_that_nobody_keeps() {
    let world = World::new().await;
    let row = world
        .alter(&Key::public_keys(), |row| *row = Value::Null)
        .await;
    let app: &Verifying = world.cold_instance();
    discover(app, get()).await.assert_unavailable();
    world.put_json(&Key::public_keys(), &row).await;
    world.wait(1);
    assert_eq!(discover(app, get()).await.status, 200);
}

#[tokio::test]
async fn the_keys_are_read_with_one_request_and_remembered() {
    let world = World::new().await;
    let app: &Verifying = world.cold_instance();
    let post = Sent::new("POST", "/.well-known/openid-configuration");
    let received = discover(app, post).await;
    received.assert_refusal(
        405,
        ["Method not allowed", "GET", "GET"],
        &[("allow", "GET")],
    );
    assert_eq!(world.wire.take().len(), 0);
    assert_eq!(discover(app, get().bearer("garbage")).await.status, 200);
    assert_eq!(cost(&world.wire.take()), (1, 0.0));
    world.wire.rule(|_| Act::Refuse);
    assert_eq!(discover(app, get()).await.status, 200);
    assert_eq!(world.wire.take().len(), 0);
}
