//! What a good refresh token gets, however it comes.

use serde_json::json;
use shared::app::Sessions;

use super::{REFUSED, asked, assert_words, traced, ways};
use crate::calls::{cost, events};
use crate::client::{ClientTokens, ID, KEY_ID, SCOPE, TENANT, claims, key, refresh_by, trace};
use crate::exchange::{Sent, send};
use crate::wire::Act;
use crate::world::{START, World};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_refresh_token_is_answered_with_the_next_in_two_requests_and_one_write_unit() {
    let world = World::new().await;
    let mut tokens = world.sign_in_client(&key()).await;
    let app: &Sessions = world.instance().await;
    for (way, place) in (2..).zip(0..3) {
        world.wait(15);
        let now = world.clock.now();
        let sent = ways(&tokens.refresh)[place].clone();
        let sent = sent.from("198.51.100.9").request_id("r-1");
        let received = asked(app, sent).await;
        let calls = world.wire.work();
        let next = ClientTokens::of(&received);
        let expected = json!({
            "access_token": next.access,
            "accessToken": next.access,
            "refresh_token": next.refresh,
            "refreshToken": next.refresh,
            "token_type": "Bearer",
            "expires_in": 14 * DAY,
            "refresh_expires_in": 15 * DAY,
            "scope": SCOPE,
        });
        assert_eq!(received.body, expected);
        assert!(received.header("x-ratelimit-limit").is_some());
        assert_eq!(cost(&calls), (2, 1.0));
        let said = claims(&next.refresh);
        assert_eq!(said["generation"], json!(way));
        assert_eq!(said["key_id"], KEY_ID);
        assert_eq!(said["exp"], json!(now.seconds() + 15 * DAY));
        assert_eq!(said["session_exp"], json!(START.seconds() + 90 * DAY));
        assert_eq!(next.session, tokens.session);
        let row = world.json(&next.session_key()).await;
        assert_eq!(row["generation"], json!(way));
        assert_eq!(row["ip"], "198.51.100.9");
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
            "actor": ID,
            "subject": ID,
            "tenant_id": TENANT,
            "key_id": KEY_ID,
        });
        assert_eq!(recorded, [expected]);
        tokens = next;
    }
}

#[tokio::test]
async fn the_body_goes_before_the_bearer_whatever_that_is() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let bearers = ["x", "e30.e30.e30", "a, b"];
    for bearer in bearers {
        let tokens = world.sign_in_client(&key()).await;
        let received = asked(app, refresh_by(&tokens.refresh).bearer(bearer)).await;
        assert_eq!(received.status, 200, "{bearer}: {}", received.text);
        // Neither null nor empty is a token, so the bearer is.
        let tokens = world.sign_in_client(&key()).await;
        for nothing in [
            r#"{"refresh_token": null}"#,
            r#"{"refresh_token": ""}"#,
            "{}",
        ] {
            let json =
                Sent::new("POST", "/v1/auth/refresh").header("content-type", "application/json");
            let received = asked(app, json.body(nothing).bearer(&tokens.refresh)).await;
            assert_eq!(received.status, 200, "{nothing}: {}", received.text);
        }
    }
    // A TRACE with a body, where every hop lets that pass.
    let tokens = world.sign_in_client(&key()).await;
    let body = json!({"refresh_token": tokens.refresh}).to_string();
    let sent = Sent::new("TRACE", "/v1/auth").route("ANY /v1/auth");
    let sent = sent.header("content-type", "application/json").body(&body);
    assert_eq!(asked(app, sent).await.status, 200);
}

#[tokio::test]
async fn without_a_token_a_refresh_is_a_bad_request() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let what = "refresh_token is required, in the body or as the bearer";
    let trace = Sent::new("TRACE", "/v1/auth").route("ANY /v1/auth");
    let post = Sent::new("POST", "/v1/auth/refresh");
    for sent in [
        trace,
        post.clone(),
        post.header("authorization", "Basic eDp5"),
    ] {
        let received = asked(app, sent).await;
        assert_words(&received, 400, ["Bad request", what, what]);
    }
    let sent = Sent::post("/v1/auth/refresh", &json!({"refresh_token": 7}));
    let what = "refresh_token must be a string";
    assert_words(&asked(app, sent).await, 400, ["Bad request", what, what]);
    let sent = Sent::new("POST", "/v1/auth/refresh").body("{}");
    assert_eq!(asked(app, sent).await.status, 415);
}

