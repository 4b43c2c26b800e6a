//! `PATCH /api/v1/clients/{id}`: an admin changes a client.

use serde_json::{Value, json};
use shared::app::Sessions;

use crate::calls::{cost, events};
use crate::client::{ID, KEY_ID, SCOPE, TENANT, auth, key, patched, row, trace};
use crate::exchange::send;
use crate::wire::Act;
use crate::world::{START, World};

#[tokio::test]
async fn a_client_is_changed_as_far_as_it_is_asked_for() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    let mut shown = json!({
        "id": ID,
        "name": "NudgeScribe",
        "scope": SCOPE,
        "status": "active",
        "keys": [{"id": KEY_ID, "created_at": START.to_string(), "last_used_at": null}],
    });
    for (number, (member, value, kind, reason)) in (2..).zip([
        ("name", "Notes", "user_updated", "name"),
        ("scope", "notes:read", "authz_change", "scope"),
        ("status", "suspended", "authn_token_revoked", "status"),
        ("status", "active", "user_updated", "status"),
    ]) {
        let before = world.json(&row()).await;
        world.wire.take();
        let received = desk.ask(patched(ID, &json!({member: value}))).await;
        let calls = world.wire.work();
        assert_eq!(received.status, 200, "{}", received.text);
        shown[member] = json!(value);
        assert_eq!(received.body, json!({"client": shown}));
        // Who calls, the client, its change and the last uses.
        assert_eq!(cost(&calls), (4, 1.0));
        let mut after = world.json(&row()).await;
        assert_eq!(after["version"], json!(number));
        let event = after["event"].take();
        assert_eq!(event["type"], kind, "{event}");
        assert_eq!(event["reason"], reason);
        assert_eq!(
            (&event["actor"], &event["subject"]),
            (&json!("admin-of-nudgescribe"), &json!(ID))
        );
        assert_eq!(event["tenant_id"], TENANT);
        if member == "scope" {
            assert_eq!(
                (&event["from"], &event["to"]),
                (&json!(SCOPE), &json!("notes:read"))
            );
        } else {
            assert_eq!((event.get("from"), event.get("to")), (None, None));
        }
        // All else is as it was.
        let mut expected = before.clone();
        expected[member] = json!(value);
        expected["version"] = json!(number);
        expected["event"] = Value::Null;
        if value == "suspended" {
            expected["epoch"] = json!(before["epoch"].as_u64().expect("one") + 1);
        }
        assert_eq!(after, expected);
        assert_eq!(events(&calls).len(), 1);
    }
}

#[tokio::test]
async fn several_changes_are_one_event_by_what_weighs_most() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    let all = json!({"name": "x", "scope": "a", "status": "suspended"});
    assert_eq!(desk.ask(patched(ID, &all)).await.status, 200);
    let event = world.json(&row()).await["event"].take();
    assert_eq!(
        (&event["type"], &event["reason"]),
        (&json!("authn_token_revoked"), &json!("status scope name"))
    );
    assert_eq!((&event["from"], &event["to"]), (&json!(SCOPE), &json!("a")));
    let back = json!({"name": "y", "scope": "b", "status": "active"});
    assert_eq!(desk.ask(patched(ID, &back)).await.status, 200);
    let event = world.json(&row()).await["event"].take();
    assert_eq!(
        (&event["type"], &event["reason"]),
        (&json!("authz_change"), &json!("status scope name"))
    );
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    let before = world.json(&row()).await;
    let same = json!({"name": "NudgeScribe", "scope": SCOPE, "status": "active"});
    let received = desk.ask(patched(ID, &same)).await;
    assert_eq!(received.status, 200, "{}", received.text);
    assert_eq!(received.body["client"]["name"], "NudgeScribe");
    assert_eq!(world.json(&row()).await, before);
    assert!(events(&world.wire.take()).is_empty());
}

