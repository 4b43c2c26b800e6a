//! A client's refresh token that has been used before.

use serde_json::json;
use shared::app::Sessions;

use super::{REFUSED, asked, assert_words, traced};
use crate::calls::events;
use crate::client::{ClientTokens, ID, KEY_ID, TENANT, claims, key, trace};
use crate::exchange::Sent;
use crate::world::{ADDRESS, START, World};

/// A client whose first refresh token has been used at [`START`], and the tokens that followed.
async fn used(world: &World) -> (ClientTokens, &'static Sessions, ClientTokens) {
    let tokens = world.sign_in_client(&key()).await;
    let app: &Sessions = world.instance().await;
    let next = ClientTokens::of(&traced(app, &tokens.refresh).await);
    world.wire.take();
    (tokens, app, next)
}

#[tokio::test]
async fn within_the_grace_the_same_token_is_issued_again_byte_for_byte() {
    let world = World::new().await;
    let (tokens, app, next) = used(&world).await;
    world.wait_ms(29_999);
    let sent = trace(&tokens.refresh).from("198.51.100.9");
    let received = asked(app, sent.request_id("r-2")).await;
    let again = ClientTokens::of(&received);
    assert_eq!(again.refresh, next.refresh);
    assert_ne!(again.access, next.access);
    let mut recorded = events(&world.wire.take());
    assert!(recorded[0]["id"].take().is_string());
    let expected = json!({
        "id": null,
        "type": "session_renewed",
        "outcome": "success",
        "reason": "repeated",
        "time": (START.millis() + 29_999).to_string(),
        "ip": "198.51.100.9",
        "previous_ip": ADDRESS,
        "user_agent": "test/1",
        "request_id": "r-2",
        "actor": ID,
        "subject": ID,
        "tenant_id": TENANT,
        "key_id": KEY_ID,
    });
    assert_eq!(recorded, [expected]);
    // One line: it goes on from there.
    let received = traced(app, &again.refresh).await;
    let third = ClientTokens::of(&received);
    assert_eq!(claims(&third.refresh)["generation"], json!(3));
}

#[tokio::test]
async fn after_the_grace_a_replay_ends_the_session_for_everybody() {
    let world = World::new().await;
    let (tokens, app, next) = used(&world).await;
    let other = world.sign_in_client(&key()).await;
    world.wait_ms(30_000);
    let received = asked(app, trace(&tokens.refresh).request_id("r-3")).await;
    assert_words(&received, 401, REFUSED);
    let mut recorded = events(&world.wire.take());
    assert!(recorded[0]["id"].take().is_string());
    let expected = json!({
        "id": null,
        "type": "authn_token_reuse",
        "outcome": "failure",
        "time": (START.millis() + 30_000).to_string(),
        "ip": ADDRESS,
        "user_agent": "test/1",
        "request_id": "r-3",
        "actor": ID,
        "subject": ID,
        "tenant_id": TENANT,
        "key_id": KEY_ID,
    });
    assert_eq!(recorded, [expected]);
    let row = world.json(&tokens.session_key()).await;
    assert_eq!(row["revoked_at"], json!(START.plus_seconds(30)));
    assert_words(&traced(app, &next.refresh).await, 401, REFUSED);
    assert_words(&traced(app, &tokens.refresh).await, 401, REFUSED);
    assert_eq!(traced(app, &next.access).await.status, 401);
    assert!(events(&world.wire.take()).is_empty(), "a second event");
    // The client's other sessions go on.
    assert_eq!(traced(app, &other.refresh).await.status, 200);
}

#[tokio::test]
async fn a_token_of_two_generations_ago_is_refused_within_the_grace_and_no_more() {
    let world = World::new().await;
    let (tokens, app, next) = used(&world).await;
    let third = ClientTokens::of(&traced(app, &next.refresh).await);
    world.wire.take();
    assert_words(&traced(app, &tokens.refresh).await, 401, REFUSED);
    assert!(events(&world.wire.take()).is_empty());
    assert_eq!(traced(app, &third.refresh).await.status, 200);
}

#[tokio::test]
async fn a_replay_by_post_and_by_trace_is_the_same_replay() {
    let world = World::new().await;
    let (tokens, app, next) = used(&world).await;
    let post = Sent::new("POST", "/v1/auth/refresh").bearer(&tokens.refresh);
    let again = ClientTokens::of(&asked(app, post.clone()).await);
    assert_eq!(again.refresh, next.refresh);
    world.wait(30);
    assert_words(&asked(app, post).await, 401, REFUSED);
    assert_words(&traced(app, &next.refresh).await, 401, REFUSED);
}
