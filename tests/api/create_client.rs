//! `POST /api/v1/clients`: an admin makes a client.

use serde_json::{Value, json};
use shared::api_key::ApiKey;
use shared::app::Sessions;
use shared::store::key::Key;

use crate::calls::{cost, events};
use crate::client::{auth, made, patched};
use crate::exchange::{Received, send};
use crate::wire::Act;
use crate::world::{ADDRESS, START, World};

fn client_of(received: &Received) -> &str {
    assert_eq!(received.status, 201, "{}", received.text);
    received.body["client"]["id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_client_is_made_with_its_first_key_in_two_requests() {
    let world = World::new().await;
    let desk = world.desk("acme").await;
    let body = json!({"name": "Batch jobs", "scope": "notes:write notes:read", "id": "mine"});
    let received = desk.ask(made(&body).request_id("r-1")).await;
    let calls = world.wire.work();
    let id = client_of(&received);
    let key = ApiKey::parse(received.member("api_key")).expect("a key");
    let expected = json!({
        "client": {
            "id": id,
            "name": "Batch jobs",
            "scope": "notes:read notes:write",
            "status": "active",
            "keys": [{"id": key.id(), "created_at": START.to_string(), "last_used_at": null}],
        },
        "api_key": received.member("api_key"),
    });
    assert_eq!(received.body, expected);
    // Who calls, and a transaction of two rows, one of them in the index.
    assert_eq!(cost(&calls), (2, 5.0));

    let mut row = world.json(&Key::client(&id.into())).await;
    let event = row["event"].take();
    let expected = json!({
        "pk": format!("CLIENT#{id}"),
        "sk": "PROFILE",
        "tenant_pk": "TENANT#acme",
        "tenant_sk": format!("CLIENT#{id}"),
        "id": id,
        "tenant_id": "acme",
        "name": "Batch jobs",
        "scope": "notes:read notes:write",
        "status": "active",
        "version": 1,
        "epoch": 1,
        "keys": [{"id": key.id(), "created_at": START.millis()}],
        "created_at": START.millis(),
        "event": null,
    });
    assert_eq!(row, expected);
    let expected = json!({
        "id": event["id"],
        "type": "authn_token_created",
        "outcome": "success",
        "time": START.millis(),
        "ip": ADDRESS,
        "user_agent": "test/1",
        "request_id": "r-1",
        "actor": "admin-of-acme",
        "subject": id,
        "tenant_id": "acme",
        "key_id": key.id(),
    });
    assert_eq!(event, expected);
    assert_eq!(events(&calls).len(), 1);
    let row = world.json(&Key::api_key(key.id())).await;
    let expected = json!({
        "pk": format!("CKEY#{}", key.id()),
        "sk": "KEY",
        "client_id": id,
        "tenant_id": "acme",
        "hash": key.hash(),
    });
    assert_eq!(row, expected);
    // The secret is nowhere in the table.
    let secret = key.text().split('_').nth(2).expect("a secret").to_owned();
    assert!(!format!("{:?}", world.rows().await).contains(&secret));
    // And the key is good.
    world.sign_in_client(received.member("api_key")).await;
}

#[tokio::test]
async fn a_scope_is_for_the_admin_to_give_or_not() {
    let world = World::new().await;
    let desk = world.desk("acme").await;
    for scope in [json!(null), json!("")] {
        let received = desk.ask(made(&json!({"name": "x", "scope": scope}))).await;
        client_of(&received);
        assert_eq!(received.body["client"]["scope"], "");
    }
    let most = vec!["a"; 128].join(" ") + "b";
    let received = desk.ask(made(&json!({"name": "x", "scope": most}))).await;
    assert_eq!(received.body["client"]["scope"], "a ab");
}

#[tokio::test]
async fn a_client_may_be_made_suspended_and_signs_in_once_it_is_active() {
    let world = World::new().await;
    let desk = world.desk("acme").await;
    for (asked, status) in [
        (json!("suspended"), "suspended"),
        (json!("active"), "active"),
        (json!(null), "active"),
    ] {
        let received = desk.ask(made(&json!({"name": "x", "status": asked}))).await;
        let id = client_of(&received);
        assert_eq!(received.body["client"]["status"], status);
        let row = world.json(&Key::client(&id.into())).await;
        assert_eq!((&row["status"], &row["epoch"]), (&json!(status), &json!(1)));
        let key = received.member("api_key");
        let app: &Sessions = world.instance().await;
        let signed_in = send(app, client_auth::handle, auth(key)).await.status;
        assert_eq!(signed_in, if status == "active" { 200 } else { 403 });
        let active = patched(id, &json!({"status": "active"}));
        assert_eq!(desk.ask(active).await.status, 200);
        world.sign_in_client(key).await;
    }
}

#[tokio::test]
async fn a_name_is_needed_and_bounded_and_a_scope_has_its_form() {
    let world = World::new().await;
    let desk = world.desk("acme").await;
    let bounds = "name must have from 1 to 200 bytes and no control characters";
    let status = "status must be active or suspended";
    let scope = "scope must be words of a-z, 0-9, _, :, . and -, with single spaces between, and at most 256 bytes";
    for (body, what) in [
        (json!({}), "name is required"),
        (json!({"name": null}), "name is required"),
        (json!({"name": ""}), bounds),
        (json!({"name": "a".repeat(201)}), bounds),
        (json!({"name": "é".repeat(101)}), bounds),
        (json!({"name": "a\nb"}), bounds),
        (json!({"name": "a\u{0}"}), bounds),
        (json!({"name": "a\u{85}b"}), bounds),
        (json!({"name": 7}), "name must be a string"),
        (
            json!({"name": "x", "scope": ["a"]}),
            "scope must be a string",
        ),
        (json!({"name": "x", "status": 7}), "status must be a string"),
        (json!({"name": "x", "status": "deleted"}), status),
        (json!({"name": "x", "status": ""}), status),
        (json!({"name": "x", "scope": "A"}), scope),
        (json!({"name": "x", "scope": "a  b"}), scope),
        (json!({"name": "x", "scope": "a".repeat(257)}), scope),
    ] {
        let received = desk.ask(made(&body)).await;
        assert_eq!(
            (received.status, received.member("message")),
            (400, what),
            "{body}"
        );
    }
    let mut kept = world.rows().await.into_keys();
    assert!(!kept.any(|(pk, _)| pk.starts_with("CLIENT#") && !pk.ends_with("-demo")));
    for name in ["a", &"a".repeat(200), " Ünïcode  名前 ", "<b>\"'"] {
        let received = desk.ask(made(&json!({"name": name}))).await;
        client_of(&received);
        assert_eq!(received.body["client"]["name"], name);
    }
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_has_made_one_client() {
    let world = World::new().await;
    let desk = world.desk("acme").await;
    for act in [Act::Lose, Act::Twice] {
        let first = act.clone();
        world.wire.rule(move |call| {
            let transaction = call.operation == "TransactWriteItems";
            if transaction && call.attempt == 1 {
                first.clone()
            } else {
                Act::Pass
            }
        });
        let received = desk.ask(made(&json!({"name": "x"}))).await;
        world.wire.heal();
        client_of(&received);
        world.sign_in_client(received.member("api_key")).await;
        let rows = world.rows().await;
        let new = rows.keys().filter(|(pk, _)| pk.starts_with("CKEY#"));
        assert_eq!(new.count(), 2, "{act:?}");
        let new = rows.keys().filter(|(pk, _)| pk.starts_with("CLIENT#"));
        assert_eq!(new.count(), 2, "{act:?}");
        let id = client_of(&received);
        let key = ApiKey::parse(received.member("api_key")).expect("a key");
        for key in [Key::client(&id.into()), Key::api_key(key.id())] {
            world.put_json(&key, &Value::Null).await;
        }
    }
}
