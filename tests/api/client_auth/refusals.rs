//! Keys that open nothing, and right ones against which something stands.

use serde_json::{Value, json};
use shared::api_key::ApiKey;
use shared::app::Sessions;
use shared::store::key::Key;

use crate::calls::events;
use crate::client::{ID, KEY_ID, TENANT, auth, auth_by, key, row};
use crate::exchange::{Received, Sent, send};
use crate::wire::Done;
use crate::world::{ADDRESS, START, World};

const REFUSED: [&str; 3] = ["Authentication failed", "Invalid API key", "Unauthorized"];

/// An attempt by this key, and the calls that it made.
async fn tried(world: &World, key: &str) -> (Received, Vec<Done>) {
    // An instance and a minute of its own each time: the same headers.
    world.wait(60);
    let app: &Sessions = world.instance().await;
    let received = send(app, client_auth::handle, auth(key)).await;
    (received, world.wire.take())
}

fn operations(calls: &[Done]) -> Vec<&str> {
    calls
        .iter()
        .map(|done| done.call.operation.as_str())
        .collect()
}

/// The one event of these calls, without what every event has.
fn recorded(calls: &[Done]) -> Value {
    let mut recorded = events(calls);
    assert_eq!(recorded.len(), 1, "{recorded:?}");
    let mut event = recorded.remove(0);
    let members = event.as_object_mut().expect("an event");
    for name in ["id", "time", "request_id"] {
        assert!(members.remove(name).is_some(), "{name}");
    }
    assert_eq!(members.remove("ip"), Some(json!(ADDRESS)));
    assert_eq!(members.remove("user_agent"), Some(json!("test/1")));
    event
}

/// The demonstration client's key with another secret.
fn with_another_secret() -> String {
    let key = ApiKey::of(KEY_ID, &"0".repeat(43)).expect("a key");
    key.text().to_string()
}

#[tokio::test]
async fn a_request_without_a_key_is_a_bad_one() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let what = "api_key is required, in the body or as the header x-api-key";
    for sent in [
        Sent::new("POST", "/v1/auth"),
        auth(""),
        auth_by(&json!({})),
        auth_by(&json!({"api_key": null})),
        auth_by(&json!({"api_key": ""})),
        auth_by(&json!({"apiKey": key(), "API_KEY": key()})),
    ] {
        let received = send(app, client_auth::handle, sent).await;
        assert_eq!((received.status, received.member("message")), (400, what));
    }
    for wrong in [json!(7), json!([key()]), json!({"key": key()})] {
        let sent = auth_by(&json!({"api_key": wrong})).header("x-api-key", &key());
        let received = send(app, client_auth::handle, sent).await;
        assert_eq!(received.member("message"), "api_key must be a string");
    }
    let mut calls = world.wire.take();
    calls.retain(|done| !done.call.touches("RATE#"));
    assert_eq!(calls.len(), 0);
}

#[tokio::test]
async fn an_unknown_key_and_one_with_another_secret_look_alike() {
    let world = World::new().await;
    let unknown = ApiKey::random();
    let (of_nobody, first) = tried(&world, &unknown.text()).await;
    let (of_another, second) = tried(&world, &with_another_secret()).await;
    of_nobody.assert_refusal(401, REFUSED, &[("www-authenticate", "Bearer")]);
    assert_eq!(of_nobody.limit(), [30, 29, 1_740_807_060]);
    let bytes = |received: &Received| {
        let id = received.member("request_id");
        received.text.replace(id, "")
    };
    assert_eq!(bytes(&of_nobody), bytes(&of_another));
    let names = |received: &Received| {
        received
            .headers
            .iter()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&of_nobody), names(&of_another));
    assert_eq!(
        operations(&first),
        ["UpdateItem", "BatchGetItem", "BatchGetItem", "PutItem"]
    );
    assert_eq!(operations(&first), operations(&second));
    // What the audit log is told is another thing.
    let failed = json!({"type": "authn_login_fail", "outcome": "failure"});
    let with = |more: Value| {
        let mut event = failed.clone();
        event
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        event
    };
    let expected = with(json!({"reason": "key", "subject": unknown.id()}));
    assert_eq!(recorded(&first), expected);
    let expected = with(json!({
        "reason": "secret",
        "subject": ID,
        "tenant_id": TENANT,
        "key_id": KEY_ID,
    }));
    assert_eq!(recorded(&second), expected);
}

