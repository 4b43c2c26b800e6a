//! The wait of a name after failures in a row, from strangers' addresses.

use shared::app::SignIn;
use shared::auth::throttle::wait_seconds;
use shared::store::failures::Failures;
use shared::store::user::UserStatus;
use shared::store::write::Change;

use super::{
    NAME, PASSWORD, USER, change_user, failures, failures_key, post, status, without_address_limit,
};
use crate::exchange::Sent;
use crate::world::{ADDRESS, START, World};

const WRONG: &str = "another-password";
const HOUR: i64 = 3600;
const DAY: u64 = 86_400;

async fn ready() -> (World, &'static SignIn) {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    (world, app)
}

/// Sets how often a name has failed in a row, the last time now.
async fn set_failures(world: &World, app: &SignIn, name: &str, count: u32) {
    let now = world.clock.now();
    let row = Failures {
        failures: count,
        counted_at: now,
        retry_at: wait_seconds(count, 5).map(|seconds| now.plus_seconds(seconds)),
        attempt: "earlier".to_owned(),
        expires_at: now.seconds() + 24 * HOUR,
    };
    let key = failures_key(app, name, None).await;
    world.change(Change::put(key, &row).expect("a row")).await;
}

#[test]
fn the_wait_doubles_from_the_first_failure_that_is_not_free() {
    let cases = [
        (0, None),
        (1, None),
        (5, None),
        (6, Some(1)),
        (7, Some(2)),
        (8, Some(4)),
        (15, Some(512)),
        (16, Some(900)),
        (17, Some(900)),
        (50, Some(900)),
        (51, Some(3600)),
        (52, Some(3600)),
        (u32::MAX, Some(3600)),
    ];
    for (failures, expected) in cases {
        assert_eq!(wait_seconds(failures, 5), expected, "{failures}");
    }
    assert_eq!([wait_seconds(1, 1), wait_seconds(2, 1)], [None, Some(1)]);
    assert_eq!(
        [wait_seconds(1000, 1000), wait_seconds(1001, 1000)],
        [None, Some(3600)]
    );
}

#[tokio::test]
async fn each_failure_beyond_the_free_ones_makes_the_next_attempt_wait_to_the_millisecond() {
    let (world, app) = ready().await;
    for name in [NAME, "nobody"] {
        // The first, those around the longest wait, and those around the hour.
        for number in (1..=8).chain(15..=17).chain(50..=52) {
            if [15, 50].contains(&number) {
                set_failures(&world, app, name, number - 1).await;
                world.wait(900);
            }
            assert_failure_waits(&world, app, name, number).await;
        }
    }
}

/// The failure after which `number` have failed in a row, and both sides of the end of its wait.
async fn assert_failure_waits(world: &World, app: &'static SignIn, name: &str, number: u32) {
    let attempt = async || post(app, Sent::login(name, WRONG)).await;
    assert_eq!(attempt().await.status, 401, "{name} {number}");
    let row = failures(world, app, name, None).await.expect("counted");
    let seconds: u32 = match number {
        1..=5 => 0,
        6..=15 => 1 << (number - 6),
        16..=50 => 900,
        _ => 3600,
    };
    let now = world.clock.now();
    let retry_at = (seconds > 0).then(|| now.plus_seconds(seconds.into()));
    assert_eq!((row.failures, row.retry_at), (number, retry_at), "{name}");
    assert_eq!(row.expires_at, now.seconds() + 24 * HOUR);
    if seconds == 0 {
        return;
    }
    let reply = attempt().await;
    let retry_after = seconds.to_string();
    let seen = (reply.status, reply.header("retry-after"));
    assert_eq!(seen, (429, Some(retry_after.as_str())), "{name} {number}");
    world.wait_ms(u64::from(seconds) * 1000 - 1);
    let reply = attempt().await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (429, Some("1"))
    );
    world.wait_ms(1);
}

#[tokio::test]
async fn an_attempt_refused_for_waiting_is_not_looked_at_and_changes_nothing() {
    let (world, app) = ready().await;
    set_failures(&world, app, NAME, 10).await;
    let row = failures(&world, app, NAME, None).await;
    let hashes = app.passwords.hashes();
    for wait in [0, 5_000, 10_000, 999] {
        world.wait_ms(wait);
        world.wire.take();
        for password in [PASSWORD, WRONG] {
            let reply = post(app, Sent::login(NAME, password)).await;
            assert_eq!(reply.status, 429);
            // The address's limit and nothing of the wait but its end.
            let mut names: Vec<_> = reply
                .headers
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            names.sort_unstable();
            let expected = [
                "cache-control",
                "content-type",
                "retry-after",
                "x-content-type-options",
                "x-ratelimit-limit",
                "x-ratelimit-remaining",
                "x-ratelimit-reset",
            ];
            assert_eq!(names, expected);
            assert_eq!(reply.header("x-ratelimit-limit"), Some("1000000"));
            assert_eq!(reply.header("x-ratelimit-reset"), Some("1740807000"));
        }
        let written: Vec<_> = world.wire.take();
        let written = written.iter().filter(|done| {
            let writes = done.call.operation != "BatchGetItem" && !done.call.touches("RATE#");
            writes && done.status == 200
        });
        assert_eq!(written.count(), 0);
    }
    assert_eq!(app.passwords.hashes(), hashes);
    assert_eq!(failures(&world, app, NAME, None).await, row);
    world.wait_ms(1);
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
}