#[tokio::test]
async fn other_methods_are_refused_and_what_was_sent_is_never_echoed() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let both = ["Method not allowed", "POST, TRACE", "POST, TRACE"];
    for method in [
        "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "trace",
    ] {
        let sent = Sent::new(method, "/v1/auth").route("ANY /v1/auth");
        let received = asked(app, sent.header("x-secret", "Zq7Xw")).await;
        assert_words(&received, 405, both);
        assert_eq!(received.header("allow"), Some("POST, TRACE"));
    }
    let sent = Sent::new("TRACE", "/v1/auth/refresh").route("POST /v1/auth/refresh");
    let received = asked(app, sent).await;
    assert_words(&received, 405, ["Method not allowed", "POST", "POST"]);
    // TRACE itself would echo headers and all, if we let it (RFC 9110, section 9.3.8).
    let tokens = world.sign_in_client(&key()).await;
    for sent in [
        trace(&tokens.refresh),
        trace(&tokens.access),
        trace("Zq7Xw"),
    ] {
        let received = asked(app, sent.header("x-secret", "Zq7Xw")).await;
        assert_eq!(
            received.header("content-type"),
            Some("application/json; charset=utf-8")
        );
        let headers = format!("{:?}", received.headers);
        assert!(!received.text.contains("Zq7Xw") && !headers.contains("Zq7Xw"));
        assert!(!received.text.contains(&tokens.refresh));
        assert!(!received.text.contains(&tokens.access));
    }
}

#[tokio::test]
async fn users_and_clients_refresh_tokens_are_each_refused_where_the_others_go() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let user = world.sign_in("1005").await;
    for sent in ways(&user.refresh) {
        assert_words(&asked(app, sent).await, 401, REFUSED);
    }
    let tokens = world.sign_in_client(&key()).await;
    let received = send(app, refresh::handle, Sent::refresh(&tokens.refresh)).await;
    assert_words(&received, 401, REFUSED);
    // Neither has been used by that.
    assert_eq!(traced(app, &tokens.refresh).await.status, 200);
    let received = send(app, refresh::handle, Sent::refresh(&user.refresh)).await;
    assert_eq!(received.status, 200, "{}", received.text);
    let row = world.json(&tokens.session_key()).await;
    assert_eq!(row["generation"], json!(2));
}

#[tokio::test]
async fn what_is_no_refresh_token_of_ours_never_reaches_the_table() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let tokens = world.sign_in_client(&key()).await;
    let tampered = crate::session::tampered(&tokens.refresh);
    world.wire.take();
    for token in ["x", "e30.e30.e30", &tampered, &tokens.access] {
        let received = asked(app, refresh_by(token)).await;
        assert_words(&received, 401, REFUSED);
    }
    assert_words(&traced(app, &tampered).await, 401, REFUSED);
    let calls = world.wire.take();
    assert!(calls.iter().all(|done| done.call.touches("RATE#")));
}

#[tokio::test]
async fn a_repeat_by_the_sdk_after_a_lost_answer_is_a_success_of_its_own() {
    let world = World::new().await;
    let tokens = world.sign_in_client(&key()).await;
    let app: &Sessions = world.instance().await;
    world.wire.rule(|call| {
        let rotation = call.operation == "UpdateItem" && call.touches("CSESSION#");
        if rotation && call.attempt == 1 {
            Act::Lose
        } else {
            Act::Pass
        }
    });
    let received = traced(app, &tokens.refresh).await;
    world.wire.heal();
    let next = ClientTokens::of(&received);
    let calls = world.wire.take();
    assert!(!calls.iter().any(|done| done.call.touches("EVENT#")));
    assert_eq!(claims(&next.refresh)["generation"], json!(2));
    assert_eq!(traced(app, &next.refresh).await.status, 200);
}
