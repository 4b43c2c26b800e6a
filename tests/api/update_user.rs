//! `PATCH /api/v1/users/{id}`.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use shared::store::key::Key;

use crate::calls::{cost_beside_limits, events};
use crate::users::{ALICE, ALICES, PASSWORD, Users, list, update};
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
        let units = if counted { 4.0 } else { 2.0 };
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
async fn a_body_that_asks_for_nothing_or_for_what_is_not_is_refused() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let line = "name must have from 1 to 200 bytes and no control characters";
    let status = "status must be active or suspended";
    let role = "role must be a small letter and up to 31 of a-z, 0-9, _ and -";
    let none = "name, role or status is required";
    for (body, what) in [
        (json!({}), none),
        (json!({"name": null, "role": null, "status": null}), none),
        (
            json!({"email": "other@example.com", "tenant_id": "2001"}),
            none,
        ),
        (json!({"name": ""}), line),
        (json!({"name": "x".repeat(201)}), line),
        (json!({"name": "a\u{1b}b"}), line),
        (json!({"name": 7}), "name must be a string"),
        (json!({"role": "Admin"}), role),
        (json!({"role": ""}), role),
        (json!({"role": {}}), "role must be a string"),
        (json!({"status": "invited"}), status),
        (json!({"status": "deleted"}), status),
        (json!({"status": ""}), status),
        (json!({"status": true}), "status must be a string"),
        (json!({"name": "fine", "status": "gone"}), status),
    ] {
        let received = users.update(&admin, ALICE, &body).await;
        assert_eq!(received.status, 400, "{body}");
        assert_eq!(received.member("message"), what, "{body}");
    }
    let other = json!({"role": "viewer", "email": "other@example.com", "version": 9});
    let bob = users.joined(&admin, "bob@example.com", "member").await;
    let received = users.update(&admin, &bob, &other).await;
    assert_eq!(received.body["user"]["email"], "bob@example.com");
    assert_eq!(users.row(&bob).await["version"], 3);
}

#[tokio::test]
async fn who_is_invited_can_be_suspended_for_good_and_made_active_by_nobody() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.invited(&admin, "bob@example.com", "viewer").await;
    let conflict = async |body: Value, reason: &str, what: &str| {
        users.world.wire.take();
        let received = users.update(&admin, &bob.id, &body).await;
        assert_eq!(received.status, 409, "{}", received.text);
        assert_eq!(received.member("error"), "Conflict");
        assert_eq!(received.member("message"), what);
        let recorded = events(&users.world.wire.take());
        assert_eq!(recorded[0]["outcome"], "failure");
        assert_eq!(recorded[0]["reason"], reason);
        assert_eq!(recorded[0]["subject"], bob.id.as_str());
    };
    let what = "An invited user becomes active by accepting the invite";
    conflict(json!({"status": "active"}), "invited", what).await;
    conflict(
        json!({"status": "active", "role": "admin"}),
        "invited",
        what,
    )
    .await;
    let received = users
        .update(&admin, &bob.id, &json!({"role": "admin", "name": "Bob"}))
        .await;
    assert_eq!(received.body["user"]["status"], "invited");
    assert_eq!(users.admin_count(ALICES).await, 1);
    let received = users
        .update(&admin, &bob.id, &json!({"status": "suspended"}))
        .await;
    assert_eq!(received.body["user"]["status"], "suspended");
    assert_eq!(users.row(&bob.id).await.get("invite"), None);
    assert_eq!(users.accept(&bob.token, PASSWORD).await.status, 400);
    let what = "A user without a password cannot be active";
    conflict(json!({"status": "active"}), "no_password", what).await;
    assert_eq!(users.admin_count(ALICES).await, 1);
    assert_eq!(users.delete(&admin, &bob.id).await.status, 204);
}

#[tokio::test]
async fn the_last_admin_can_be_neither_demoted_nor_suspended() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let invited = users.invited(&admin, "eve@example.com", "admin").await;
    let archived = users.joined(&admin, "bob@example.com", "admin").await;
    let body = json!({"status": "suspended"});
    assert_eq!(users.update(&admin, &archived, &body).await.status, 200);
    let before = users.row(ALICE).await;
    for (body, kind) in [
        (json!({"role": "viewer"}), "authz_change"),
        (json!({"role": "viewer", "name": "Al"}), "authz_change"),
        (json!({"status": "suspended"}), "user_archived"),
    ] {
        users.world.wire.take();
        let received = users.update(&admin, ALICE, &body).await;
        assert_eq!(received.status, 409, "{body}");
        let what = "The tenant's last admin cannot be demoted, suspended or removed";
        assert_eq!(received.member("message"), what);
        let recorded = events(&users.world.wire.take());
        assert_eq!(recorded.len(), 1);
        assert_eq!(recorded[0]["type"], kind);
        assert_eq!(recorded[0]["outcome"], "failure");
        assert_eq!(recorded[0]["reason"], "last_admin");
    }
    assert_eq!(users.row(ALICE).await, before);
    // Another name is no demotion; and with another admin she may go.
    let body = json!({"name": "Al"});
    assert_eq!(users.update(&admin, ALICE, &body).await.status, 200);
    assert_eq!(users.accept(&invited.token, PASSWORD).await.status, 200);
    let body = json!({"role": "viewer"});
    assert_eq!(users.update(&admin, ALICE, &body).await.status, 200);
    assert_eq!(users.admin_count(ALICES).await, 1);
}

#[tokio::test]
async fn nobody_changes_whose_role_is_above_their_own_or_gives_such_a_role() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.joined(&admin, "bob@example.com", "admin").await;
    let above = async |id: &str, body: Value| {
        users.world.wire.take();
        let received = users.update(&admin, id, &body).await;
        assert_eq!(received.status, 403, "{}", received.text);
        assert_eq!(received.member("message"), "The role is above your own");
        let recorded = events(&users.world.wire.take());
        assert_eq!(recorded[0]["type"], "authz_fail");
        assert_eq!(recorded[0]["reason"], "role_above_own");
        assert_eq!(recorded[0]["actor"], ALICE);
    };
    above(&bob, json!({"role": "super_admin"})).await;
    above(ALICE, json!({"role": "super_admin"})).await;
    let root = users.token_as(&bob, "super_admin").await;
    for body in [
        json!({"name": "Bob"}),
        json!({"role": "viewer"}),
        json!({"status": "suspended"}),
        json!({"status": "active"}),
    ] {
        above(&bob, body).await;
    }
    // Its equal may do anything but make another.
    let received = users
        .update(&root, ALICE, &json!({"role": "super_admin"}))
        .await;
    assert_eq!(received.status, 400);
    let what = "role cannot be super_admin, which only the command line gives";
    assert_eq!(received.member("message"), what);
    let received = users
        .update(&root, &bob, &json!({"role": "super_admin", "name": "Bob"}))
        .await;
    assert_eq!(received.status, 200);
    let body = json!({"role": "member"});
    let sent = update("1005", &json!({"role": "admin"})).query("tenant_id", "2001");
    let received = crate::exchange::send(users.update, update_user::handle, sent.bearer(&root));
    assert_eq!(received.await.body["user"]["role"], "admin");
    assert_eq!(users.admin_count("2001").await, 1);
    assert_eq!(users.update(&root, &bob, &body).await.status, 200);
    assert_eq!(users.admin_count(ALICES).await, 1);
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
                return Act::Answer(crate::calls::batch(&table, std::slice::from_ref(&row), &[]));
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
