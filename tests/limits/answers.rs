//! The headers of a limit, on every answer to a call that was counted.

use serde_json::json;
use shared::app::{Changing, Sessions, Verifying};

use super::refused_for;
use crate::exchange::{Received, Sent, send};
use crate::wire::Act;
use crate::world::{ADDRESS, START, World};

#[tokio::test]
async fn answers_of_every_status_show_the_limit_of_the_address() {
    let world = World::with(|config| config.address_rate_limit = 50).await;
    let user = world.sign_in("user-123456").await;
    let app: &Verifying = world.instance().await;
    let sessions: &Sessions = world.instance().await;
    let changing: &Changing = world.instance().await;
    let large = "a".repeat((16 << 10) + 1);
    let change = |body: &str| {
        let sent = Sent::new("POST", "/api/auth/change-password").bearer(&user.access);
        sent.header("content-type", "application/json").body(body)
    };
    let text = Sent::new("POST", "/api/auth/refresh").header("content-type", "text/plain");
    let get = |path| Sent::get(path).bearer(&user.access);
    let cases: [(Sent, u16); 15] = [
        (get("/api/auth/me"), 200),
        (Sent::get("/api/auth/me"), 401),
        (Sent::new("PUT", "/api/auth/me"), 405),
        (get("/api/auth/validate"), 200),
        (Sent::get("/api/auth/validate"), 401),
        (Sent::refresh(&user.refresh), 200),
        (Sent::refresh("e30.e30.e30"), 401),
        (Sent::post("/api/auth/refresh", &json!({})), 400),
        (text, 415),
        (Sent::new("POST", "/api/auth/logout"), 200),
        (Sent::new("GET", "/api/auth/logout"), 405),
        (change("{}"), 400),
        (change(&large), 413),
        (
            change(r#"{"currentPassword": "no", "newPassword": "1234Acd"}"#),
            400,
        ),
        (
            change(r#"{"currentPassword": "secure-password", "newPassword": "1234Acd"}"#),
            200,
        ),
    ];
    for (number, (sent, status)) in (1..).zip(cases) {
        let received = to(app, sessions, changing, sent).await;
        assert_eq!(received.status, status, "{number}: {}", received.text);
        let shown = [50, 50 - number, START.seconds() + 60];
        assert_eq!(received.limit(), shown, "{number}");
    }
    // Where the rest fails, too; where the count does, there is nothing to show.
    world.wire.rule(|call| match call.operation.as_str() {
        "BatchGetItem" => Act::Fail(500, "InternalServerError"),
        _ => Act::Pass,
    });
    let received = to(app, sessions, changing, get("/api/auth/me")).await;
    assert_eq!((received.status, received.limit()[1]), (503, 34));
    world.wire.rule(|_| Act::Fail(500, "InternalServerError"));
    let received = to(app, sessions, changing, get("/api/auth/me")).await;
    assert_eq!(received.header("x-ratelimit-limit"), None);
    received.assert_unavailable();
}

async fn to(
    app: &'static Verifying,
    sessions: &'static Sessions,
    changing: &'static Changing,
    mut sent: Sent,
) -> Received {
    let path = sent.event()["rawPath"].as_str().unwrap().to_owned();
    match &*path {
        "/api/auth/me" => send(app, me::handle, sent).await,
        "/api/auth/validate" => send(app, validate::handle, sent).await,
        "/api/auth/refresh" => send(sessions, refresh::handle, sent).await,
        "/api/auth/logout" => send(sessions, logout::handle, sent).await,
        _ => send(changing, change_password::handle, sent).await,
    }
}

#[tokio::test]
async fn of_two_limits_the_one_with_the_fewest_left_is_shown() {
    let world = World::with(|config| {
        config.address_rate_limit = 5;
        config.tenant_rate_limit = 7;
    })
    .await;
    let user = world.sign_in("1005").await;
    let app: &Verifying = world.instance().await;
    let sent = |address: &str| Sent::get("/api/auth/me").bearer(&user.access).from(address);
    let reset = START.seconds() + 60;
    for (address, shown) in [
        (ADDRESS, [5, 4, reset]),
        (ADDRESS, [5, 3, reset]),
        ("203.0.113.8", [5, 4, reset]),
        ("203.0.113.8", [5, 3, reset]),
        ("203.0.113.9", [7, 2, reset]),
    ] {
        let received = send(app, me::handle, sent(address)).await;
        assert_eq!((received.status, received.limit()), (200, shown));
    }
}

#[tokio::test]
async fn a_call_over_the_limit_is_told_when_to_come_back_before_anything_else_of_it_is_looked_at() {
    let world = World::with(|config| config.address_rate_limit = 1).await;
    let user = world.sign_in("1005").await;
    let app: &Verifying = world.instance().await;
    let sessions: &Sessions = world.instance().await;
    let changing: &Changing = world.instance().await;
    let count = Sent::get("/api/auth/me").from("203.0.113.9");
    assert_eq!(send(app, me::handle, count).await.status, 401);
    world.wait_ms(1_001);
    for sent in [
        Sent::get("/api/auth/me").bearer(&user.access),
        Sent::new("PUT", "/api/auth/validate"),
        Sent::refresh(&user.refresh),
        Sent::new("POST", "/api/auth/refresh").body("no"),
        Sent::new("POST", "/api/auth/logout").bearer(&user.access),
        Sent::new("POST", "/api/auth/change-password").bearer("e30.e30.e30"),
    ] {
        let sent = sent.from("203.0.113.9").request_id("r-1");
        let received = to(app, sessions, changing, sent).await;
        assert_eq!(received.status, 429);
        assert_eq!(received.body, refused_for(59, "r-1"));
        received.assert_headers(&[("retry-after", "59")]);
        assert_eq!(received.limit(), [1, 0, START.seconds() + 60]);
    }
    // IPv6 counts by its /64.
    for (address, status) in [
        ("2001:db8:0:1::1", 401),
        ("2001:db8:0:1:ffff::2", 429),
        ("2001:db8:0:2::1", 401),
        ("::ffff:203.0.113.9", 429),
    ] {
        let received = send(app, me::handle, Sent::get("/api/auth/me").from(address)).await;
        assert_eq!(received.status, status, "{address}");
    }
}
