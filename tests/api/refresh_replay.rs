//! `POST /api/auth/refresh`: a refresh token that has been used before.

use serde_json::{Value, json};
use shared::app::{Sessions, Verifying};

use super::refresh::{assert_refused, refreshed};
use crate::calls::{cost, events};
use crate::exchange::{Sent, send};
use crate::session::{SignedIn, kid, refresh_claims};
use crate::world::{ADDRESS, START, World};

/// A user whose first refresh token has been used at [`START`], and the second.
async fn used(world: &World) -> (SignedIn, &'static Sessions, String) {
    let user = world.sign_in("1005").await;
    let app: &Sessions = world.instance().await;
    let received = refreshed(app, &user.refresh).await;
    let next = received.member("refreshToken").to_owned();
    world.wire.work();
    (user, app, next)
}

async fn revoked_at(world: &World, user: &SignedIn) -> Value {
    world.json(&user.session_key()).await["revoked_at"].take()
}

#[tokio::test]
async fn within_the_grace_the_same_refresh_token_is_issued_again_and_recorded() {
    let world = World::new().await;
    let (user, app, next) = used(&world).await;
    world.wait_ms(29_999);
    let sent = Sent::refresh(&user.refresh).from("198.51.100.9");
    let received = send(app, refresh::handle, sent.request_id("r-2")).await;
    let calls = world.wire.work();
    assert_eq!(received.status, 200, "{}", received.text);
    assert_eq!(received.member("refreshToken"), next);
    assert_eq!(received.body["expiresIn"], json!(900));
    assert_eq!(received.body.as_object().map(serde_json::Map::len), Some(5));
    assert_eq!(cost(&calls), (3, 2.0));
    let mut recorded = events(&calls);
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
        "actor": "1005",
        "subject": "1005",
        "tenant_id": "2001",
    });
    assert_eq!(recorded, [expected]);
    // Its access token is a new one, and as good.
    let verifying: &Verifying = world.instance().await;
    let sent = Sent::get("/api/auth/me").bearer(received.member("token"));
    assert_eq!(send(verifying, me::handle, sent).await.status, 200);
    // There is one line: the repeated token goes on, and nothing was counted against it.
    let received = refreshed(app, received.member("refreshToken")).await;
    assert_eq!(
        refresh_claims(received.member("refreshToken")).generation,
        3
    );
}

#[tokio::test]
async fn a_repeated_answer_is_the_rows_whatever_has_changed_since() {
    let world = World::new().await;
    let (user, app, next) = used(&world).await;
    world
        .alter(&user.tenant_key(), |row| {
            row["policy"]["refresh_idle_seconds"] = json!(3600);
        })
        .await;
    world.wait(1);
    let received = refreshed(app, &user.refresh).await;
    assert_eq!(received.member("refreshToken"), next);
    // A key promoted meanwhile makes only the tokens that come after.
    promote_next_mac_key(&world).await;
    let app: &Sessions = world.instance().await;
    let received = refreshed(app, &user.refresh).await;
    assert_eq!(received.member("refreshToken"), next);
    let received = refreshed(app, &next).await;
    assert_ne!(kid(received.member("refreshToken")), kid(&next));
}

async fn promote_next_mac_key(world: &World) {
    let environment = world.environment();
    let (secrets, name) = (
        environment.secrets_manager(),
        &environment.config.keys_secret,
    );
    let secret = secrets.get_secret_value().secret_id(name).send().await;
    let text = secret.expect("a secret").secret_string.expect("a text");
    let mut secret: Value = serde_json::from_str(&text).expect("JSON");
    let keys = &mut secret["ring"]["refresh"];
    keys[0]["state"] = json!("retired");
    keys[1]["state"] = json!("active");
    let put = secrets.put_secret_value().secret_id(name);
    let put = put.secret_string(secret.to_string()).send().await;
    assert!(put.is_ok(), "the secret is not put");
}

#[tokio::test]
async fn after_the_grace_a_replay_ends_the_session_for_everybody() {
    let world = World::new().await;
    let (user, app, next) = used(&world).await;
    world.wait_ms(30_000);
    let sent = Sent::refresh(&user.refresh).from("198.51.100.9");
    let received = send(app, refresh::handle, sent.request_id("r-3")).await;
    let challenge = [("www-authenticate", r#"Bearer error="invalid_token""#)];
    received.assert_refusal(401, super::refresh::REFUSED, &challenge);
    let calls = world.wire.work();
    assert_eq!(cost(&calls), (3, 2.0));
    let mut recorded = events(&calls);
    assert!(recorded[0]["id"].take().is_string());
    let expected = json!({
        "id": null,
        "type": "authn_token_reuse",
        "outcome": "failure",
        "time": (START.millis() + 30_000).to_string(),
        "ip": "198.51.100.9",
        "user_agent": "test/1",
        "request_id": "r-3",
        "actor": "1005",
        "subject": "1005",
        "tenant_id": "2001",
    });
    assert_eq!(recorded, [expected]);
    assert_eq!(
        revoked_at(&world, &user).await,
        json!(START.plus_seconds(30))
    );
    // Neither the thief nor the owner goes on, and a second replay is no second event.
    assert_refused(app, &next).await;
    assert_refused(app, &user.refresh).await;
    assert!(events(&world.wire.work()).is_empty());
    let verifying: &Verifying = world.instance().await;
    let sent = Sent::get("/api/auth/me").bearer(&user.access);
    assert_eq!(send(verifying, me::handle, sent).await.status, 401);
}

#[tokio::test]
async fn an_older_generation_is_refused_within_the_grace_and_ends_the_session_after_it() {
    let world = World::new().await;
    let (user, app, next) = used(&world).await;
    world.wait(1);
    let third = refreshed(app, &next).await;
    let third = third.member("refreshToken").to_owned();
    world.wait_ms(29_999);
    world.wire.work();
    assert_refused(app, &user.refresh).await;
    let calls = world.wire.work();
    assert_eq!(cost(&calls), (2, 1.0));
    assert!(events(&calls).is_empty());
    assert_eq!(revoked_at(&world, &user).await, Value::Null);
    world.wait_ms(1);
    assert_refused(app, &user.refresh).await;
    let recorded = events(&world.wire.work());
    assert_eq!(recorded[0]["type"], json!("authn_token_reuse"));
    assert_eq!(recorded.len(), 1);
    assert_refused(app, &third).await;
}

#[tokio::test]
async fn a_token_that_a_restored_table_has_forgotten_is_refused_and_no_more() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Sessions = world.instance().await;
    for (generation, later) in [(2, 0), (5, 0), (2, 31)] {
        world.wait(later);
        let token = world
            .refresh_token(&user.refresh, |claims| claims.generation = generation)
            .await;
        assert_refused(app, &token).await;
        let calls = world.wire.work();
        assert_eq!(cost(&calls), (2, 1.0));
        assert!(events(&calls).is_empty());
    }
    assert_eq!(revoked_at(&world, &user).await, Value::Null);
    assert_eq!(refreshed(app, &user.refresh).await.status, 200);
}

#[tokio::test]
async fn clocks_five_seconds_apart_see_no_reuse_where_there_was_none() {
    let world = World::new().await;
    let (user, app, next) = used(&world).await;
    // Another instance, five seconds ahead, has rotated it.
    world
        .alter(&user.session_key(), |row| {
            row["rotated_at"] = json!(START.plus_seconds(5));
        })
        .await;
    let received = refreshed(app, &user.refresh).await;
    assert_eq!(received.member("refreshToken"), next);
}
