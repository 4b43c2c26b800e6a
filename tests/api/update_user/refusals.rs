//! What no admin can do to a user.

use serde_json::{Value, json};

use crate::calls::events;
use crate::exchange::send;
use crate::users::{ALICE, ALICES, PASSWORD, Users, update};

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
    let received = send(users.update, update_user::handle, sent.bearer(&root));
    assert_eq!(received.await.body["user"]["role"], "admin");
    assert_eq!(users.admin_count("2001").await, 1);
    assert_eq!(users.update(&root, &bob, &body).await.status, 200);
    assert_eq!(users.admin_count(ALICES).await, 1);
}
