//! The check of an access token: nothing is refreshed by it.

use serde_json::json;
use shared::app::{Sessions, Verifying};

use super::{NO_TOKEN, asked, assert_words, traced};
use crate::calls::{cost, events};
use crate::client::{ID, SCOPE, TENANT, auth_by, key, row};
use crate::exchange::{Sent, send};
use crate::session::tampered;
use crate::world::World;

const DAY: i64 = 86_400;

fn post(token: &str) -> Sent {
    Sent::new("POST", "/v1/auth/refresh").bearer(token)
}

#[tokio::test]
async fn a_good_access_token_is_told_what_it_is_in_one_request() {
    let world = World::new().await;
    let tokens = world.sign_in_client(&key()).await;
    let before = world.json(&tokens.session_key()).await;
    let app: &Sessions = world.instance().await;
    world.wait(50);
    for sent in [post(&tokens.access), crate::client::trace(&tokens.access)] {
        let received = asked(app, sent).await;
        assert_eq!(received.status, 200, "{}", received.text);
        let expected = json!({
            "active": true,
            "client_id": ID,
            "scope": SCOPE,
            "expires_in": 14 * DAY - 50,
        });
        assert_eq!(received.body, expected);
        assert_eq!(cost(&world.wire.work()), (1, 0.0));
    }
    assert_eq!(world.json(&tokens.session_key()).await, before);
}

#[tokio::test]
async fn a_scope_counts_only_while_the_client_has_it() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let body = json!({"api_key": key(), "scope": "notes:read notes:write"});
    let received = send(app, client_auth::handle, auth_by(&body)).await;
    let (access, refresh) = (
        received.member("access_token"),
        received.member("refresh_token"),
    );
    for (has, may) in [
        ("notes:write read:users", "notes:write"),
        ("", ""),
        ("admin:all", "notes:read notes:write"),
        (SCOPE, "notes:read notes:write"),
    ] {
        world.alter(&row(), |row| row["scope"] = json!(has)).await;
        assert_eq!(traced(app, access).await.member("scope"), may, "{has}");
        // And so does what it was narrowed to, in the next token too, given again or not.
        let received = traced(app, refresh).await;
        assert_eq!(received.member("scope"), may, "{has}");
        let claims = crate::client::claims(received.member("access_token"));
        assert_eq!(claims["scope"], may);
    }
}

#[tokio::test]
async fn bad_tokens_and_those_of_users_are_refused() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let tokens = world.sign_in_client(&key()).await;
    let user = world.sign_in("1005").await;
    world.wire.take();
    for bad in [
        "x",
        "e30.e30.e30",
        &tampered(&tokens.access),
        &user.access,
        "a, b",
    ] {
        assert_words(&traced(app, bad).await, 401, NO_TOKEN);
        assert_words(&asked(app, post(bad)).await, 401, NO_TOKEN);
    }
    // None of them reaches a session.
    let calls = world.wire.take();
    assert!(calls.iter().all(|done| done.call.touches("RATE#")));
    // And a client's opens no user's endpoint.
    let verifying: &Verifying = world.instance().await;
    let sent = Sent::get("/api/auth/me").bearer(&tokens.access);
    assert_words(&send(verifying, me::handle, sent).await, 401, NO_TOKEN);
    world.wait(14 * 86_400);
    let app: &Sessions = world.instance().await;
    assert_words(&traced(app, &tokens.access).await, 401, NO_TOKEN);
}

#[tokio::test]
async fn a_good_token_from_an_address_that_is_not_allowed_is_told_so() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let tokens = world.sign_in_client(&key()).await;
    let tenant = shared::store::key::Key::tenant(&TENANT.into());
    world
        .alter(&tenant, |row| {
            row["policy"]["allowed_cidrs"] = json!(["192.0.2.0/24"]);
        })
        .await;
    let words = [
        "Access denied",
        "Requests from this address are not allowed",
        "Forbidden",
    ];
    for token in [&tokens.access, &tokens.refresh] {
        world.wire.take();
        assert_words(&traced(app, token).await, 403, words);
        let recorded = events(&world.wire.take());
        assert_eq!(recorded.len(), 1);
        assert_eq!(recorded[0]["type"], "authz_fail");
        assert_eq!(recorded[0]["reason"], "address");
        assert_eq!(recorded[0]["actor"], ID);
    }
    let sent = crate::client::trace(&tokens.refresh).from("192.0.2.7");
    assert_eq!(asked(app, sent).await.status, 200);
}
