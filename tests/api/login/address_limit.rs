//! Five logins a minute from one address.

use serde_json::{Value, json};
use shared::app::SignIn;

use super::{NAME, PASSWORD, away, events, failures, post, status};
use crate::exchange::{Received, Sent};
use crate::wire::Act;
use crate::world::{ADDRESS, START, World};

const MESSAGE: &str = "Too many login attempts. Please try again in a few minutes.";

/// The limit that a reply shows: how many of how many remain, and when the window ends.
fn shown(reply: &Received) -> [i64; 3] {
    ["limit", "remaining", "reset"].map(|name| {
        let value = reply.header(&format!("x-ratelimit-{name}"));
        value.expect("a limit").parse().expect("a number")
    })
}

#[tokio::test]
async fn five_attempts_of_any_kind_on_both_paths_are_let_through_and_the_sixth_is_not() {
    let world = World::new().await;
    let app = world.instance::<SignIn>().await;
    let reset = START.seconds() + 60;
    let good = json!({"username": NAME, "password": PASSWORD});
    let attempts = [
        (Sent::post("/api/auth/login", &good), 200),
        (
            Sent::post("/api/v1/auth/login", &json!({"username": 1})),
            400,
        ),
        (Sent::new("POST", "/api/auth/login").body("{}"), 415),
        (Sent::new("GET", "/api/v1/auth/login"), 405),
        (Sent::login(NAME, "another-password"), 401),
        (Sent::login(NAME, PASSWORD), 429),
        (Sent::post("/api/v1/auth/login", &good), 429),
        (Sent::post("/api/auth/login", &json!([])), 429),
        (Sent::new("GET", "/api/auth/login"), 429),
    ];
    for (number, (sent, expected)) in (1..).zip(attempts) {
        // What a caller says of itself counts for nothing.
        let sent = sent.header("x-forwarded-for", &format!("192.0.2.{number}"));
        let reply = post(app, sent.request_id("request-1")).await;
        assert_eq!(reply.status, expected, "{number}");
        assert_eq!(shown(&reply), [5, (5 - number).max(0), reset], "{number}");
        if expected == 429 {
            assert_eq!(reply.header("retry-after"), Some("60"));
            let body = json!({
                "success": false,
                "error": MESSAGE,
                "message": MESSAGE,
                "detail": "Rate limit exceeded",
                "request_id": "request-1",
            });
            assert_eq!(reply.body, body);
            assert_eq!(reply.headers.len(), 7, "{:?}", reply.headers);
        }
    }
}

#[tokio::test]
async fn a_window_ends_to_the_millisecond_and_its_headers_stay_true() {
    let world = World::new().await;
    let app = world
        .instance_with::<SignIn>(|config| config.login_rate_limit = 2)
        .await;
    let attempt = async || post(app, Sent::login("nobody", "another-password")).await;
    world.wait_ms(59_000);
    assert_eq!(shown(&attempt().await), [2, 1, START.seconds() + 60]);
    assert_eq!(shown(&attempt().await), [2, 0, START.seconds() + 60]);
    for (wait, retry_after) in [(0, "1"), (999, "1")] {
        world.wait_ms(wait);
        let reply = attempt().await;
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (429, Some(retry_after))
        );
        assert_eq!(shown(&reply), [2, 0, START.seconds() + 60]);
    }
    world.wait_ms(1);
    let reply = attempt().await;
    assert_eq!((reply.status, reply.header("retry-after")), (401, None));
    assert_eq!(shown(&reply), [2, 1, START.seconds() + 120]);
    attempt().await;
    assert_eq!(attempt().await.header("retry-after"), Some("60"));
    world.wait_ms(1);
    assert_eq!(attempt().await.header("retry-after"), Some("60"));
    world.wait_ms(999);
    assert_eq!(attempt().await.header("retry-after"), Some("59"));
}

#[tokio::test]
async fn ipv6_counts_by_its_64_and_a_mapped_address_as_its_ipv4_one() {
    let world = World::new().await;
    let app = world
        .instance_with::<SignIn>(|config| config.login_rate_limit = 2)
        .await;
    let attempts = [
        ("2001:db8:0:1::1", 200),
        ("2001:db8:0:1:ffff:ffff:ffff:ffff", 200),
        ("2001:db8:0:1::2", 429),
        ("2001:db8:0:2::1", 200),
        ("2001:db8:0:0:ffff::1", 200),
        ("203.0.113.9", 200),
        ("::ffff:203.0.113.9", 200),
        ("203.0.113.9", 429),
        ("::ffff:cb00:7109", 429),
        ("203.0.113.10", 200),
        ("::203.0.113.9", 200),
    ];
    for (address, expected) in attempts {
        assert_eq!(
            status(app, NAME, PASSWORD, address).await,
            expected,
            "{address}"
        );
    }
}

