//! `POST /api/auth/change-password`: a change, and a wrong current password.

use serde_json::{Value, json};
use shared::app::{Changing, Sessions, SignIn};
use shared::store::key::Key;

use super::guarded::Guarded;
use super::refresh::{assert_refused, refreshed};
use crate::calls::{cost, events};
use crate::exchange::{Received, Sent, send};
use crate::session::SignedIn;
use crate::world::{ADDRESS, START, World};

/// Whom the tests know by this password, of a tenant without rules of its own.
pub const USER: &str = "1005";
pub const CURRENT: &str = "password";
pub const NEW: &str = "correct horse battery staple";

const TOO_MANY: &str = "Too many login attempts. Please try again in a few minutes.";

/// A password change by this session.
fn changing(user: &SignedIn, current: &str, new: &str) -> Sent {
    let body = json!({"currentPassword": current, "newPassword": new});
    Sent::post("/api/auth/change-password", &body).bearer(&user.access)
}

/// What a password change by this session answers.
pub async fn change(app: &'static Changing, user: &SignedIn, current: &str, new: &str) -> Received {
    send(app, change_password::handle, changing(user, current, new)).await
}

/// Asserts that the password was changed.
#[track_caller]
pub fn assert_changed(received: &Received) {
    let body = json!({"success": true, "message": "Password changed successfully"});
    assert_eq!(received.body, body, "{}", received.text);
    assert_eq!(received.status, 200);
    received.assert_headers(&[]);
}

/// Asserts that the current password was found wrong.
#[track_caller]
pub fn assert_wrong(received: &Received) {
    let what = "The current password provided is incorrect";
    received.assert_refusal(400, ["Invalid current password", what, what], &[]);
}

/// Asserts that the session has to wait for so many seconds.
#[track_caller]
fn assert_waits(received: &Received, seconds: &str) {
    let words = [TOO_MANY, TOO_MANY, "Rate limit exceeded"];
    received.assert_refusal(429, words, &[("retry-after", seconds)]);
}

/// The count of a session's wrong current passwords.
async fn count(world: &World, user: &SignedIn) -> Value {
    world.json(&Key::current_password(&user.session)).await
}

#[tokio::test]
async fn a_change_ends_every_session_but_its_own() {
    let world = World::new().await;
    let (own, other) = (world.sign_in(USER).await, world.sign_in(USER).await);
    let app: &Changing = world.instance().await;
    let before = world.json(&own.user_key()).await;
    world.wait(7);
    let hashed = app.passwords.hashes();
    let sent = changing(&own, CURRENT, NEW).request_id("r-1");
    assert_changed(&send(app, change_password::handle, sent).await);
    assert_eq!(app.passwords.hashes() - hashed, 2);
    let calls = world.wire.work();
    let operations: Vec<_> = calls.iter().map(|done| &done.call.operation[..]).collect();
    assert_eq!(
        operations,
        [
            "BatchGetItem",
            "UpdateItem",
            "TransactWriteItems",
            "UpdateItem"
        ]
    );
    // Counting, clearing, and twice two rows.
    assert_eq!(cost(&calls), (4, 6.0));

    let mut recorded = events(&calls);
    assert_eq!(recorded.len(), 1);
    let id = recorded[0]["id"].take();
    let expected = json!({
        "id": null,
        "type": "authn_password_change",
        "outcome": "success",
        "time": (START.millis() + 7000).to_string(),
        "ip": ADDRESS,
        "user_agent": "test/1",
        "request_id": "r-1",
        "actor": USER,
        "subject": USER,
        "tenant_id": "2001",
    });
    assert_eq!(recorded, [expected]);
    let after = world.json(&own.user_key()).await;
    assert_eq!((&after["version"], &after["epoch"]), (&json!(2), &json!(2)));
    assert_eq!(after["updated_at"], json!(START.plus_seconds(7)));
    assert_eq!(after["event"]["id"], id);
    assert_ne!(after["password_hash"], before["password_hash"]);
    // It updates the attributes it means, and no other.
    for (name, value) in before.as_object().expect("a row") {
        let meant = ["version", "epoch", "updated_at", "password_hash"];
        assert!(
            meant.contains(&name.as_str()) || &after[name] == value,
            "{name}"
        );
    }
    assert_eq!(world.json(&own.session_key()).await["epoch"], json!(2));
    assert_eq!(world.json(&other.session_key()).await["epoch"], json!(1));

    let guarded = Guarded::new(&world).await;
    guarded
        .assert_accepted("own", |sent| sent.bearer(&own.access))
        .await;
    world.wire.work();
    guarded
        .assert_refused(&world, "other", 2, |sent| sent.bearer(&other.access))
        .await;
    let sessions: &Sessions = world.instance().await;
    assert_refused(sessions, &other.refresh).await;
    assert_eq!(refreshed(sessions, &own.refresh).await.status, 200);
}

