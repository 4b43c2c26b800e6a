//! `GET /api/v1/clients`: the clients of a tenant; and who may look after clients at all.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::store::key::Key;

use crate::calls::{cost, events};
use crate::client::{
    ID, KEY_ID, SCOPE, TENANT, key, key_made, key_removed, listed, made, patched, removed,
};
use crate::exchange::Sent;
use crate::world::{START, World};

#[tokio::test]
async fn the_clients_of_the_tenant_are_listed_with_the_last_use_of_their_keys() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    let received = desk.ask(listed()).await;
    assert_eq!(received.status, 200, "{}", received.text);
    let client = |last_used_at: Value| {
        json!({
            "id": ID,
            "name": "NudgeScribe",
            "scope": SCOPE,
            "status": "active",
            "keys": [{
                "id": KEY_ID,
                "created_at": START.to_string(),
                "last_used_at": last_used_at,
            }],
        })
    };
    let expected = |last_used_at| json!({"clients": [client(last_used_at)], "next_cursor": null});
    assert_eq!(received.body, expected(Value::Null));
    // Who calls, the index, the clients and the last uses.
    assert_eq!(cost(&world.wire.work()).0, 4);
    // As `audit` writes it.
    let seen = json!({"last_used_at": START.millis() + 1});
    world.put_json(&Key::key_seen(&KEY_ID.into()), &seen).await;
    let received = desk.ask(listed()).await;
    assert_eq!(received.body, expected(json!("2025-03-01T05:29:00.001Z")));
    assert!(!received.text.contains("hash"));
    // Another tenant has its own.
    let received = world.desk("acme").await.ask(listed()).await;
    assert_eq!(received.body, json!({"clients": [], "next_cursor": null}));
}

#[tokio::test]
async fn pages_hold_every_client_once_and_no_removed_one() {
    let world = World::new().await;
    let desk = world.desk("acme").await;
    let mut all = BTreeSet::new();
    for number in 0..7 {
        let received = desk.ask(made(&json!({"name": number.to_string()}))).await;
        let id = received.body["client"]["id"].as_str().expect("an id");
        all.insert(id.to_owned());
    }
    let gone = all.pop_first().expect("one");
    assert_eq!(desk.ask(removed(&gone)).await.status, 204);
    for limit in ["1", "2", "3", "5", "6", "7", "200"] {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut sent = listed().query("limit", limit);
            if let Some(cursor) = &cursor {
                sent = sent.query("cursor", cursor);
            }
            let received = desk.ask(sent).await;
            let page = received.body["clients"].as_array().expect("clients");
            assert!(page.len() <= limit.parse().expect("a number"), "{limit}");
            found.extend(
                page.iter()
                    .map(|client| client["id"].as_str().expect("an id").to_owned()),
            );
            let Some(next) = received.body["next_cursor"].as_str() else {
                break;
            };
            assert!(!page.is_empty(), "{limit}: a page of nothing");
            cursor = Some(next.to_owned());
        }
        assert_eq!(found, all.iter().cloned().collect::<Vec<_>>(), "{limit}");
    }
}

#[tokio::test]
async fn a_limit_or_a_cursor_that_is_none_is_a_bad_request() {
    let world = World::new().await;
    let desk = world.desk("acme").await;
    for limit in ["0", "201", "-1", "+1", "1.0", "x", "99999999999999999999"] {
        let received = desk.ask(listed().query("limit", limit)).await;
        assert_eq!(received.status, 400, "{limit}");
    }
    for cursor in ["!", "e", "_w"] {
        let received = desk.ask(listed().query("cursor", cursor)).await;
        assert_eq!(received.status, 400, "{cursor}");
    }
}

/// What an admin may do to the client `id` and its key.
fn everything(id: &str, key: &str) -> [Sent; 6] {
    [
        listed(),
        made(&json!({"name": "x"})),
        patched(id, &json!({"name": "x"})),
        key_made(id),
        key_removed(id, key),
        removed(id),
    ]
}

