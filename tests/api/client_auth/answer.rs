//! What a client gets, what is stored of it, and how the key may come.

use serde_json::json;
use shared::app::Sessions;

use crate::calls::{cost, events};
use crate::client::{ID, KEY_ID, SCOPE, TENANT, auth, auth_by, claims, key};
use crate::exchange::{Sent, send};
use crate::wire::Act;
use crate::world::{ADDRESS, START, World};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_key_is_answered_with_tokens_in_four_requests_and_two_write_units() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let received = send(app, client_auth::handle, auth(&key()).request_id("r-1")).await;
    let calls = world.wire.take();
    assert_eq!(received.status, 200, "{}", received.text);
    received.assert_headers(&[]);
    assert_eq!(received.limit(), [30, 29, 1_740_807_000]);
    let access = received.member("access_token");
    let refresh = received.member("refresh_token");
    let expected = json!({
        "access_token": access,
        "accessToken": access,
        "refresh_token": refresh,
        "refreshToken": refresh,
        "token_type": "Bearer",
        "expires_in": 14 * DAY,
        "refresh_expires_in": 15 * DAY,
        "scope": SCOPE,
    });
    assert_eq!(received.body, expected);
    assert_eq!(cost(&calls), (4, 2.0));
    let operations = calls.iter().map(|done| done.call.operation.as_str());
    let operations: Vec<_> = operations.collect();
    assert_eq!(
        operations,
        ["UpdateItem", "BatchGetItem", "BatchGetItem", "PutItem"]
    );

    let now = START.seconds();
    let said = claims(access);
    let expected = json!({
        "iss": world.environment().config.issuer,
        "aud": "gatehouse-local",
        "sub": ID,
        "client_id": ID,
        "sid": said["sid"],
        "jti": said["jti"],
        "iat": now,
        "exp": now + 14 * DAY,
        "tenant_id": TENANT,
        "scope": SCOPE,
    });
    assert_eq!(said, expected);
    let expected = json!({
        "kind": "client",
        "sub": ID,
        "tenant_id": TENANT,
        "key_id": KEY_ID,
        "sid": said["sid"],
        "generation": 1,
        "exp": now + 15 * DAY,
        "session_exp": now + 90 * DAY,
    });
    assert_eq!(claims(refresh), expected);

    let session = said["sid"].as_str().expect("a session");
    let key = shared::store::key::Key::client_session(&ID.into(), &session.into());
    let mut row = world.json(&key).await;
    assert!(row["mac_kid"].take().is_string());
    assert!(row["event"]["id"].take().is_string());
    let event = json!({
        "id": null,
        "type": "authn_login_success",
        "outcome": "success",
        "time": START.millis(),
        "ip": ADDRESS,
        "user_agent": "test/1",
        "request_id": "r-1",
        "actor": ID,
        "subject": ID,
        "tenant_id": TENANT,
        "key_id": KEY_ID,
    });
    let expected = json!({
        "pk": format!("CSESSION#{ID}"),
        "sk": session,
        "kind": "client",
        "sub": ID,
        "id": session,
        "client_id": ID,
        "key_id": KEY_ID,
        "scope": SCOPE,
        "created_at": START.millis(),
        "generation": 1,
        "mac_kid": null,
        "rotated_at": START.millis(),
        "refresh_expires_at": now + 15 * DAY,
        "ends_at": now + 90 * DAY,
        "epoch": 1,
        "expires_at": now + 15 * DAY,
        "ip": ADDRESS,
        "user_agent": "test/1",
        "event": event,
    });
    assert_eq!(row, expected);
    // One event, and no other.
    assert_eq!(events(&calls).len(), 1);
}

#[tokio::test]
async fn a_key_comes_in_the_body_or_in_the_header_and_the_body_wins() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let post = || Sent::new("POST", "/v1/auth");
    let json = "application/json";
    let body = json!({"api_key": key()}).to_string();
    for (what, status, sent) in [
        ("body", 200, auth_by(&json!({"api_key": key()}))),
        ("header", 200, auth(&key())),
        (
            "header, a type and no body",
            200,
            auth(&key()).header("content-type", "text/plain"),
        ),
        (
            "header and an empty object",
            200,
            auth(&key()).header("content-type", json).body("{}"),
        ),
        (
            "header and null",
            200,
            auth(&key())
                .header("content-type", json)
                .body(r#"{"api_key": null}"#),
        ),
        (
            "header and an empty member",
            200,
            auth(&key())
                .header("content-type", json)
                .body(r#"{"api_key": ""}"#),
        ),
        (
            "both",
            200,
            auth("wrong").header("content-type", json).body(&body),
        ),
        (
            "both, the other way",
            401,
            auth(&key())
                .header("content-type", json)
                .body(r#"{"api_key": "wrong"}"#),
        ),
        ("a body without its type", 415, auth(&key()).body(&body)),
        (
            "a body of another type",
            415,
            auth(&key()).header("content-type", "text/plain").body("{}"),
        ),
        (
            "two headers, as the gateway joins them",
            401,
            auth(&format!("{0},{0}", key())),
        ),
        ("a bearer", 400, post().bearer(&key())),
        ("a query", 400, post().query("api_key", &key())),
    ] {
        let received = send(app, client_auth::handle, sent).await;
        assert_eq!(
            received.status, status,
            "{what}: {}",
            received.body["message"]
        );
    }
}

#[tokio::test]
async fn a_repeat_by_the_sdk_after_a_lost_answer_is_a_success_of_its_own() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    world
        .wire
        .rule(|call| match (call.operation.as_str(), call.attempt) {
            ("PutItem", 1) => Act::Lose,
            _ => Act::Pass,
        });
    let received = send(app, client_auth::handle, auth(&key())).await;
    world.wire.heal();
    assert_eq!(received.status, 200, "{}", received.text);
    let calls = world.wire.take();
    let puts = calls.iter().filter(|done| done.call.touches("CSESSION#"));
    assert_eq!(puts.count(), 2);
    assert!(!calls.iter().any(|done| done.call.touches("EVENT#")));
}

#[tokio::test]
async fn thirty_attempts_a_minute_are_let_through_from_one_address_bad_ones_too() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let attempt = |sent: Sent| send(app, client_auth::handle, sent);
    world.wait(10);
    for _ in 0..10 {
        assert_eq!(attempt(auth("wrong")).await.status, 401);
        assert_eq!(attempt(Sent::new("POST", "/v1/auth")).await.status, 400);
        assert_eq!(attempt(auth(&key())).await.status, 200);
    }
    world.wire.take();
    let received = attempt(auth(&key())).await;
    let words = "Rate limit exceeded. Please retry after 50 seconds.";
    let words = [words, words, "Rate limit exceeded"];
    received.assert_refusal(429, words, &[("retry-after", "50")]);
    assert_eq!(received.limit(), [30, 0, 1_740_807_000]);
    let recorded = events(&world.wire.take());
    assert_eq!(recorded[0]["type"], "excess_rate_limit_exceeded");
    assert_eq!(recorded[0]["reason"], "credential");
    // From elsewhere, and a minute later, it is let through.
    assert_eq!(attempt(auth(&key()).from("198.51.100.9")).await.status, 200);
    world.wait(50);
    assert_eq!(attempt(auth(&key())).await.status, 200);
}
