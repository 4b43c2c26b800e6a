//! When users and keys were seen last, and that a user has at most a hundred live sessions.

use serde_json::{Value, json};
use shared::store::key::Key;

use super::{batch, login};
use crate::stream::{Stream, counts, deliver, log, record};
use crate::world::{START, World};

/// Delivers these events as one batch.
async fn delivered(stream: &Stream, shard: &str, events: &[Value]) {
    let records = events.iter().enumerate().map(|(place, event)| {
        let sequence = (place + 1).to_string();
        record(&sequence, "SESSION#1005", event, &Value::Null)
    });
    let records: Vec<_> = records.collect();
    deliver(stream.app, &batch(shard, &records))
        .await
        .expect("it is taken");
}

fn at(mut event: Value, millis: i64) -> Value {
    event["time"] = json!(START.millis() + millis);
    event
}

#[tokio::test]
async fn the_last_login_is_the_latest_whatever_order_logins_come_in() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    let seen = Key::seen(&"1005".into());
    let two = [at(login("one"), 5), at(login("two"), 3)];
    delivered(&stream, "shard-a", &two).await;
    assert_eq!(world.json(&seen).await["last_login"], START.millis() + 5);
    delivered(&stream, "shard-b", &[at(login("three"), 4)]).await;
    assert_eq!(world.json(&seen).await["last_login"], START.millis() + 5);
    delivered(&stream, "shard-c", &[at(login("four"), 6)]).await;
    assert_eq!(world.json(&seen).await["last_login"], START.millis() + 6);
}

#[tokio::test]
async fn a_login_by_an_api_key_is_a_use_of_the_key_and_no_users() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    let with_key = |id: &str, kind: &str, millis: i64| {
        let mut event = at(login(id), millis);
        event["subject"] = json!("client-1");
        event["type"] = json!(kind);
        event["key_id"] = json!("key-1");
        event
    };
    let events = [
        with_key("one", "authn_login_success", 7),
        with_key("two", "authn_login_success", 2),
        // A wrong secret is no use, nor is the key's end.
        with_key("three", "authn_login_fail", 8),
        with_key("four", "authn_token_revoked", 9),
    ];
    delivered(&stream, "shard-a", &events).await;
    let seen = world.json(&Key::key_seen(&"key-1".into())).await;
    assert_eq!(seen["last_used_at"], START.millis() + 7);
    assert_eq!(
        world.json(&Key::seen(&"client-1".into())).await,
        Value::Null
    );
    assert_eq!(world.json(&Key::seen(&"1005".into())).await, Value::Null);
}

#[tokio::test]
async fn what_was_known_of_a_removed_user_and_an_ended_key_goes_with_them() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    let event = |id: &str, kind: &str, subject: &str, key: Option<&str>| {
        let mut event = at(login(id), 5);
        event["type"] = json!(kind);
        event["subject"] = json!(subject);
        if let Some(key) = key {
            event["key_id"] = json!(key);
        }
        event
    };
    let mut refused = event("seven", "user_deleted", "1005", None);
    refused["outcome"] = json!("failure");
    let events = [
        event("one", "user_deleted", "100", None),
        event("two", "authn_login_success", "100", None),
        event("three", "authn_login_success", "client-1", Some("key-1")),
        event("four", "authn_token_revoked", "client-1", Some("key-1")),
        event("five", "user_deleted", "never-seen", None),
        event("six", "authn_login_success", "1005", None),
        refused,
    ];
    delivered(&stream, "shard-a", &events).await;
    let end = json!(START.seconds() + 91 * 86_400);
    let known = async |key: Key| world.json(&key).await;
    assert_eq!(known(Key::seen(&"100".into())).await["expires_at"], end);
    let key = known(Key::key_seen(&"key-1".into())).await;
    assert_eq!(key["expires_at"], end);
    assert_eq!(known(Key::seen(&"never-seen".into())).await, Value::Null);
    let other = known(Key::seen(&"1005".into())).await;
    assert_eq!(other["last_login"], START.millis() + 5);
    assert_eq!(other["expires_at"], Value::Null);
}

#[tokio::test]
async fn a_malformed_session_holds_up_nothing_and_does_not_count() {
    let world = World::new().await;
    let session = world.sign_in("1005").await;
    let mut row = world.json(&session.session_key()).await;
    row.as_object_mut().expect("a row").remove("event");
    for number in 0..102 {
        let id = format!("session-{number:03}");
        row["id"] = json!(id);
        row["created_at"] = json!(START.millis() - 1000 + number);
        // The oldest are two that say nothing of when they began.
        if number < 2 {
            row["created_at"] = json!("long ago");
        }
        let key = Key::session(&session.user, &id.as_str().into());
        world.put_json(&key, &row).await;
    }
    let stream = Stream::new(&world).await;
    let mut other = login("two");
    other["subject"] = json!("100");
    delivered(&stream, "shard-a", &[login("one"), other]).await;
    let rows = world.rows().await;
    assert_eq!(log(&rows).len(), 2);
    assert_eq!(counts(&rows)["authn_login_success#success"], 2);
    let ended = rows
        .iter()
        .filter(|(_, row)| row.contains_key("revoked_at"));
    let ended: Vec<_> = ended.map(|((_, sk), _)| sk.as_str()).collect();
    assert_eq!(ended, ["session-002"]);
}

#[tokio::test]
async fn of_a_hundred_and_five_live_sessions_the_five_oldest_end_and_dead_ones_do_not_count() {
    let world = World::new().await;
    let session = world.sign_in("1005").await;
    let mut row = world.json(&session.session_key()).await;
    let event = row["event"].clone();
    row.as_object_mut().expect("a row").remove("event");
    let put = async |id: &str, member: &str, value: i64| {
        let mut row = row.clone();
        row["id"] = json!(id);
        row[member] = json!(value);
        world
            .put_json(&Key::session(&session.user, &id.into()), &row)
            .await;
    };
    for number in 0..104 {
        let made = START.millis() - 104 + number;
        put(&format!("live-{number:03}"), "created_at", made).await;
    }
    for number in 0..30 {
        let id = |what: &str| format!("{what}-{number}");
        put(&id("revoked"), "revoked_at", START.millis()).await;
        put(&id("expired"), "expires_at", START.seconds()).await;
        // Dead by a password change.
        put(&id("epoch"), "epoch", 0).await;
    }
    let mut stream = Stream::new(&world).await;
    stream.drain().await;
    let rows = world.rows().await;
    let ended = rows.iter().filter(|((pk, sk), row)| {
        pk == "SESSION#1005" && !sk.starts_with("revoked") && row.contains_key("revoked_at")
    });
    let ended: Vec<_> = ended.map(|((_, sk), _)| sk.as_str()).collect();
    assert_eq!(
        ended,
        ["live-000", "live-001", "live-002", "live-003", "live-004"]
    );
    let logged = log(&rows);
    let events = logged
        .values()
        .filter(|row| row["type"] == "session_expired");
    let events: Vec<_> = events.collect();
    assert_eq!(events.len(), 5);
    for row in events {
        assert_eq!(row["outcome"], "success");
        assert_eq!(row["reason"], "limit");
        assert_eq!((&row["subject"], row.get("actor")), (&json!("1005"), None));
        for member in ["tenant_id", "ip", "user_agent", "request_id"] {
            assert_eq!(row[member], event[member], "{member}");
        }
    }
}
