//! `DELETE /api/v1/users/{id}`.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use shared::app::SignIn;
use shared::auth::login_name::LoginName;
use shared::store::key::Key;

use crate::calls::{batch, cost_beside_limits, events};
use crate::exchange::{Sent, send};
use crate::users::{ALICE, ALICES, Invited, PASSWORD, Users, delete, invite, list};
use crate::wire::Act;

/// The row of a login name.
async fn name(users: &Users, name: &str) -> Value {
    let name = LoginName::parse("username", name).expect("a name");
    users.world.json(&Key::login_name(&name.hash())).await
}

#[tokio::test]
async fn a_removed_user_leaves_nothing_that_says_who_it_was() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let body = json!({
        "email": "Zebedee@Example.com",
        "username": "Zebedee.7",
        "name": "Zebedee Roundabout",
        "organization": "Magic Ltd",
        "role": "admin",
    });
    let invited = Invited::of(&users.invite(invite(&body).bearer(&admin)).await);
    assert_eq!(users.accept(&invited.token, PASSWORD).await.status, 200);
    let known = |row: &mut Value| {
        row["aws_region"] = json!("zz-magic-1");
        row["user_type"] = json!(["magician"]);
        row["email_verified"] = json!(true);
    };
    users.world.alter(&invited.key(), known).await;
    let token = users.token(&invited.id).await;
    let before = users.row(&invited.id).await;
    assert_eq!(users.list(list().bearer(&token)).await.status, 200);
    users.world.wire.take();
    let received = users.delete(&admin, &invited.id).await;
    let calls = users.world.wire.take();
    assert_eq!((received.status, received.text.as_str()), (204, ""));
    assert_eq!(received.header("content-type"), None);
    assert_eq!(received.header("cache-control"), Some("no-store"));
    assert_eq!(received.header("x-content-type-options"), Some("nosniff"));

    let after = users.row(&invited.id).await;
    let mut members: Vec<_> = after.as_object().unwrap().keys().cloned().collect();
    members.sort_unstable();
    let kept = [
        "created_at",
        "email",
        "email_verified",
        "epoch",
        "event",
        "expires_at",
        "id",
        "is_demo",
        "pk",
        "role",
        "sk",
        "status",
        "tenant_id",
        "updated_at",
        "version",
    ];
    assert_eq!(members, kept);
    assert_eq!(
        (&after["email"], &after["status"]),
        (&json!(""), &json!("deleted"))
    );
    assert_eq!(after["email_verified"], false);
    for name in ["version", "epoch"] {
        assert_eq!(after[name].as_u64(), before[name].as_u64().map(|n| n + 1));
    }
    // It goes when no token of it could live any more.
    let later = users.world.clock.now().plus_seconds(91 * 86_400).seconds();
    assert_eq!(after["expires_at"], later);
    let hash = before["password_hash"].as_str().expect("a hash");
    let rows = format!("{:?}", users.world.rows().await).to_lowercase();
    for secret in ["zebedee", "roundabout", "magic", &hash.to_lowercase()] {
        assert!(!rows.contains(secret), "{secret}");
    }
    assert_eq!(name(&users, "zebedee.7").await, Value::Null);
    assert_eq!(name(&users, "zebedee@example.com").await, Value::Null);

    let recorded = events(&calls);
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0]["type"], "user_deleted");
    assert_eq!(recorded[0]["outcome"], "success");
    assert_eq!(recorded[0]["actor"], ALICE);
    assert_eq!(recorded[0]["subject"], invited.id.as_str());
    assert_eq!(recorded[0]["tenant_id"], ALICES);
    assert_eq!(users.admin_count(ALICES).await, 1);
    // Session, user and tenant; the user and the count; user, two names and the count, twice each, and
    // the index.
    assert_eq!(cost_beside_limits(&calls), (3, 9.0));

    // Its sessions have ended, its names are free, and it cannot be removed again.
    assert_eq!(users.list(list().bearer(&token)).await.status, 401);
    let app: &SignIn = users.world.instance().await;
    let sent = Sent::login("zebedee.7", PASSWORD);
    assert_eq!(send(app, login::handle, sent).await.status, 401);
    assert_eq!(users.delete(&admin, &invited.id).await.status, 404);
    let again = Invited::of(&users.invite(invite(&body).bearer(&admin)).await);
    assert_ne!(again.id, invited.id);
}

#[tokio::test]
async fn whoever_has_yet_to_accept_is_removed_with_the_invite() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.invited(&admin, "bob@example.com", "admin").await;
    assert_eq!(users.delete(&admin, &bob.id).await.status, 204);
    assert_eq!(users.accept(&bob.token, PASSWORD).await.status, 400);
    assert_eq!(users.admin_count(ALICES).await, 1);
    let again = users.invited(&admin, "bob@example.com", "viewer").await;
    assert_eq!(users.accept(&again.token, PASSWORD).await.status, 200);
    assert_eq!(users.accept(&bob.token, PASSWORD).await.status, 400);
}

