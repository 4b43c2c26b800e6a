//! `POST /api/auth/logout`.

use serde_json::{Value, json};
use shared::app::Sessions;

use super::guarded::Guarded;
use super::refresh::{assert_refused, refreshed};
use crate::calls::{cost, events};
use crate::exchange::{Received, Sent, send};
use crate::session::{SignedIn, kid, tampered, with_kid};
use crate::wire::Act;
use crate::world::{ADDRESS, START, World};

const PATH: &str = "/api/auth/logout";
const DAY: u64 = 86_400;

fn logout() -> Sent {
    Sent::new("POST", PATH)
}

fn logout_of(refresh_token: &str) -> Sent {
    Sent::post(PATH, &json!({"refreshToken": refresh_token}))
}

/// Sends it and asserts the one answer that logout has.
async fn logged_out(app: &'static Sessions, sent: Sent) -> Received {
    let received = send(app, logout::handle, sent).await;
    assert_eq!(received.status, 200, "{}", received.text);
    let expected = json!({"success": true, "message": "Logged out"});
    assert_eq!(received.body, expected);
    received.assert_headers(&[]);
    received
}

async fn is_revoked(world: &World, user: &SignedIn) -> bool {
    !world.json(&user.session_key()).await["revoked_at"].is_null()
}

#[tokio::test]
async fn a_logout_by_access_token_ends_the_session_everywhere_in_one_write() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let other = world.sign_in("1005").await;
    let app: &Sessions = world.instance().await;
    // Document 003 sends neither body nor content type.
    let sent = logout().bearer(&user.access).request_id("r-1");
    logged_out(app, sent).await;
    // Beside the write, a read of the tenant, whose row has its limit.
    let calls = world.wire.work();
    assert_eq!(cost(&calls), (2, 1.0));
    let mut recorded = events(&calls);
    assert!(recorded[0]["id"].take().is_string());
    let expected = json!({
        "id": null,
        "type": "session_expired",
        "outcome": "success",
        "reason": "logout",
        "time": START.millis().to_string(),
        "ip": ADDRESS,
        "user_agent": "test/1",
        "request_id": "r-1",
        "actor": "1005",
        "subject": "1005",
        "tenant_id": "2001",
    });
    assert_eq!(recorded, [expected]);
    let row = world.json(&user.session_key()).await;
    assert_eq!(row["revoked_at"], json!(START));
    // Who lists sessions reads the ended ones too: they go soon.
    assert_eq!(row["expires_at"], json!(START.seconds() + 86_400));

    let guarded = Guarded::new(&world).await;
    guarded.assert_dead(&world, "logged out", &user).await;
    assert_refused(app, &user.refresh).await;
    // The user's other sessions go on.
    guarded
        .assert_accepted("other session", |sent| sent.bearer(&other.access))
        .await;
    assert_eq!(refreshed(app, &other.refresh).await.status, 200);
}

#[tokio::test]
async fn a_logout_ends_each_session_that_it_names_once() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let by_refresh = world.sign_in("1005").await;
    logged_out(app, logout_of(&by_refresh.refresh)).await;
    assert_eq!(cost(&world.wire.work()), (2, 1.0));
    assert!(is_revoked(&world, &by_refresh).await);

    let by_both = world.sign_in("1005").await;
    logged_out(app, logout_of(&by_both.refresh).bearer(&by_both.access)).await;
    assert_eq!(cost(&world.wire.work()), (2, 1.0));
    assert!(is_revoked(&world, &by_both).await);

    let (first, second) = (
        world.sign_in("1005").await,
        world.sign_in("user-123456").await,
    );
    logged_out(app, logout_of(&second.refresh).bearer(&first.access)).await;
    let calls = world.wire.work();
    assert_eq!(cost(&calls), (3, 2.0));
    assert_eq!(events(&calls).len(), 2);
    assert!(is_revoked(&world, &first).await && is_revoked(&world, &second).await);
}

#[tokio::test]
async fn tokens_that_have_expired_or_been_used_still_end_their_session() {
    let world = World::new().await;
    let (by_access, by_refresh, by_used) = (
        world.sign_in("1005").await,
        world.sign_in("1005").await,
        world.sign_in("1005").await,
    );
    let app: &Sessions = world.instance().await;
    let next = refreshed(app, &by_used.refresh).await;
    world.wait(40);
    logged_out(app, logout_of(&by_used.refresh)).await;
    assert!(is_revoked(&world, &by_used).await);
    assert_refused(app, next.member("refreshToken")).await;
    let reused = events(&world.wire.work());
    assert_eq!(reused[reused.len() - 1]["type"], json!("session_expired"));

    world.wait(900);
    logged_out(app, logout().bearer(&by_access.access)).await;
    assert!(is_revoked(&world, &by_access).await);
    world.wait(15 * DAY);
    logged_out(app, logout_of(&by_refresh.refresh)).await;
    assert!(is_revoked(&world, &by_refresh).await);
}