#[tokio::test]
async fn only_admins_look_after_clients_and_who_else_tries_is_recorded() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    let words = "Insufficient permissions. This action requires admin role.";
    let member = world.somebody(TENANT, "viewer").await.access;
    let client = world.sign_in_client(&key()).await.access;
    let before = world.json(&crate::client::row()).await;
    for sent in everything(ID, KEY_ID) {
        let received = desk.ask_as_is(sent.clone()).await;
        assert_eq!(
            (received.status, received.member("error")),
            (401, "Invalid token")
        );
        let received = desk.ask_as_is(sent.clone().bearer(&client)).await;
        assert_eq!(
            (received.status, received.member("error")),
            (401, "Invalid token")
        );
        world.wire.take();
        let received = desk.ask_as_is(sent.bearer(&member)).await;
        assert_eq!((received.status, received.member("error")), (403, words));
        let recorded = events(&world.wire.take());
        assert_eq!(recorded.len(), 1);
        assert_eq!(
            (&recorded[0]["type"], &recorded[0]["reason"]),
            (&json!("authz_fail"), &json!("role"))
        );
        assert_eq!(recorded[0]["actor"], "viewer-of-nudgescribe");
    }
    assert_eq!(world.json(&crate::client::row()).await, before);
}

#[tokio::test]
async fn another_tenants_client_is_not_there_but_for_a_super_admin_who_names_the_tenant() {
    let world = World::new().await;
    let desk = world.desk("acme").await;
    let before = world.json(&crate::client::row()).await;
    for sent in everything(ID, KEY_ID).into_iter().skip(2) {
        let received = desk.ask(sent.clone()).await;
        assert_eq!(
            (received.status, received.member("message")),
            (404, "There is no such client")
        );
        let received = desk.ask(sent.query("tenant_id", TENANT)).await;
        assert_eq!(
            (received.status, received.member("message")),
            (404, "There is no such tenant")
        );
    }
    assert_eq!(world.json(&crate::client::row()).await, before);
    let above = world.somebody("acme", "super_admin").await.access;
    let [list, make, patch, make_key, remove_key, remove] = everything(ID, KEY_ID);
    for (sent, status) in [
        (list, 200),
        (make, 201),
        (patch, 200),
        (make_key, 201),
        (remove_key, 204),
        (remove, 204),
    ] {
        let own = sent.clone().bearer(&above);
        let received = desk
            .ask_as_is(own.clone().query("tenant_id", "nowhere"))
            .await;
        assert_eq!(received.status, 404);
        let received = desk.ask_as_is(own.query("tenant_id", TENANT)).await;
        assert_eq!(received.status, status, "{}", received.text);
    }
    // What it has made is that tenant's, and the record is too.
    let received = world.desk(TENANT).await.ask(listed()).await;
    assert_eq!(received.body["clients"][0]["name"], "x");
    let event = world.json(&crate::client::row()).await["event"].take();
    assert_eq!(
        (&event["actor"], &event["tenant_id"]),
        (&json!("super_admin-of-acme"), &json!(TENANT))
    );
}

#[tokio::test]
async fn an_id_that_cannot_be_is_not_there() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    for id in [
        "x",
        "",
        "PROFILE",
        "nudgescribe-demo#",
        "a/b",
        "é",
        "\u{0}",
        &"a".repeat(3000),
    ] {
        for sent in everything(id, "x").into_iter().skip(2) {
            let received = desk.ask(sent).await;
            assert_eq!(
                (received.status, received.member("error")),
                (404, "Not found"),
                "{id:?}"
            );
        }
    }
    for key in ["x", "", &"0".repeat(22), &"a".repeat(3000)] {
        let received = desk.ask(key_removed(ID, key)).await;
        assert_eq!(
            (received.status, received.member("message")),
            (404, "The client has no such key")
        );
    }
}