#[tokio::test]
async fn an_admin_may_remove_itself_unless_it_is_the_last() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let before = users.row(ALICE).await;
    users.world.wire.take();
    let received = users.delete(&admin, ALICE).await;
    assert_eq!(received.status, 409, "{}", received.text);
    let what = "The tenant's last admin cannot be demoted, suspended or removed";
    assert_eq!(received.member("message"), what);
    let recorded = events(&users.world.wire.take());
    assert_eq!(recorded[0]["type"], "user_deleted");
    assert_eq!(recorded[0]["outcome"], "failure");
    assert_eq!(recorded[0]["reason"], "last_admin");
    assert_eq!(users.row(ALICE).await, before);
    let bob = users.joined(&admin, "bob@example.com", "admin").await;
    assert_eq!(users.delete(&admin, ALICE).await.status, 204);
    assert_eq!(users.list(list().bearer(&admin)).await.status, 401);
    let token = users.token(&bob).await;
    assert_eq!(users.delete(&token, &bob).await.status, 409);
    assert_eq!(users.admin_count(ALICES).await, 1);
}

#[tokio::test]
async fn the_last_admin_is_read_once_more_before_it_is_called_so() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.joined(&admin, "bob@example.com", "admin").await;
    let table = users.world.environment().config.table_name.clone();
    // The count as it was before Bob joined.
    let key = Key::admins(&ALICES.into());
    let mut count = users.world.json(&key).await;
    assert_eq!(count["admin_count"], 2);
    count["admin_count"] = json!(1);
    let torn = batch(&table, &[users.row(&bob).await, count], &[]);
    let tear = |reads: usize| {
        let (torn, seen) = (torn.clone(), AtomicUsize::new(0));
        users.world.wire.rule(move |call| {
            let of_it = call.operation == "BatchGetItem" && call.touches("ADMINS#");
            if of_it && seen.fetch_add(1, Ordering::Relaxed) < reads {
                return Act::Answer(torn.clone());
            }
            Act::Pass
        });
    };
    let demotion = json!({"role": "viewer"});
    // Read so twice, it is believed.
    tear(2);
    assert_eq!(users.update(&admin, &bob, &demotion).await.status, 409);
    tear(2);
    assert_eq!(users.delete(&admin, &bob).await.status, 409);
    users.world.wire.take();
    tear(1);
    assert_eq!(users.update(&admin, &bob, &demotion).await.status, 200);
    let promotion = json!({"role": "admin"});
    assert_eq!(users.update(&admin, &bob, &promotion).await.status, 200);
    tear(1);
    assert_eq!(users.delete(&admin, &bob).await.status, 204);
    let recorded = events(&users.world.wire.take());
    assert!(recorded.iter().all(|event| event["outcome"] == "success"));
    assert_eq!(users.admin_count(ALICES).await, 1);
}

#[tokio::test]
async fn nobody_removes_whose_role_is_above_their_own() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.joined(&admin, "bob@example.com", "viewer").await;
    let root = users.token_as(&bob, "super_admin").await;
    users.world.wire.take();
    let received = users.delete(&admin, &bob).await;
    assert_eq!(received.status, 403);
    assert_eq!(received.member("message"), "The role is above your own");
    let recorded = events(&users.world.wire.take());
    assert_eq!(recorded[0]["type"], "authz_fail");
    assert_eq!(recorded[0]["reason"], "role_above_own");
    let sent = delete("1005").query("tenant_id", "2001").bearer(&root);
    let received = send(users.delete, delete_user::handle, sent).await;
    assert_eq!(received.status, 204);
    assert_eq!(users.row("1005").await["status"], "deleted");
}

#[tokio::test]
async fn a_name_that_has_passed_to_somebody_else_is_not_freed_with_a_user() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.joined(&admin, "bob@example.com", "viewer").await;
    let parsed = LoginName::parse("email", "bob@example.com").unwrap();
    let key = Key::login_name(&parsed.hash());
    // As nothing of ours leaves it.
    let before = users
        .world
        .alter(&key, |row| row["user_id"] = json!("another"));
    let before = before.await;
    assert_eq!(users.delete(&admin, &bob).await.status, 503);
    assert_eq!(name(&users, "bob@example.com").await["user_id"], "another");
    users.world.put_json(&key, &Value::Null).await;
    assert_eq!(users.delete(&admin, &bob).await.status, 204);
    assert_ne!(before, Value::Null);
}

#[tokio::test]
async fn a_body_and_its_content_type_are_ignored() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.joined(&admin, "bob@example.com", "viewer").await;
    let sent = delete(&bob).header("content-type", "text/plain");
    let sent = sent.body(&"{".repeat(20_000)).bearer(&admin);
    assert_eq!(
        send(users.delete, delete_user::handle, sent).await.status,
        204
    );
}
