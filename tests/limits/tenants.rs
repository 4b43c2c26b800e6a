//! The limit of a tenant: who counts on it, and that nobody else does.

use serde_json::json;
use shared::app::{Changing, Sessions, Verifying};

use super::{refused_for, writes};
use crate::calls::events;
use crate::exchange::{Received, Sent, send};
use crate::session::{SignedIn, tampered};
use crate::wire::Act;
use crate::world::{START, World};

/// A world whose tenant 2001 has this limit of its own, a user of it who is signed in, and one of
/// another tenant.
async fn limited(limit: u32) -> (World, SignedIn, SignedIn) {
    let world = World::new().await;
    let (user, other) = (world.sign_in("1005").await, world.sign_in("100").await);
    world
        .alter(&user.tenant_key(), |row| {
            row["policy"]["rate_limit"] = json!(limit);
        })
        .await;
    (world, user, other)
}

async fn me(app: &'static Verifying, token: &str) -> Received {
    send(app, me::handle, Sent::get("/api/auth/me").bearer(token)).await
}

#[tokio::test]
async fn a_tenants_own_limit_holds_for_all_its_sessions_and_for_no_other_tenant() {
    let (world, user, other) = limited(3).await;
    let second = world.sign_in("1005").await;
    let app: &Verifying = world.instance().await;
    world.wait_ms(17_400);
    let reset = START.seconds() + 60;
    for (number, token) in [&user.access, &second.access, &user.access]
        .into_iter()
        .enumerate()
    {
        let from = format!("198.51.100.{number}");
        let sent = Sent::get("/api/auth/validate").bearer(token).from(&from);
        let received = send(app, validate::handle, sent).await;
        assert_eq!(received.status, 200);
        let left = 2 - i64::try_from(number).unwrap();
        assert_eq!(received.limit(), [3, left, reset]);
    }
    world.wire.take();
    let sent = Sent::get("/api/auth/me")
        .bearer(&user.access)
        .request_id("r-1");
    let received = send(app, me::handle, sent).await;
    assert_eq!(received.status, 429);
    assert_eq!(received.body, refused_for(43, "r-1"));
    assert_eq!(received.header("retry-after"), Some("43"));
    assert_eq!(received.limit(), [3, 0, reset]);
    let [event] = &events(&world.wire.take())[..] else {
        panic!("one event");
    };
    assert_eq!(
        [
            &event["type"],
            &event["tenant_id"],
            &event["reason"],
            &event["id"]
        ],
        [
            "excess_rate_limit_exceeded",
            "2001",
            "tenant",
            &format!("tenant-2001-{}", START.seconds() / 60)
        ]
    );
    assert_eq!(me(app, &other.access).await.status, 200);
    world.wait_ms(42_600);
    assert_eq!(me(app, &user.access).await.status, 200);
}

#[tokio::test]
async fn a_refused_tenants_calls_cost_the_instance_no_read_and_no_write_on_the_tenants_key() {
    let (world, user, _) = limited(1).await;
    let (app, other): (&Verifying, &Verifying) = (world.instance().await, world.instance().await);
    assert_eq!(me(app, &user.access).await.status, 200);
    for app in [app, other] {
        assert_eq!(me(app, &user.access).await.status, 429);
    }
    world.wire.take();
    for app in [app, other] {
        for _ in 0..3 {
            assert_eq!(me(app, &user.access).await.status, 429);
            // The address is counted before the token is looked at.
            let calls = world.wire.take();
            assert_eq!((calls.len(), writes(&calls)), (1, [1, 0, 0]));
            assert!(calls[0].call.touches("RATE#address#"));
        }
    }
}

