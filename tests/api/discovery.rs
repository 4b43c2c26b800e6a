//! `GET /.well-known/openid-configuration`.

use discovery::Discovery;
use serde_json::json;
use shared::keys::ALGORITHMS;
use shared::store::key::Key;

use crate::exchange::{Received, Sent, send};
use crate::wire::Act;
use crate::world::World;

async fn discover(app: &'static Discovery, sent: Sent) -> Received {
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
async fn the_algorithms_are_those_of_the_published_keys() {
    let world = World::new().await;
    let row = world.json(&Key::public_keys()).await;
    for key in row["keys"].as_array().unwrap() {
        let algorithm = key["jwk"]["alg"].as_str().unwrap();
        assert!(ALGORITHMS.contains(&algorithm), "{algorithm}");
    }
}

#[tokio::test]
async fn it_asks_nobody_for_anything_and_answers_without_aws() {
    let world = World::new().await;
    world.wire.rule(|_| Act::Refuse);
    let received = discover(world.instance().await, get().bearer("garbage")).await;
    assert_eq!(received.status, 200);
    let post = Sent::new("POST", "/.well-known/openid-configuration");
    let received = discover(world.instance().await, post).await;
    received.assert_refusal(
        405,
        ["Method not allowed", "GET", "GET"],
        &[("allow", "GET")],
    );
    assert_eq!(world.wire.take().len(), 0);
}
