//! `POST /api/auth/refresh`: what a good refresh token gets, and how long it is good.

use serde_json::json;
use shared::app::{Sessions, SignIn, Verifying};
use shared::store::session::Owner;
use shared::store::session::Session;

use crate::calls::{cost, events};
use crate::exchange::{Received, Sent, send};
use crate::session::{access_claims, refresh_claims};
use crate::wire::Act;
use crate::world::{START, World};

const DAY: u64 = 86_400;
/// The refusal of any refresh token.
pub const REFUSED: [&str; 3] = [
    "Authentication failed",
    "Invalid or expired refresh token",
    "Unauthorized",
];

/// What a refresh of this token answers.
pub async fn refreshed(app: &'static Sessions, token: &str) -> Received {
    send(app, refresh::handle, Sent::refresh(token)).await
}

/// Asserts that a refresh of this token is refused as a bad token.
pub async fn assert_refused(app: &'static Sessions, token: &str) {
    let received = refreshed(app, token).await;
    let challenge = [("www-authenticate", r#"Bearer error="invalid_token""#)];
    received.assert_refusal(401, REFUSED, &challenge);
}

#[tokio::test]
async fn a_refresh_answers_the_next_tokens_in_two_requests_and_one_write_unit() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Sessions = world.instance().await;
    world.wait(50);
    let sent = Sent::refresh(&user.refresh).from("198.51.100.9");
    let received = send(app, refresh::handle, sent.request_id("r-1")).await;
    let calls = world.wire.work();
    assert_eq!(received.status, 200, "{}", received.text);
    received.assert_headers(&[]);
    let access = received.member("accessToken");
    let next = received.member("refreshToken");
    let expected = json!({
        "accessToken": access,
        "refreshToken": next,
        "token": access,
        "tokenType": "Bearer",
        "expiresIn": 900,
    });
    assert_eq!(received.body, expected);
    assert_eq!(cost(&calls), (2, 1.0));

    let now = START.plus_seconds(50);
    let (before, claims) = (access_claims(&user.access), access_claims(access));
    assert_ne!(before.jti, claims.jti);
    assert_eq!(
        (claims.iat, claims.exp),
        (now.seconds(), now.seconds() + 900)
    );
    let same = |mut claims: shared::token::access::AccessClaims| {
        claims.jti = String::new();
        (claims.iat, claims.exp) = (0, 0);
        claims
    };
    assert_eq!(same(before), same(claims));

    let claims = refresh_claims(next);
    let idle = now.plus_seconds(15 * 86_400).seconds();
    let end = START.plus_seconds(90 * 86_400).seconds();
    assert_eq!(claims.owner, Owner::User(user.user.clone()));
    assert_eq!(claims.sid, user.session);
    assert_eq!(claims.tenant_id, user.tenant);
    assert_eq!(claims.generation, 2);
    assert_eq!((claims.exp, claims.session_exp), (idle, end));

    let row = world.row(&user.session_key()).await.expect("a session");
    let row: Session = shared::store::parse(row, "session").expect("a session");
    assert_eq!(row.generation, 2);
    assert_eq!((row.created_at, row.rotated_at), (START, now));
    assert_eq!((row.refresh_expires_at, row.ends_at), (Some(idle), end));
    assert_eq!(row.expires_at, idle);
    assert_eq!(
        (row.ip.as_str(), row.user_agent.as_str()),
        ("198.51.100.9", "test/1")
    );

    let mut recorded = events(&calls);
    assert!(recorded[0]["id"].take().is_string());
    let expected = json!({
        "id": null,
        "type": "session_renewed",
        "outcome": "success",
        "time": now.millis().to_string(),
        "ip": "198.51.100.9",
        "user_agent": "test/1",
        "request_id": "r-1",
        "actor": "1005",
        "subject": "1005",
        "tenant_id": "2001",
    });
    assert_eq!(recorded, [expected]);
}

#[tokio::test]
async fn what_a_login_and_each_refresh_gave_opens_the_endpoints_and_the_next_refresh() {
    let world = World::new().await;
    let sign_in: &SignIn = world.instance().await;
    let sent = Sent::login("user@example.com", "password");
    let mut last = send(sign_in, login::handle, sent).await;
    let app: &Sessions = world.instance().await;
    let verifying: &Verifying = world.instance().await;
    for generation in 1..=4 {
        let sent = Sent::get("/api/auth/me").bearer(last.member("accessToken"));
        let received = send(verifying, me::handle, sent).await;
        assert_eq!(received.status, 200, "{}", received.text);
        let token = last.member("refreshToken");
        assert_eq!(refresh_claims(token).generation, generation);
        last = refreshed(app, token).await;
        assert_eq!(last.status, 200, "{}", last.text);
    }
}

#[tokio::test]
async fn a_changed_role_is_in_the_next_token() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Sessions = world.instance().await;
    world
        .alter(&user.user_key(), |row| row["role"] = json!("admin"))
        .await;
    let received = refreshed(app, &user.refresh).await;
    assert_eq!(access_claims(received.member("token")).role, "admin");
}