#[tokio::test]
async fn whatever_has_a_token_of_good_signature_counts_and_nothing_else_does() {
    let (world, user, other) = limited(1).await;
    let app: &Verifying = world.instance().await;
    let sessions: &Sessions = world.instance().await;
    let changing: &Changing = world.instance().await;
    let dead = world.sign_in("1005").await;
    world
        .alter(&dead.session_key(), |row| row["revoked_at"] = json!(START))
        .await;
    let change = json!({"currentPassword": "password", "newPassword": "a"});
    let change = Sent::post("/api/auth/change-password", &change);
    let logout = Sent::new("POST", "/api/auth/logout");
    let refresh_of = |token| json!({"refreshToken": token});
    let logout_by_refresh = Sent::post("/api/auth/logout", &refresh_of(&user.refresh));
    let no_json = Sent::new("POST", "/api/auth/change-password");
    let cases: [(&str, Sent, u32); 13] = [
        ("me", Sent::get("/api/auth/me").bearer(&user.access), 1),
        (
            "validate",
            Sent::get("/api/auth/validate").bearer(&user.access),
            1,
        ),
        (
            "a dead session",
            Sent::get("/api/auth/me").bearer(&dead.access),
            1,
        ),
        ("refresh", Sent::refresh(&user.refresh), 1),
        ("a replayed token", Sent::refresh(&user.refresh), 1),
        ("change-password", change.bearer(&user.access), 1),
        ("a bad body", no_json.bearer(&user.access), 1),
        ("logout", logout.clone().bearer(&user.access), 1),
        ("logout by refresh token", logout_by_refresh, 1),
        ("no token", logout, 0),
        (
            "a bad signature",
            Sent::get("/api/auth/me").bearer(&tampered(&user.access)),
            0,
        ),
        ("a bad MAC", Sent::refresh(&tampered(&user.refresh)), 0),
        (
            "another tenant's",
            Sent::get("/api/auth/me").bearer(&other.access),
            0,
        ),
    ];
    for (what, mut sent, expected) in cases {
        world.wait(60);
        let path = sent.event()["rawPath"].as_str().unwrap().to_owned();
        world.wire.take();
        let received = match &*path {
            "/api/auth/me" => send(app, me::handle, sent).await,
            "/api/auth/validate" => send(app, validate::handle, sent).await,
            "/api/auth/refresh" => send(sessions, refresh::handle, sent).await,
            "/api/auth/logout" => send(sessions, logout::handle, sent).await,
            _ => send(changing, change_password::handle, sent).await,
        };
        assert_ne!(received.status, 429, "{what}");
        let calls = world.wire.take();
        let counted = calls
            .iter()
            .filter(|done| done.call.touches("RATE#tenant#2001#"));
        assert_eq!(
            counted.count(),
            usize::try_from(expected).unwrap(),
            "{what}"
        );
        // The next one with a good token is one too many, if that has counted.
        let next = Sent::get("/api/auth/validate").bearer(&dead.access);
        let status = send(app, validate::handle, next).await.status;
        assert_eq!(status, if expected == 1 { 429 } else { 401 }, "{what}");
    }
}

#[tokio::test]
async fn a_call_that_reads_its_rows_again_counts_once() {
    let (world, user, _) = limited(1000).await;
    let app: &Verifying = world.instance().await;
    world
        .alter(&user.user_key(), |row| row["epoch"] = json!(7))
        .await;
    world.wire.take();
    assert_eq!(me(app, &user.access).await.status, 401);
    let calls = world.wire.take();
    let reads = calls
        .iter()
        .filter(|done| done.call.operation == "BatchGetItem");
    assert_eq!(reads.count(), 2);
    let counts = calls
        .iter()
        .filter(|done| done.call.touches("RATE#tenant#"));
    assert_eq!(counts.count(), 1);
}

#[tokio::test]
async fn a_refused_refresh_or_logout_has_changed_nothing() {
    let (world, user, _) = limited(1).await;
    let app: &Verifying = world.instance().await;
    let sessions: &Sessions = world.instance().await;
    assert_eq!(me(app, &user.access).await.status, 200);
    let before = world.json(&user.session_key()).await;
    let logout = Sent::new("POST", "/api/auth/logout").bearer(&user.access);
    for _ in 0..2 {
        let refreshed = send(sessions, refresh::handle, Sent::refresh(&user.refresh)).await;
        assert_eq!(refreshed.status, 429);
        let ended = send(sessions, logout::handle, logout.clone()).await;
        assert_eq!(ended.status, 429);
    }
    assert_eq!(world.json(&user.session_key()).await, before);
    world.wait(60);
    let refreshed = send(sessions, refresh::handle, Sent::refresh(&user.refresh)).await;
    assert_eq!(refreshed.status, 200);
}

#[tokio::test]
async fn a_tenant_whose_count_fails_is_refused_and_shows_the_limit_of_the_address() {
    let (world, user, _) = limited(3).await;
    let app: &Verifying = world.instance().await;
    world.wire.rule(|call| {
        if call.touches("RATE#tenant#") {
            return Act::Refuse;
        }
        Act::Pass
    });
    let received = me(app, &user.access).await;
    received.assert_unavailable();
    assert_eq!(received.limit()[0], 1_000_000);
}