#[tokio::test]
async fn failures_are_forgotten_after_24_idle_hours() {
    let (world, app) = ready().await;
    // Of the free ones, and with a wait that is long over.
    for (count, next) in [(5, 6), (20, 21), (60, 61)] {
        for name in [NAME, "nobody"] {
            set_failures(&world, app, name, count).await;
        }
        world.wait_ms(DAY * 1000 - 1);
        assert_eq!(status(app, NAME, WRONG, ADDRESS).await, 401);
        let row = failures(&world, app, NAME, None).await.expect("counted");
        let wait = wait_seconds(next, 5).map(|seconds| world.clock.now().plus_seconds(seconds));
        assert_eq!((row.failures, row.retry_at), (next, wait));
        world.wait_ms(1);
        assert_eq!(status(app, "nobody", WRONG, ADDRESS).await, 401);
        let row = failures(&world, app, "nobody", None)
            .await
            .expect("counted");
        assert_eq!((row.failures, row.retry_at), (1, None), "{count}");
        // All the free ones are free again.
        for number in 2..=6 {
            assert_eq!(status(app, "nobody", WRONG, ADDRESS).await, 401, "{number}");
        }
        assert_eq!(status(app, "nobody", WRONG, ADDRESS).await, 429);
        world.wait(DAY);
    }
}

#[tokio::test]
async fn a_success_clears_the_count_and_the_next_failure_is_the_first() {
    let (world, app) = ready().await;
    for count in [4, 5, 30] {
        set_failures(&world, app, NAME, count).await;
        world.wait(900);
        // From addresses that are new each time: strangers'.
        let address = format!("198.51.100.{count}");
        assert_eq!(status(app, NAME, PASSWORD, &address).await, 200, "{count}");
        let row = failures(&world, app, NAME, None).await.expect("a row");
        assert_eq!((row.failures, row.retry_at), (0, None));
        for number in 1..=6 {
            assert_eq!(
                status(app, NAME, WRONG, ADDRESS).await,
                401,
                "{count} {number}"
            );
        }
        assert_eq!(status(app, NAME, WRONG, ADDRESS).await, 429);
    }
    // However long ago the success was.
    set_failures(&world, app, NAME, 5).await;
    assert_eq!(status(app, NAME, PASSWORD, "198.51.100.99").await, 200);
    world.wait(10 * DAY);
    assert_eq!(status(app, NAME, WRONG, ADDRESS).await, 401);
    let row = failures(&world, app, NAME, None).await.expect("a row");
    assert_eq!((row.failures, row.retry_at), (1, None));
}

#[tokio::test]
async fn right_passwords_of_suspended_users_are_failures_too() {
    let (world, app) = ready().await;
    change_user(&world, USER, |user| user.status = UserStatus::Suspended).await;
    for number in 1..=6 {
        assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 401, "{number}");
    }
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 429);
    let row = failures(&world, app, NAME, None).await.expect("counted");
    assert_eq!(
        (row.failures, row.retry_at),
        (6, Some(START.plus_seconds(1)))
    );
}

#[tokio::test]
async fn each_name_has_a_count_of_its_own_over_all_addresses_and_both_paths() {
    let (world, app) = ready().await;
    let app2 = world.instance_with::<SignIn>(without_address_limit).await;
    for number in 1..=6 {
        let app = if number % 2 == 0 { app } else { app2 };
        let address = format!("198.51.100.{number}");
        // The name is one however it is written.
        let name = if number % 2 == 0 {
            NAME
        } else {
            "DOCTOR.SMITH"
        };
        assert_eq!(status(app, name, WRONG, &address).await, 401, "{number}");
    }
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 429);
    let v1 = serde_json::json!({"email": NAME, "password": PASSWORD});
    let reply = post(app, Sent::post("/api/v1/auth/login", &v1)).await;
    assert_eq!(reply.status, 429);
    // The user's other name, and others' names.
    assert_eq!(
        status(app, "doctor.smith@example.com", PASSWORD, ADDRESS).await,
        200
    );
    assert_eq!(status(app, "john", "securePassword123", ADDRESS).await, 200);
}

#[tokio::test]
async fn the_setting_says_how_many_failures_are_free() {
    let world = World::new().await;
    let app = world
        .instance_with::<SignIn>(|config| {
            without_address_limit(config);
            config.login_free_failures = 1;
        })
        .await;
    let expected = [401, 401, 429];
    for expected in expected {
        assert_eq!(status(app, NAME, WRONG, ADDRESS).await, expected);
    }
    world.wait(1);
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
}