#[tokio::test]
async fn a_suspension_ends_every_token_at_once_and_for_good() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    let app: &Sessions = world.instance().await;
    let tokens = [
        world.sign_in_client(&key()).await,
        world.sign_in_client(&key()).await,
    ];
    let status = async |token: &str| send(app, client_refresh::handle, trace(token)).await.status;
    for (to, sign_in) in [("suspended", 403), ("active", 200)] {
        let received = desk.ask(patched(ID, &json!({"status": to}))).await;
        assert_eq!(received.status, 200, "{}", received.text);
        for tokens in &tokens {
            assert_eq!(status(&tokens.access).await, 401, "{to}");
            assert_eq!(status(&tokens.refresh).await, 401, "{to}");
        }
        let received = send(app, client_auth::handle, auth(&key())).await;
        assert_eq!(received.status, sign_in, "{to}");
    }
    // Who has signed in since is not touched by it.
    let tokens = world.sign_in_client(&key()).await;
    assert_eq!(status(&tokens.access).await, 200);
}

#[tokio::test]
async fn a_change_has_to_be_one_and_in_its_form() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    let before = world.json(&row()).await;
    let none = "name, scope or status is required";
    let bounds = "name must have from 1 to 200 bytes and no control characters";
    for (body, what) in [
        (json!({}), none),
        (json!({"name": null, "scope": null, "status": null}), none),
        (
            json!({"version": 7, "epoch": 0, "tenant_id": "acme", "keys": []}),
            none,
        ),
        (json!({"name": ""}), bounds),
        (json!({"name": "a\nb"}), bounds),
        (
            json!({"status": "deleted"}),
            "status must be active or suspended",
        ),
        (
            json!({"status": "Active"}),
            "status must be active or suspended",
        ),
        (json!({"status": ""}), "status must be active or suspended"),
        (json!({"status": true}), "status must be a string"),
        (
            json!({"name": "x", "status": "no"}),
            "status must be active or suspended",
        ),
    ] {
        let received = desk.ask(patched(ID, &body)).await;
        assert_eq!(
            (received.status, received.member("message")),
            (400, what),
            "{body}"
        );
    }
    for scope in ["A", " ", "a  b"] {
        assert_eq!(
            desk.ask(patched(ID, &json!({"scope": scope}))).await.status,
            400
        );
    }
    assert_eq!(world.json(&row()).await, before);
    let received = desk.ask(patched(ID, &json!({"scope": ""}))).await;
    assert_eq!(received.body["client"]["scope"], "");
}

#[tokio::test]
async fn a_repeat_by_the_sdk_is_a_success_of_its_own_and_a_change_lost_three_times_is_503() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    for act in [Act::Lose, Act::Twice] {
        world.wire.rule(move |call| {
            let change = call.operation == "UpdateItem" && call.touches("CLIENT#");
            if change && call.attempt == 1 {
                act.clone()
            } else {
                Act::Pass
            }
        });
        let before = world.json(&row()).await;
        let received = desk
            .ask(patched(ID, &json!({"name": before["version"].to_string()})))
            .await;
        world.wire.heal();
        assert_eq!(received.status, 200, "{}", received.text);
        let after = world.json(&row()).await;
        assert_eq!(
            after["version"].as_u64(),
            before["version"].as_u64().map(|version| version + 1)
        );
    }
    let stale = world.json(&row()).await;
    world.alter(&row(), |row| row["version"] = json!(9)).await;
    let rows = crate::calls::batch(&world.environment().config.table_name, &[stale], &[]);
    for (lost, status) in [(2, 200), (3, 503)] {
        let left = std::sync::atomic::AtomicUsize::new(lost);
        let rows = rows.clone();
        world.wire.rule(move |call| {
            let reads = call.operation == "BatchGetItem" && call.touches("CLIENT#");
            let less = |left: usize| left.checked_sub(1);
            let order = std::sync::atomic::Ordering::SeqCst;
            if reads && left.fetch_update(order, order, less).is_ok() {
                return Act::Answer(rows.clone());
            }
            Act::Pass
        });
        let received = desk
            .ask(patched(ID, &json!({"name": format!("lost {lost}")})))
            .await;
        world.wire.heal();
        assert_eq!(received.status, status, "{}", received.text);
        if status == 503 {
            assert_eq!(received.header("retry-after"), Some("5"));
        }
    }
    assert_eq!(world.json(&row()).await["name"], "lost 2");
}