#[tokio::test]
async fn an_instance_that_refused_asks_for_nothing_until_the_window_ends() {
    let world = World::new().await;
    let app = world
        .instance_with::<SignIn>(|config| config.login_rate_limit = 1)
        .await;
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 429);
    let hashes = app.passwords.hashes();
    let counted = failures(&world, app, NAME, Some(ADDRESS)).await;
    world.wire.take();
    for _ in 0..3 {
        assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 429);
        assert_eq!(
            status(app, "nobody", "another-password", ADDRESS).await,
            429
        );
        assert_eq!(
            post(app, Sent::new("POST", "/api/auth/login")).await.status,
            429
        );
        world.wait_ms(19_999);
    }
    assert!(world.wire.take().is_empty());
    assert_eq!(app.passwords.hashes(), hashes);
    assert_eq!(failures(&world, app, NAME, Some(ADDRESS)).await, counted);
    // Others are let in meanwhile.
    assert_eq!(status(app, NAME, PASSWORD, "203.0.113.8").await, 200);
    world.wait_ms(3);
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
}

#[tokio::test]
async fn the_first_refusal_of_a_window_is_an_event_once_for_all_instances() {
    let world = World::new().await;
    let limit = |config: &mut shared::config::Config| config.login_rate_limit = 1;
    let apps = [
        world.instance_with::<SignIn>(limit).await,
        world.instance_with::<SignIn>(limit).await,
        world.instance_with::<SignIn>(limit).await,
    ];
    let mut refusals = 0;
    for window in 1..=2 {
        assert_eq!(status(apps[0], NAME, PASSWORD, ADDRESS).await, 200);
        world.wire.take();
        for (number, app) in apps.into_iter().cycle().take(6).enumerate() {
            let sent = Sent::login(NAME, PASSWORD).request_id(&format!("request-{number}"));
            let reply = post(app, sent).await;
            assert_eq!(reply.status, 429);
            refusals += 1;
        }
        let calls = world.wire.take();
        let written = events(&calls);
        let [event] = &written[..] else {
            panic!("one event of {refusals} refusals: {written:?}");
        };
        let expected = json!({
            "id": event["id"],
            "type": "excess_rate_limit_exceeded",
            "outcome": "failure",
            "time": world.clock.now().millis(),
            "ip": ADDRESS,
            "user_agent": "test/1",
            "request_id": "request-0",
            "reason": "login",
        });
        assert_eq!(event, &expected, "window {window}");
        world.wait(60);
    }
}

#[tokio::test]
async fn an_event_that_could_not_be_written_is_written_by_the_next_refusal() {
    let world = World::new().await;
    let app = world
        .instance_with::<SignIn>(|config| config.login_rate_limit = 1)
        .await;
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    world.wire.rule(away("EVENT#"));
    let reply = post(app, Sent::login(NAME, PASSWORD)).await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("5"))
    );
    assert_eq!(shown(&reply), [1, 0, START.seconds() + 60]);
    world.wire.heal();
    world.wire.take();
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 429);
    assert_eq!(events(&world.wire.take()).len(), 1);
}

#[tokio::test]
async fn answers_of_every_status_show_the_limit_and_every_attempt_counts() {
    let world = World::new().await;
    let app = world.cold_instance::<SignIn>();
    world.wire.rule(|call| match call.operation.as_str() {
        "GetSecretValue" => Act::Fail(400, "ResourceNotFoundException"),
        _ => Act::Pass,
    });
    let reply = post(app, Sent::login(NAME, PASSWORD)).await;
    assert_eq!(
        (reply.status, shown(&reply)),
        (503, [5, 4, START.seconds() + 60])
    );
    world.wire.rule(|call| {
        if call.touches("USER#") {
            return Act::Answer(json!({"Responses": {}, "UnprocessedKeys": []}));
        }
        Act::Pass
    });
    let other = world.instance::<SignIn>().await;
    let reply = post(other, Sent::login(NAME, PASSWORD)).await;
    assert_eq!(shown(&reply), [5, 3, START.seconds() + 60]);
    assert!(reply.status >= 500, "{}", reply.text);
    // Where nothing can be counted there is nothing to show, and nobody gets in.
    world.wire.rule(away("RATE#"));
    let hashes = other.passwords.hashes();
    let reply = post(other, Sent::login(NAME, PASSWORD)).await;
    assert_eq!(
        (reply.status, reply.header("x-ratelimit-limit")),
        (503, None)
    );
    assert_eq!(
        (other.passwords.hashes(), &reply.body["token"]),
        (hashes, &Value::Null)
    );
}