#[tokio::test]
async fn the_new_password_signs_in_and_the_old_one_does_not() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let app: &Changing = world.instance().await;
    assert_changed(&change(app, &user, CURRENT, NEW).await);
    let sign_in: &SignIn = world.instance().await;
    for (password, status) in [(CURRENT, 401), (NEW, 200)] {
        let sent = Sent::login("user@example.com", password);
        let received = send(sign_in, login::handle, sent).await;
        assert_eq!(received.status, status, "{}", received.text);
    }
    assert_wrong(&change(app, &user, CURRENT, "another horse battery staple").await);
    assert_changed(&change(app, &user, NEW, "another horse battery staple").await);
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing_and_counts_on_its_session_alone() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let app: &Changing = world.instance().await;
    let before = world.json(&user.user_key()).await;
    let hashed = app.passwords.hashes();
    assert_wrong(&change(app, &user, "passwore", NEW).await);
    assert_eq!(app.passwords.hashes() - hashed, 1);
    let calls = world.wire.work();
    assert_eq!(cost(&calls), (3, 2.0));
    let recorded = events(&calls);
    assert_eq!(recorded.len(), 1);
    for (member, value) in [
        ("type", "authn_password_change_fail"),
        ("outcome", "failure"),
        ("reason", "current_password"),
        ("ip", ADDRESS),
        ("actor", USER),
        ("subject", USER),
        ("tenant_id", "2001"),
    ] {
        assert_eq!(recorded[0][member], json!(value));
    }
    assert_eq!(world.json(&user.user_key()).await, before);
    // Of all counts, only its own: neither a login's nor another session's.
    let counts = calls.iter().filter(|done| done.call.touches("FAIL#"));
    let counts: Vec<_> = counts.collect();
    assert_eq!(counts.len(), 1);
    assert!(counts[0].call.touches(&format!("FAIL#{}", user.session)));
    let row = count(&world, &user).await;
    assert_eq!(row["failures"], json!(1));
    assert_eq!(row["expires_at"], json!(START.seconds() + 86_400));
}

#[tokio::test]
async fn from_the_sixth_wrong_current_password_on_the_session_waits() {
    let world = World::new().await;
    let (user, other) = (world.sign_in(USER).await, world.sign_in(USER).await);
    let app: &Changing = world.instance().await;
    for _ in 0..6 {
        assert_wrong(&change(app, &user, "wrong", NEW).await);
    }
    for seconds in [1, 2, 4] {
        world.wait_ms(seconds * 1000 - 1);
        world.wire.work();
        let hashed = app.passwords.hashes();
        // Whatever is right or wrong now is not looked at, and nothing is written.
        assert_waits(&change(app, &user, CURRENT, NEW).await, "1");
        assert_eq!(app.passwords.hashes(), hashed);
        let calls = world.wire.work();
        assert_eq!(cost(&calls), (2, 1.0));
        assert!(
            calls
                .iter()
                .all(|done| done.call.operation == "BatchGetItem" || done.status == 400)
        );
        world.wait_ms(1);
        assert_wrong(&change(app, &user, "wrong", NEW).await);
        assert_waits(
            &change(app, &user, CURRENT, NEW).await,
            &(seconds * 2).to_string(),
        );
    }
    // The session beside it does not wait, and neither does a login.
    assert_wrong(&change(app, &other, "wrong", NEW).await);
    let sign_in: &SignIn = world.instance().await;
    let sent = Sent::login("user@example.com", CURRENT);
    assert_eq!(send(sign_in, login::handle, sent).await.status, 200);
    assert_eq!(count(&world, &user).await["failures"], json!(9));
}

#[tokio::test]
async fn a_success_clears_the_count_that_it_passed_through() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let app: &Changing = world.instance().await;
    for _ in 0..6 {
        assert_wrong(&change(app, &user, "wrong", NEW).await);
    }
    world.wait(1);
    assert_changed(&change(app, &user, CURRENT, NEW).await);
    let row = count(&world, &user).await;
    assert_eq!(
        (&row["failures"], &row["retry_at"]),
        (&json!(0), &Value::Null)
    );
    for _ in 0..6 {
        assert_wrong(&change(app, &user, CURRENT, "wrong horse battery staple").await);
    }
    assert_waits(
        &change(app, &user, NEW, "other horse battery staple").await,
        "1",
    );
}

#[tokio::test]
async fn failures_are_forgotten_after_24_idle_hours() {
    let world = World::new().await;
    // Nuxera's access tokens live for a week.
    let (one, two) = (world.sign_in("100").await, world.sign_in("100").await);
    let app: &Changing = world.instance().await;
    for user in [&one, &two] {
        for _ in 0..6 {
            assert_wrong(&change(app, user, "wrong", NEW).await);
        }
    }
    world.wait_ms(86_400_000 - 1);
    assert_wrong(&change(app, &one, "wrong", NEW).await);
    assert_waits(&change(app, &one, "wrong", NEW).await, "2");
    world.wait_ms(1);
    for _ in 0..6 {
        assert_wrong(&change(app, &two, "wrong", NEW).await);
    }
    assert_waits(&change(app, &two, "wrong", NEW).await, "1");
}
