//! `POST /api/v1/auth/accept-invite`.

mod refusals;

use serde_json::{Value, json};
use shared::app::{SignIn, Verifying};
use shared::store::key::Key;

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