#[tokio::test]
async fn what_has_not_the_form_or_the_checksum_of_a_key_is_never_looked_for() {
    let world = World::new().await;
    let misspelt = key().replace("Worth", "Wroth");
    for (wrong, subject) in [
        ("", None),
        ("x", None),
        ("secret-password", None),
        (&misspelt, Some(KEY_ID)),
        (&key()[..82], Some(KEY_ID)),
    ] {
        if wrong.is_empty() {
            continue;
        }
        let (received, calls) = tried(&world, wrong).await;
        assert_eq!(
            (received.status, received.member("message")),
            (401, "Invalid API key")
        );
        assert_eq!(operations(&calls), ["UpdateItem", "PutItem"]);
        let mut expected = json!({
            "type": "authn_login_fail",
            "outcome": "failure",
            "reason": "form",
        });
        if let Some(subject) = subject {
            expected["subject"] = json!(subject);
        }
        assert_eq!(recorded(&calls), expected);
        // Nothing of what was sent is kept but the id.
        assert!(!format!("{calls:?}").contains("Wroth"));
        assert!(!format!("{calls:?}").contains("secret-password"));
    }
}

#[tokio::test]
async fn a_right_key_is_told_what_stands_against_it_and_that_is_recorded() {
    let world = World::new().await;
    let suspended = [
        "Account suspended",
        "The client account is suspended",
        "Forbidden",
    ];
    let elsewhere = [
        "Access denied",
        "Requests from this address are not allowed",
        "Forbidden",
    ];
    let tenant = Key::tenant(&TENANT.into());
    let api_key = Key::api_key(&KEY_ID.into());
    for (reason, key_of, member, value, status, words) in [
        (
            "suspended",
            row(),
            "status",
            json!("suspended"),
            403,
            suspended,
        ),
        (
            "tenant",
            tenant.clone(),
            "status",
            json!("suspended"),
            403,
            suspended,
        ),
        (
            "address",
            tenant,
            "policy",
            json!({"allowed_cidrs": ["192.0.2.0/24"]}),
            403,
            elsewhere,
        ),
        (
            "revoked",
            api_key,
            "revoked_at",
            json!(START.millis()),
            401,
            REFUSED,
        ),
        ("revoked", row(), "keys", json!([]), 401, REFUSED),
    ] {
        let before = world.alter(&key_of, |row| row[member] = value).await;
        let (received, calls) = tried(&world, &key()).await;
        assert_eq!(received.status, status, "{reason}");
        let [error, message, detail] = words;
        assert_eq!(received.member("error"), error);
        assert_eq!(received.member("message"), message);
        assert_eq!(received.member("detail"), detail);
        let mut expected = json!({
            "type": "authn_login_fail",
            "outcome": "failure",
            "reason": reason,
            "subject": ID,
            "tenant_id": TENANT,
            "key_id": KEY_ID,
        });
        if status == 403 {
            // It was the client.
            expected["actor"] = json!(ID);
        }
        assert_eq!(recorded(&calls), expected);
        // With another secret nobody is told.
        let (received, _) = tried(&world, &with_another_secret()).await;
        assert_eq!(
            (received.status, received.member("message")),
            (401, "Invalid API key")
        );
        world.put_json(&key_of, &before).await;
    }
    assert_eq!(tried(&world, &key()).await.0.status, 200);
}

#[tokio::test]
async fn a_key_whose_client_or_tenant_is_gone_is_nobodys() {
    let world = World::new().await;
    for gone in [row(), Key::tenant(&TENANT.into())] {
        let before = world.json(&gone).await;
        world.put_json(&gone, &Value::Null).await;
        let (received, calls) = tried(&world, &key()).await;
        assert_eq!(
            (received.status, received.member("message")),
            (401, "Invalid API key")
        );
        assert_eq!(recorded(&calls)["reason"], "client");
        world.put_json(&gone, &before).await;
    }
}

#[tokio::test]
async fn a_client_of_another_tenant_than_its_keys_is_refused() {
    let world = World::new().await;
    world
        .alter(&row(), |row| row["tenant_id"] = json!("acme"))
        .await;
    let (received, _) = tried(&world, &key()).await;
    assert_eq!(received.status, 401, "{}", received.text);
}

#[tokio::test]
async fn without_the_keys_that_sign_nobody_signs_in_and_nothing_is_written() {
    let world = World::new().await;
    let app: &Sessions = world.cold_instance();
    world.wire.rule(|call| match call.operation.as_str() {
        "GetSecretValue" => crate::wire::Act::Fail(500, "InternalServerError"),
        _ => crate::wire::Act::Pass,
    });
    let received = send(app, client_auth::handle, auth(&key())).await;
    assert_eq!(received.status, 503, "{}", received.text);
    let calls = world.wire.take();
    assert!(!calls.iter().any(|done| done.call.operation == "PutItem"));
}
