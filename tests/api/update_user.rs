//! `PATCH /api/v1/users/{id}`.

mod refusals;

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use shared::store::key::Key;

use crate::calls::{batch, cost_beside_limits, events};
use crate::users::{ALICE, ALICES, Users, list};
use crate::wire::Act;
use crate::world::START;

#[tokio::test]
async fn a_user_has_the_name_role_and_status_that_it_was_given_and_one_event_says_so() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.joined(&admin, "bob@example.com", "member").await;
    // What is asked for, what the event is, and the role before and after.
    let steps = [
        (json!({"name": "Bob"}), "user_updated", None),
        (
            json!({"role": "viewer"}),
            "authz_change",
            Some(("member", "viewer")),
        ),
        (
            json!({"role": "admin", "name": "Robert"}),
            "authz_change",
            Some(("viewer", "admin")),
        ),
        (json!({"status": "suspended"}), "user_archived", None),
        (
            json!({"status": "active", "name": "Bob"}),
            "user_updated",
            None,
        ),
        (
            json!({"status": "suspended", "role": "viewer", "name": "B"}),
            "user_archived",
            Some(("admin", "viewer")),
        ),
        (
            json!({"status": "active", "role": "admin"}),
            "authz_change",
            Some(("viewer", "admin")),
        ),
    ];
    let mut expected = json!({"name": null, "role": "member", "status": "active"});
    for (n, (body, kind, roles)) in steps.iter().enumerate() {
        users.world.wait(1);
        let before = users.row(&bob).await;
        users.world.wire.take();
        let received = users.update(&admin, &bob, body).await;
        let calls = users.world.wire.take();
        assert_eq!(received.status, 200, "{}", received.text);
        for (name, value) in body.as_object().unwrap() {
            expected[name] = value.clone();
        }
        let user = &received.body["user"];
        for name in ["name", "role", "status"] {
            assert_eq!(user[name], expected[name], "{body}");
        }
        assert_eq!(user["display_name"], user["name"]);
        assert_eq!(user["is_active"], user["status"] == "active");
        let now = START.plus_seconds(1 + i64::try_from(n).unwrap());
        assert_eq!(user["updated_at"], now.to_string());
        assert_eq!(users.read(&admin, &bob).await.body["user"], *user);

        let after = users.row(&bob).await;
        let number = |row: &Value, name: &str| row[name].as_u64().expect("a number");
        assert_eq!(number(&after, "version"), number(&before, "version") + 1);
        let ended = u64::from(body["status"] == "suspended");
        assert_eq!(
            number(&after, "epoch"),
            number(&before, "epoch") + ended,
            "{body}"
        );
        let admins = user["status"] == "active" && user["role"] == "admin";
        assert_eq!(
            users.admin_count(ALICES).await,
            1 + u64::from(admins),
            "{body}"
        );

        let recorded = events(&calls);
        assert_eq!(recorded.len(), 1, "{body}");
        let event = &recorded[0];
        assert_eq!(
            (&event["type"], &event["outcome"]),
            (&json!(kind), &json!("success"))
        );
        assert_eq!(
            (&event["actor"], &event["subject"]),
            (&json!(ALICE), &json!(bob))
        );
        assert_eq!(event["tenant_id"], ALICES);
        let said = roles.map(|(from, to)| (json!(from), json!(to)));
        let (from, to) = said.unwrap_or_default();
        assert_eq!((&event["from"], &event["to"]), (&from, &to), "{body}");
        // Session, user and tenant; the user and the count; the change of the one, or of both.
        let counted = admins != (before["role"] == "admin" && before["status"] == "active");
        let units = if counted { 4.0 } else { 1.0 };
        assert_eq!(cost_beside_limits(&calls), (3, units), "{body}");
    }
}

#[tokio::test]
async fn a_suspension_ends_every_session_at_once_and_a_change_of_role_ends_none() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.joined(&admin, "bob@example.com", "admin").await;
    let token = users.token(&bob).await;
    let status = async |token: &str| users.list(list().bearer(token)).await.status;
    assert_eq!(status(&token).await, 200);
    let change = async |body: Value| {
        assert_eq!(users.update(&admin, &bob, &body).await.status, 200);
    };
    change(json!({"role": "viewer"})).await;
    assert_eq!(status(&token).await, 403);
    change(json!({"role": "admin"})).await;
    assert_eq!(status(&token).await, 200);
    change(json!({"status": "suspended"})).await;
    assert_eq!(status(&token).await, 401);
    change(json!({"status": "active"})).await;
    assert_eq!(status(&token).await, 401);
    assert_eq!(status(&users.token(&bob).await).await, 200);
}

#[tokio::test]
async fn what_is_so_already_is_answered_and_not_written() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let before = users.row(ALICE).await;
    for body in [
        json!({"name": "Alice Martin"}),
        json!({"role": "admin"}),
        json!({"status": "active"}),
        json!({"name": "Alice Martin", "role": "admin", "status": "active"}),
        json!({"name": null, "role": null, "status": "active"}),
    ] {
        users.world.wire.take();
        let received = users.update(&admin, ALICE, &body).await;
        assert_eq!(received.status, 200, "{}", received.text);
        assert_eq!(received.body["user"]["name"], "Alice Martin");
        let calls = users.world.wire.take();
        assert_eq!(cost_beside_limits(&calls), (2, 0.0));
        assert_eq!(events(&calls), [] as [Value; 0]);
    }
    assert_eq!(users.row(ALICE).await, before);
}

#[tokio::test]
async fn a_change_that_others_overtake_is_decided_anew_twice_and_then_given_up() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.joined(&admin, "bob@example.com", "viewer").await;
    let stale = users.row(&bob).await;
    let reads = |overtaken: u32| {
        // The user as it was before others changed it, so often.
        let (table, row) = (
            users.world.environment().config.table_name.clone(),
            stale.clone(),
        );
        let seen = AtomicU32::new(0);
        users.world.wire.rule(move |call| {
            let of_it = call.operation == "BatchGetItem" && call.touches("ADMINS#");
            if of_it && seen.fetch_add(1, Ordering::Relaxed) < overtaken {
                let rows = std::slice::from_ref(&row);
                return Act::Answer(batch(&table, rows, &[]));
            }
            Act::Pass
        });
    };
    let key = Key::user(&bob.as_str().into());
    users
        .world
        .alter(&key, |row| row["version"] = json!(9))
        .await;
    for (overtaken, status) in [(1, 200), (2, 200), (3, 503)] {
        reads(overtaken);
        let name = format!("Bob {overtaken}");
        users.world.wire.take();
        let received = users.update(&admin, &bob, &json!({"name": name})).await;
        users.world.wire.heal();
        assert_eq!(received.status, status, "{}", received.text);
        let kept = users.row(&bob).await["name"] == name;
        assert_eq!(kept, status == 200);
    }
    reads(1);
    // Removed meanwhile.
    users
        .world
        .alter(&key, |row| row["status"] = json!("deleted"))
        .await;
    let received = users.update(&admin, &bob, &json!({"name": "Bob"})).await;
    assert_eq!(received.status, 404);
}
