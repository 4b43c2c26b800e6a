//! `POST /api/v1/auth/accept-invite`.

use serde_json::{Value, json};
use shared::app::{App as _, SignIn, Verifying};
use shared::store::key::Key;
use shared::store::tenant::TenantStatus;

use crate::calls::{cost_beside_limits, events};
use crate::exchange::{Received, Sent, send};
use crate::session::access_claims;
use crate::users::{ALICE, ALICES, PASSWORD, Users, accept};
use crate::world::{ADDRESS, START, World};

/// What `me` says of an access token.
async fn me(world: &World, token: &str) -> Received {
    let app: &Verifying = world.instance().await;
    send(app, me::handle, Sent::get("/api/auth/me").bearer(token)).await
}

/// The status of a login.
async fn login(world: &World, name: &str, password: &str) -> u16 {
    let app: &SignIn = world.instance().await;
    send(app, login::handle, Sent::login(name, password))
        .await
        .status
}

#[tokio::test]
async fn an_accepted_invite_answers_as_a_login_does_and_the_user_is_in() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.invited(&admin, "bob@example.com", "viewer").await;
    assert_eq!(login(&users.world, "bob@example.com", PASSWORD).await, 401);
    users.world.wait(1);
    users.world.wire.take();
    let sent = accept(&bob.token, PASSWORD).request_id("r-1");
    let received = send(users.accept, accept_invite::handle, sent).await;
    let calls = users.world.wire.take();
    assert_eq!(received.status, 200, "{}", received.text);
    let now = START.plus_seconds(1);
    let (access, refresh) = (received.member("token"), received.member("refreshToken"));
    let expected = json!({
        "success": true,
        "message": "Login successful",
        "token": access,
        "accessToken": access,
        "refreshToken": refresh,
        "tokenType": "Bearer",
        "expiresIn": 86_400,
        "userId": bob.id,
        "tenantId": ALICES,
        "user": {
            "id": bob.id,
            "username": null,
            "email": "bob@example.com",
            // The token proves no address.
            "email_verified": false,
            "name": null,
            "display_name": null,
            "organization": null,
            "aws_region": null,
            "role": "viewer",
            "tenant_id": ALICES,
            "status": "active",
            "is_active": true,
            "is_demo": false,
            "user_type": [],
            "created_at": START.to_string(),
            "updated_at": now.to_string(),
            "last_login": now.to_string(),
        },
    });
    assert_eq!(received.body, expected);
    assert_eq!(access_claims(access).role, "viewer");
    let row = users.row(&bob.id).await;
    assert_eq!((&row["version"], &row["epoch"]), (&json!(2), &json!(1)));
    assert_eq!(row.get("invite"), None);
    assert!(!row["password_hash"].as_str().unwrap().contains(PASSWORD));

    let mut recorded = events(&calls);
    assert!(recorded[0]["id"].take().is_string());
    let event = json!({
        "id": null,
        "type": "authn_login_success",
        "outcome": "success",
        "reason": "invite",
        "time": now.millis().to_string(),
        "ip": ADDRESS,
        "user_agent": "test/1",
        "request_id": "r-1",
        "actor": bob.id,
        "subject": bob.id,
        "tenant_id": ALICES,
    });
    assert_eq!(recorded, [event]);
    // The invite; user and tenant; user and session, twice each.
    assert_eq!(cost_beside_limits(&calls), (3, 4.0));

    assert_eq!(me(&users.world, access).await.status, 200);
    assert_eq!(login(&users.world, "BOB@example.com", PASSWORD).await, 200);
    let again = users.accept(&bob.token, "another password of May").await;
    assert_invalid(&again);
    assert_eq!(me(&users.world, access).await.status, 200);
}

#[track_caller]
fn assert_invalid(received: &Received) {
    let what = "The invitation is invalid or has expired";
    received.assert_refusal(400, ["Invalid invitation", what, what], &[]);
}

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

#[tokio::test]
async fn an_admin_counts_from_when_it_has_accepted_and_others_do_not() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.invited(&admin, "bob@example.com", "admin").await;
    assert_eq!(users.admin_count(ALICES).await, 1);
    assert_eq!(users.accept(&bob.token, PASSWORD).await.status, 200);
    assert_eq!(users.admin_count(ALICES).await, 2);
    // By the role that is stored when it accepts.
    let eve = users.invited(&admin, "eve@example.com", "viewer").await;
    let body = json!({"role": "admin"});
    assert_eq!(users.update(&admin, &eve.id, &body).await.status, 200);
    let received = users.accept(&eve.token, PASSWORD).await;
    assert_eq!(received.body["user"]["role"], "admin");
    assert_eq!(access_claims(received.member("token")).role, "admin");
    assert_eq!(users.admin_count(ALICES).await, 3);
    let received = users
        .list(crate::users::list().bearer(received.member("token")))
        .await;
    assert_eq!(received.status, 200);
    users.joined(&admin, "pete@example.com", "member").await;
    assert_eq!(users.admin_count(ALICES).await, 3);
}

#[tokio::test]
async fn a_tenant_without_refresh_tokens_gives_none() {
    let users = Users::new().await;
    let admin = users.token(ALICE).await;
    let bob = users.invited(&admin, "bob@example.com", "viewer").await;
    let off = |row: &mut Value| row["policy"]["refresh_tokens"] = json!(false);
    users.world.alter(&Key::tenant(&ALICES.into()), off).await;
    let received = users.accept(&bob.token, PASSWORD).await;
    assert_eq!(received.status, 200);
    assert_eq!(received.body["refreshToken"], Value::Null);
}

#[tokio::test]
async fn thirty_tries_a_minute_are_let_through_from_an_address_whatever_they_are() {
    let users = Users::with(|config| config.credential_rate_limit = 30).await;
    for n in (0..30).rev() {
        let received = match n % 3 {
            0 => users.accept("nobody's", PASSWORD).await,
            1 => {
                let sent = Sent::new("GET", "/api/v1/auth/accept-invite");
                send(users.accept, accept_invite::handle, sent).await
            }
            _ => {
                let sent = Sent::post("/api/v1/auth/accept-invite", &json!([]));
                send(users.accept, accept_invite::handle, sent).await
            }
        };
        assert_eq!(received.status, if n % 3 == 1 { 405 } else { 400 });
        assert_eq!(received.header("x-ratelimit-limit"), Some("30"));
        assert_eq!(
            received.header("x-ratelimit-remaining"),
            Some(&*n.to_string())
        );
    }
    users.world.wire.take();
    let received = users.accept("nobody's", PASSWORD).await;
    assert_eq!(received.status, 429);
    let what = "Rate limit exceeded. Please retry after 60 seconds.";
    assert_eq!(received.member("error"), what);
    assert_eq!(received.header("retry-after"), Some("60"));
    let recorded = events(&users.world.wire.take());
    assert_eq!(recorded[0]["type"], "excess_rate_limit_exceeded");
    let sent = accept("nobody's", PASSWORD).from("198.51.100.1");
    assert_eq!(
        send(users.accept, accept_invite::handle, sent).await.status,
        400
    );
}
