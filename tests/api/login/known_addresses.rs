//! Addresses where a name has signed in are counted apart from strangers' for 30 days.

use shared::app::SignIn;
use shared::store::failures::Failures;

use super::{NAME, PASSWORD, failures, failures_key, status, without_address_limit};
use crate::world::{ADDRESS, START, World};

const WRONG: &str = "another-password";
const STRANGER: &str = "198.51.100.66";
const DAY: u64 = 86_400;

async fn ready() -> (World, &'static SignIn) {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    (world, app)
}

/// Makes the next attempt from an address wait; gives how many were let through before.
async fn lock(app: &'static SignIn, name: &str, address: &str) -> u32 {
    for number in 0.. {
        match status(app, name, WRONG, address).await {
            401 => {}
            429 => return number,
            other => panic!("{other}"),
        }
    }
    unreachable!()
}

#[tokio::test]
async fn only_a_success_makes_an_address_known_and_for_that_name_alone() {
    let (world, app) = ready().await;
    for (name, password) in [(NAME, WRONG), ("nobody", PASSWORD)] {
        assert_eq!(status(app, name, password, ADDRESS).await, 401);
        assert_eq!(failures(&world, app, name, Some(ADDRESS)).await, None);
    }
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    let row = failures(&world, app, NAME, Some(ADDRESS))
        .await
        .expect("a row");
    let attempt = row.attempt.clone();
    let expected = Failures {
        failures: 0,
        counted_at: START,
        retry_at: None,
        attempt,
        expires_at: START.seconds() + 30 * 86_400,
    };
    assert_eq!(row, expected);
    assert_eq!(failures(&world, app, NAME, Some(STRANGER)).await, None);
    let email = "doctor.smith@example.com";
    assert_eq!(failures(&world, app, email, Some(ADDRESS)).await, None);
    // The row's key holds neither name nor address in the clear.
    let key = format!("{:?}", failures_key(app, NAME, Some(ADDRESS)).await);
    assert!(!key.contains(NAME) && !key.contains(ADDRESS), "{key}");
}

#[tokio::test]
async fn strangers_cannot_lock_an_owner_out_nor_an_owner_free_the_strangers() {
    let (world, app) = ready().await;
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    assert_eq!(lock(app, NAME, STRANGER).await, 6);
    let strangers = failures(&world, app, NAME, None).await;
    assert_eq!(status(app, NAME, PASSWORD, "192.0.2.1").await, 429);
    for _ in 0..7 {
        assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    }
    // A success clears the count it passed through, and no other.
    assert_eq!(failures(&world, app, NAME, None).await, strangers);
    assert_eq!(status(app, NAME, PASSWORD, STRANGER).await, 429);

    // Who guesses from the owner's address makes that address wait, and no other.
    assert_eq!(lock(app, NAME, ADDRESS).await, 6);
    let known = failures(&world, app, NAME, Some(ADDRESS)).await;
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 429);
    world.wait_ms(999);
    assert_eq!(status(app, NAME, PASSWORD, STRANGER).await, 429);
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 429);
    world.wait_ms(1);
    assert_eq!(status(app, NAME, PASSWORD, STRANGER).await, 200);
    assert_eq!(failures(&world, app, NAME, Some(ADDRESS)).await, known);
    let cleared = failures(&world, app, NAME, None).await.expect("a row");
    assert_eq!((cleared.failures, cleared.retry_at), (0, None));
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    assert_eq!(lock(app, NAME, ADDRESS).await, 6);
}

#[tokio::test]
async fn an_address_stays_known_for_30_days_from_the_last_success() {
    let (world, app) = ready().await;
    let until = async |address| {
        failures(&world, app, NAME, Some(address))
            .await
            .expect("a row")
            .expires_at
    };
    for address in [ADDRESS, "192.0.2.1"] {
        assert_eq!(status(app, NAME, PASSWORD, address).await, 200);
    }
    // Counting never makes it longer; a success does.
    world.wait(10 * DAY);
    for number in 1..=7 {
        let expected = if number < 7 { 401 } else { 429 };
        assert_eq!(status(app, NAME, WRONG, ADDRESS).await, expected);
        assert_eq!(until(ADDRESS).await, START.seconds() + 30 * 86_400);
    }
    assert_eq!(
        failures(&world, app, NAME, None)
            .await
            .expect("a row")
            .failures,
        0
    );
    // Idle failures of an address are forgotten too, still without making it longer.
    world.wait(DAY);
    assert_eq!(status(app, NAME, WRONG, ADDRESS).await, 401);
    let row = failures(&world, app, NAME, Some(ADDRESS))
        .await
        .expect("a row");
    assert_eq!((row.failures, row.retry_at), (1, None));
    assert_eq!(row.expires_at, START.seconds() + 30 * 86_400);

    assert_eq!(status(app, NAME, PASSWORD, "192.0.2.1").await, 200);
    assert_eq!(until("192.0.2.1").await, START.seconds() + 41 * 86_400);

    world.wait_ms(19 * DAY * 1000 - 1);
    assert_eq!(status(app, NAME, WRONG, ADDRESS).await, 401);
    assert_eq!(
        failures(&world, app, NAME, None)
            .await
            .expect("a row")
            .failures,
        0
    );
    world.wait_ms(1);
    assert_eq!(status(app, NAME, WRONG, ADDRESS).await, 401);
    assert_eq!(
        failures(&world, app, NAME, None)
            .await
            .expect("a row")
            .failures,
        1
    );
    assert_eq!(status(app, NAME, WRONG, "192.0.2.1").await, 401);
    assert_eq!(
        failures(&world, app, NAME, None)
            .await
            .expect("a row")
            .failures,
        1
    );
    // Signing in makes it known anew, whether or not TTL has removed the row.
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    assert_eq!(until(ADDRESS).await, START.seconds() + 60 * 86_400);
    let row = failures(&world, app, NAME, Some(ADDRESS))
        .await
        .expect("a row");
    assert_eq!(row.failures, 0);
}

#[tokio::test]
async fn a_known_ipv6_address_is_its_64() {
    let (world, app) = ready().await;
    assert_eq!(status(app, NAME, PASSWORD, "2001:db8:0:1::1").await, 200);
    assert_eq!(lock(app, NAME, STRANGER).await, 6);
    assert_eq!(status(app, NAME, PASSWORD, "2001:db8:0:2::1").await, 429);
    assert_eq!(
        status(app, NAME, PASSWORD, "2001:db8:0:1:ffff::9").await,
        200
    );
    assert!(
        failures(&world, app, NAME, Some("2001:db8:0:1::/64"))
            .await
            .is_some()
    );
}