#[tokio::test]
async fn a_logout_with_nothing_to_end_is_answered_alike_and_asks_nothing() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let of_a_client = world
        .access_token(&user.access, |claims| {
            claims.client_id = "nudgescribe".into();
        })
        .await;
    let other_stage = world
        .access_token(&user.access, |claims| claims.aud = "gatehouse-prod".into())
        .await;
    let app: &Sessions = world.instance().await;
    let post = |body: &str| {
        logout()
            .header("content-type", "application/json")
            .body(body)
    };
    for sent in [
        logout(),
        logout().bearer("garbage"),
        logout().bearer(&tampered(&user.access)),
        logout().bearer(&of_a_client),
        logout().bearer(&other_stage),
        logout().bearer(&user.refresh),
        logout().bearer(&with_kid(&user.access, "unknown")),
        logout().header(
            "authorization",
            &format!("Bearer {0}, Bearer {0}", user.access),
        ),
        logout().header("authorization", &user.access),
        logout_of("garbage"),
        logout_of(&tampered(&user.refresh)),
        logout_of(&user.access),
        logout_of(&with_kid(&user.refresh, &kid(&user.access))),
        Sent::post(PATH, &json!({"refreshToken": [user.refresh]})),
        Sent::post(PATH, &json!({"refreshToken": null})),
        Sent::post(PATH, &json!({"refresh_token": user.refresh})),
        post("{"),
        post("[]"),
        post(""),
        post(&format!(
            r#"{{"refreshToken": "{}"}}{}"#,
            user.refresh,
            " ".repeat(16_384)
        )),
        post(&json!({"refreshToken": user.refresh}).to_string())
            .header("content-type", "text/plain"),
    ] {
        logged_out(app, sent).await;
        assert_eq!(world.wire.work().len(), 0);
    }
    assert!(!is_revoked(&world, &user).await);
}

#[tokio::test]
async fn a_bad_body_does_not_keep_the_access_token_from_ending_its_session() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    for (content_type, body) in [
        ("application/json", "{".to_owned()),
        ("application/json", " ".repeat(20_000)),
        ("application/json", r#"{"refreshToken": 7}"#.to_owned()),
        (
            "application/json",
            r#"{"refreshToken": "garbage"}"#.to_owned(),
        ),
        ("text/plain", "bye".to_owned()),
    ] {
        let user = world.sign_in("1005").await;
        let sent = logout().header("content-type", content_type).body(&body);
        logged_out(app, sent.bearer(&user.access)).await;
        assert!(is_revoked(&world, &user).await, "{body}");
    }
    let user = world.sign_in("1005").await;
    logged_out(app, logout_of(&user.refresh).bearer("garbage")).await;
    assert!(is_revoked(&world, &user).await);
}

#[tokio::test]
async fn a_session_ends_once_and_none_is_made_by_ending_it() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Sessions = world.instance().await;
    logged_out(app, logout().bearer(&user.access)).await;
    let row = world.json(&user.session_key()).await;
    world.wait(1);
    world.wire.work();
    logged_out(app, logout().bearer(&user.access)).await;
    logged_out(app, logout_of(&user.refresh)).await;
    assert!(events(&world.wire.work()).is_empty());
    assert_eq!(world.json(&user.session_key()).await, row);

    let gone = world.sign_in("1005").await;
    world.put_json(&gone.session_key(), &Value::Null).await;
    logged_out(app, logout().bearer(&gone.access)).await;
    assert!(events(&world.wire.work()).is_empty());
    assert_eq!(world.json(&gone.session_key()).await, Value::Null);
}

#[tokio::test]
async fn a_suspended_user_or_tenant_can_still_end_a_session() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let user = world.sign_in("1005").await;
    for key in [user.user_key(), user.tenant_key()] {
        world
            .alter(&key, |row| row["status"] = json!("suspended"))
            .await;
    }
    logged_out(app, logout().bearer(&user.access)).await;
    assert!(is_revoked(&world, &user).await);
}

#[tokio::test]
async fn nothing_is_said_to_have_ended_while_the_table_or_the_keys_are_away() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    for operation in ["UpdateItem", "GetItem", "GetSecretValue"] {
        world.wire.heal();
        let app: &Sessions = world.cold_instance();
        world.wire.rule(move |call| {
            if call.operation == operation {
                Act::Refuse
            } else {
                Act::Pass
            }
        });
        let sent = logout_of(&user.refresh).bearer(&user.access);
        let received = send(app, logout::handle, sent).await;
        received.assert_unavailable();
        assert!(!is_revoked(&world, &user).await, "{operation}");
    }
    world.wire.heal();
    let app: &Sessions = world.instance().await;
    // An answer that is lost after the write is a success all the same, with one event.
    world.wire.rule(|call| match call.attempt {
        1 => Act::Lose,
        _ => Act::Pass,
    });
    logged_out(app, logout().bearer(&user.access)).await;
    assert!(is_revoked(&world, &user).await);
}
