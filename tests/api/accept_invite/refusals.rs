//! Invites that are none any more, and what else is refused.

use serde_json::{Value, json};
use shared::app::App as _;
use shared::store::key::Key;
use shared::store::tenant::TenantStatus;

use super::assert_invalid;
use crate::calls::events;
use crate::exchange::{Sent, send};
use crate::users::{ALICE, ALICES, PASSWORD, Users, accept};
use crate::world::ADDRESS;

#[tokio::test]
async fn an_invite_is_good_for_seven_days_to_the_second() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.invited(&admin, "bob@example.com", "viewer").await;
    let late = users.invited(&admin, "late@example.com", "viewer").await;
    users.world.wait_ms(7 * 86_400_000 - 1);
    assert_eq!(users.accept(&bob.token, PASSWORD).await.status, 200);
    users.world.wait_ms(1);
    assert_invalid(&users.accept(&late.token, PASSWORD).await);
}

#[tokio::test]
async fn an_invite_that_is_none_any_more_is_answered_as_one_that_never_was() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    for token in ["nobody's", &"x".repeat(10_000), "\u{0}", "%"] {
        users.world.wire.take();
        assert_invalid(&users.accept(token, PASSWORD).await);
        let recorded = events(&users.world.wire.take());
        assert_eq!(recorded[0]["type"], "authn_login_fail");
        assert_eq!(recorded[0]["reason"], "invite");
        assert_eq!(recorded[0].get("subject"), None);
    }
    let suspended = users.invited(&admin, "a@example.com", "viewer").await;
    let body = json!({"status": "suspended"});
    assert_eq!(users.update(&admin, &suspended.id, &body).await.status, 200);
    let removed = users.invited(&admin, "b@example.com", "viewer").await;
    assert_eq!(users.delete(&admin, &removed.id).await.status, 204);
    let of_tenant = users.invited(&admin, "c@example.com", "viewer").await;
    let other = users.invited(&admin, "d@example.com", "viewer").await;
    // As it would be if another invite had taken its place.
    users
        .world
        .alter(&other.key(), |row| row["invite"]["hash"] = json!("another"))
        .await;
    let moved = users.invited(&admin, "e@example.com", "viewer").await;
    users
        .world
        .alter(&moved.key(), |row| row["tenant_id"] = json!("2001"))
        .await;
    let gone = users.invited(&admin, "f@example.com", "viewer").await;
    users
        .world
        .alter(&gone.key(), |row| *row = Value::Null)
        .await;
    for invited in [&suspended, &removed, &other, &moved, &gone] {
        users.world.wire.take();
        assert_invalid(&users.accept(&invited.token, PASSWORD).await);
        let recorded = events(&users.world.wire.take());
        assert_eq!(recorded[0]["type"], "authn_login_fail");
        assert_eq!(recorded[0]["subject"], invited.id.as_str());
        assert_eq!(recorded[0]["tenant_id"], ALICES);
    }
    let suspend = |row: &mut Value| row["status"] = json!(TenantStatus::Suspended);
    users
        .world
        .alter(&Key::tenant(&ALICES.into()), suspend)
        .await;
    assert_invalid(&users.accept(&of_tenant.token, PASSWORD).await);
    assert_eq!(users.accept.hashes(), 0);
}

#[tokio::test]
async fn a_password_that_will_not_do_leaves_the_invite_as_it_is() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users
        .invited(&admin, "gwendolyn@brookfield.example", "viewer")
        .await;
    let before = users.row(&bob.id).await;
    for (password, what) in [
        ("short", "The password must have at least 12 characters."),
        (
            "elevenchars",
            "The password must have at least 12 characters.",
        ),
        ("passwordpassword", ""),
        // The user's own words.
        ("gwendolynbrookfield", ""),
    ] {
        users.world.wire.take();
        let received = users.accept(&bob.token, password).await;
        assert_eq!(received.status, 400, "{password}");
        assert_eq!(received.member("error"), "Password rejected");
        assert!(
            received.member("message").starts_with(what),
            "{}",
            received.text
        );
        assert!(!received.text.contains(password));
        let recorded = events(&users.world.wire.take());
        assert_eq!(recorded[0]["type"], "authn_login_fail");
        assert_eq!(recorded[0]["reason"], "password_rejected");
        assert_eq!(recorded[0]["subject"], bob.id.as_str());
    }
    let received = users.accept(&bob.token, &"x".repeat(1025)).await;
    assert_eq!(
        received.member("message"),
        "password must be at most 1024 bytes"
    );
    assert_eq!(users.accept.hashes(), 0);
    assert_eq!(users.row(&bob.id).await, before);
    let fits = format!("{PASSWORD}{}", "x".repeat(1024 - PASSWORD.len()));
    assert_eq!(users.accept(&bob.token, &fits).await.status, 200);
}

#[tokio::test]
async fn a_body_without_a_token_or_a_password_is_refused() {
    let users = Users::new().await;
    for (body, what) in [
        (json!({}), "invite_token is required"),
        (json!({"invite_token": ""}), "invite_token is required"),
        (json!({"invite_token": 7}), "invite_token must be a string"),
        (json!({"invite_token": "x"}), "password is required"),
        (
            json!({"invite_token": "x", "password": ""}),
            "password is required",
        ),
        (
            json!({"invite_token": "x", "password": [1]}),
            "password must be a string",
        ),
    ] {
        let sent = Sent::post("/api/v1/auth/accept-invite", &body);
        let received = send(users.accept, accept_invite::handle, sent).await;
        assert_eq!(received.status, 400);
        assert_eq!(received.member("message"), what);
    }
}

#[tokio::test]
async fn an_address_that_the_tenant_does_not_allow_is_refused_and_the_invite_stays_good() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.invited(&admin, "bob@example.com", "viewer").await;
    let allow = |row: &mut Value| {
        row["policy"]["allowed_cidrs"] = json!(["198.51.100.0/24", "2001:db8::/32"]);
    };
    users.world.alter(&Key::tenant(&ALICES.into()), allow).await;
    for address in [ADDRESS, "198.51.101.1", "2001:db9::1", "::ffff:203.0.113.7"] {
        users.world.wire.take();
        let sent = accept(&bob.token, PASSWORD).from(address);
        let received = send(users.accept, accept_invite::handle, sent).await;
        assert_eq!(received.status, 403, "{address}");
        assert_eq!(received.member("error"), "Access denied");
        let recorded = events(&users.world.wire.take());
        assert_eq!(recorded[0]["type"], "authn_login_fail");
        assert_eq!(recorded[0]["reason"], "address");
    }
    let sent = accept(&bob.token, PASSWORD).from("2001:db8::7");
    let received = send(users.accept, accept_invite::handle, sent).await;
    assert_eq!(received.status, 200, "{}", received.text);
}