#[tokio::test]
async fn a_refresh_token_ends_15_days_after_its_issue() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let other = world.sign_in("1005").await;
    world.wait(15 * DAY - 1);
    world.wait_ms(999);
    let app: &Sessions = world.instance().await;
    let received = refreshed(app, &user.refresh).await;
    assert_eq!(received.status, 200, "{}", received.text);
    world.wait_ms(1);
    world.wire.work();
    assert_refused(app, &other.refresh).await;
    // Nothing but a good token reaches the table.
    assert_eq!(world.wire.work().len(), 0);
}

#[tokio::test]
async fn a_session_ends_90_days_after_its_login_however_often_it_is_refreshed() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let end = START.plus_seconds(90 * 86_400).seconds();
    let mut token = user.refresh;
    for _ in 0..6 {
        world.wait(14 * DAY);
        let app: &Sessions = world.instance().await;
        let received = refreshed(app, &token).await;
        assert_eq!(received.status, 200, "{}", received.text);
        received.member("refreshToken").clone_into(&mut token);
    }
    // 84 days are over: fifteen more would be too many.
    assert_eq!(refresh_claims(&token).exp, end);
    world.wait(6 * DAY - 10);
    let app: &Sessions = world.instance().await;
    let received = refreshed(app, &token).await;
    assert_eq!(received.body["expiresIn"], json!(10));
    assert_eq!(access_claims(received.member("token")).exp, end);
    received.member("refreshToken").clone_into(&mut token);
    assert_eq!(refresh_claims(&token).exp, end);
    world.wait(9);
    let received = refreshed(app, &token).await;
    assert_eq!(received.body["expiresIn"], json!(1));
    received.member("refreshToken").clone_into(&mut token);
    world.wait(1);
    world.wire.work();
    assert_refused(app, &token).await;
    assert_eq!(world.wire.work().len(), 0);
}

#[tokio::test]
async fn a_tenants_own_lifetimes_hold_from_the_next_refresh_on() {
    let world = World::new().await;
    world
        .alter(&shared::store::key::Key::tenant(&"2001".into()), |row| {
            row["policy"]["access_token_seconds"] = json!(60);
            row["policy"]["refresh_idle_seconds"] = json!(100);
            row["policy"]["refresh_max_seconds"] = json!(250);
        })
        .await;
    let user = world.sign_in("1005").await;
    let app: &Sessions = world.instance().await;
    world.wait(99);
    let received = refreshed(app, &user.refresh).await;
    assert_eq!(received.body["expiresIn"], json!(60));
    let token = received.member("refreshToken").to_owned();
    assert_eq!(refresh_claims(&token).exp, START.seconds() + 199);
    world.wait(99);
    let token = refreshed(app, &token)
        .await
        .member("refreshToken")
        .to_owned();
    assert_eq!(refresh_claims(&token).exp, START.seconds() + 250);
    world.wait(51);
    let received = refreshed(app, &token).await;
    assert_eq!(received.body["expiresIn"], json!(1));
    world.wait(1);
    let token = received.member("refreshToken");
    assert_refused(app, token).await;
}

#[tokio::test]
async fn a_repeat_by_the_sdk_after_a_lost_answer_is_a_success_of_its_own() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Sessions = world.instance().await;
    world
        .wire
        .rule(|call| match (call.operation.as_str(), call.attempt) {
            ("UpdateItem", 1) => Act::Lose,
            _ => Act::Pass,
        });
    let received = refreshed(app, &user.refresh).await;
    assert_eq!(received.status, 200, "{}", received.text);
    let calls = world.wire.work();
    assert_eq!(calls.len(), 3);
    assert!(!calls.iter().any(|done| done.call.touches("EVENT#")));
    assert_eq!(
        refresh_claims(received.member("refreshToken")).generation,
        2
    );
    assert_eq!(
        world.json(&user.session_key()).await["generation"],
        json!(2)
    );
    world.wire.heal();
    let received = refreshed(app, received.member("refreshToken")).await;
    assert_eq!(received.status, 200, "{}", received.text);
}
