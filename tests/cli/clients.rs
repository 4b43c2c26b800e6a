//! `gatehouse clients`: API clients and their keys.

use local::Stores;
use serde_json::json;
use shared::app::{App as _, Sessions};
use shared::clock::Clock;

use super::{demonstration, typed};
use crate::exchange::{Sent, send};
use crate::users::ALICES;

/// What a sign-in by this key is answered.
async fn sign_in(stores: &Stores, key: &str) -> u16 {
    let app = Sessions::new(&stores.environment(Clock::System).unwrap());
    let app: &Sessions = Box::leak(Box::new(app));
    let sent = Sent::new("POST", "/v1/auth").header("x-api-key", key);
    send(app, client_auth::handle, sent).await.status
}

#[tokio::test]
async fn a_key_stands_alone_on_standard_output_and_signs_in() {
    let (stores, gatehouse) = demonstration().await;
    let create = [
        "clients",
        "create",
        "acme",
        "--name",
        "Nightly",
        "--scope",
        "notes:read",
    ];
    let ran = gatehouse.run(&create).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let key = ran.stdout.strip_suffix('\n').unwrap();
    assert!(shared::api_key::ApiKey::parse(key).is_ok());
    // The key's id may be seen beside it, its secret may not.
    let secret = key.split('_').nth(2).unwrap();
    assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
    assert_eq!(sign_in(&stores, key).await, 200);

    let listed = gatehouse.json(&["clients", "list", "acme"]).await;
    let client = &listed["clients"][0];
    assert_eq!(
        (&client["name"], &client["scope"]),
        (&json!("Nightly"), &json!("notes:read"))
    );
    let id = client["id"].as_str().unwrap();
    let first = client["keys"][0]["id"].as_str().unwrap();
    let people = gatehouse.done(&["clients", "list", "acme"]).await;
    assert!(
        people.contains(&format!("{id}  Nightly  active  notes:read  {first}")),
        "{people}"
    );

    // A second key, then the first is ended; a third would be refused.
    let more = ["clients", "keys", "create", "acme", id];
    let second = gatehouse.done(&more).await;
    let ran = gatehouse.run(&more).await;
    ran.assert_failed(
        1,
        "The client has two keys: delete one before you make another",
    );
    let end = ["clients", "keys", "delete", "acme", id, first];
    let shown = gatehouse.at_terminal(&end, &[typed("[y/N]", "yes")]).await;
    assert_eq!(shown.code, 0, "{shown:?}");
    assert_eq!(sign_in(&stores, key).await, 401);
    assert_eq!(sign_in(&stores, second.trim_end()).await, 200);

    let suspend = [
        "clients",
        "update",
        "acme",
        id,
        "--status",
        "suspended",
        "--scope",
        "",
    ];
    let after = gatehouse.json(&suspend).await["client"].clone();
    assert_eq!(
        (&after["status"], &after["scope"]),
        (&json!("suspended"), &json!(""))
    );
    assert_eq!(sign_in(&stores, second.trim_end()).await, 403);
    gatehouse
        .done(&["clients", "delete", "acme", id, "--yes"])
        .await;
    assert_eq!(sign_in(&stores, second.trim_end()).await, 401);
    let listed = gatehouse.json(&["clients", "list", "acme"]).await;
    assert_eq!(listed, json!({"clients": []}));
}

#[tokio::test]
async fn programs_get_the_key_in_one_document() {
    let (stores, gatehouse) = demonstration().await;
    let made = gatehouse
        .json(&["clients", "create", "acme", "--name", "Nightly"])
        .await;
    assert_eq!(
        sign_in(&stores, made["api_key"].as_str().unwrap()).await,
        200
    );
    let id = made["client"]["id"].as_str().unwrap();
    let more = gatehouse
        .json(&["clients", "keys", "create", "acme", id])
        .await;
    assert_eq!(
        sign_in(&stores, more["api_key"].as_str().unwrap()).await,
        200
    );
    let ran = gatehouse
        .run(&["clients", "create", "acme", "--name", "a", "--scope", "A"])
        .await;
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    // Another tenant's is none.
    let ran = gatehouse
        .run(&["clients", "delete", ALICES, id, "--yes"])
        .await;
    ran.assert_failed(1, "There is no such client");
}
