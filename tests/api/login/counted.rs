//! What a login costs: requests, round trips, write units and hashes.

use shared::app::SignIn;

use super::{NAME, PASSWORD, status, without_address_limit};
use crate::wire::Done;
use crate::world::{ADDRESS, World};

const WRONG: &str = "another-password";

/// What calls have cost.
#[derive(Debug, PartialEq)]
struct Cost {
    requests: usize,
    rounds: u32,
    units: f64,
    hashes: u64,
}

const fn cost(requests: usize, rounds: u32, units: f64, hashes: u64) -> Cost {
    Cost {
        requests,
        rounds,
        units,
        hashes,
    }
}

/// The operations of a round trip, and what they touch.
fn round(calls: &[Done], round: u32) -> Vec<(&str, Vec<&'static str>)> {
    let calls = calls.iter().filter(|done| done.call.round == round);
    let calls = calls.map(|done| {
        let prefixes = [
            "RATE#", "LOGIN#", "FAIL#", "USER#", "TENANT#", "SESSION#", "EVENT#",
        ];
        let touched = prefixes
            .into_iter()
            .filter(|prefix| done.call.touches(prefix));
        (done.call.operation.as_str(), touched.collect())
    });
    let mut calls: Vec<_> = calls.collect();
    calls.sort_unstable();
    calls
}

async fn spent(
    world: &World,
    app: &'static SignIn,
    (name, password, address): (&str, &str, &str),
    expected: u16,
) -> (Cost, Vec<Done>) {
    world.wire.take();
    let hashes = app.passwords.hashes();
    assert_eq!(status(app, name, password, address).await, expected);
    let calls = world.wire.take();
    let writes = calls
        .iter()
        .filter(|done| ["PutItem", "UpdateItem"].contains(&done.call.operation.as_str()));
    let cost = Cost {
        requests: calls.len(),
        rounds: calls.iter().map(|done| done.call.round).max().unwrap_or(0),
        units: writes.map(|done| done.units).sum(),
        hashes: app.passwords.hashes() - hashes,
    };
    (cost, calls)
}

#[tokio::test]
async fn a_login_takes_six_requests_in_three_round_trips_and_four_write_units() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    let (new, calls) = spent(&world, app, (NAME, PASSWORD, ADDRESS), 200).await;
    assert_eq!(new, cost(7, 3, 5.0, 1), "from a new address");
    let third = [
        ("PutItem", vec!["FAIL#"]),
        ("PutItem", vec!["SESSION#"]),
        ("UpdateItem", vec!["FAIL#"]),
    ];
    assert_eq!(round(&calls, 3), third);

    let (usual, calls) = spent(&world, app, (NAME, PASSWORD, ADDRESS), 200).await;
    assert_eq!(usual, cost(6, 3, 4.0, 1));
    let rounds = [1, 2, 3].map(|number| round(&calls, number));
    let expected = [
        vec![
            ("BatchGetItem", vec!["LOGIN#", "FAIL#"]),
            ("UpdateItem", vec!["RATE#"]),
        ],
        vec![
            ("BatchGetItem", vec!["USER#", "TENANT#"]),
            ("UpdateItem", vec!["FAIL#"]),
        ],
        vec![("PutItem", vec!["SESSION#"]), ("UpdateItem", vec!["FAIL#"])],
    ];
    assert_eq!(rounds, expected);
}

#[tokio::test]
async fn a_failed_login_takes_five_requests_and_one_more_after_the_free_failures() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    for name in [NAME, "nobody"] {
        for number in 1..=5 {
            let (free, _) = spent(&world, app, (name, WRONG, ADDRESS), 401).await;
            assert_eq!(free, cost(5, 3, 3.0, 1), "{name} {number}");
        }
        // The refused count reports no units, and costs one.
        let (sixth, calls) = spent(&world, app, (name, WRONG, ADDRESS), 401).await;
        assert_eq!(sixth, cost(6, 4, 3.0, 1), "{name}");
        let refused = calls.iter().filter(|done| done.status == 400).count();
        assert_eq!(refused, 1, "four with the refused one");
        // While it has to wait: the address, the name and the refused count.
        let (waiting, _) = spent(&world, app, (name, WRONG, ADDRESS), 429).await;
        assert_eq!(waiting, cost(4, 2, 1.0, 0), "{name}");
    }
    world.wait(1);
    let (success, _) = spent(&world, app, (NAME, PASSWORD, ADDRESS), 200).await;
    assert_eq!(success, cost(8, 4, 5.0, 1));
}

#[tokio::test]
async fn a_login_over_the_limit_takes_none_once_that_is_known() {
    let world = World::new().await;
    let limit = |config: &mut shared::config::Config| config.login_rate_limit = 1;
    let app = world.instance_with::<SignIn>(limit).await;
    let other = world.instance_with::<SignIn>(limit).await;
    status(app, NAME, PASSWORD, ADDRESS).await;
    // The fleet's first refusal counts itself, while the name is read, and puts the event.
    let (first, _) = spent(&world, app, (NAME, PASSWORD, ADDRESS), 429).await;
    assert_eq!(first, cost(3, 2, 2.0, 0));
    // Of another instance the count is refused, which reports no units and costs one.
    let (first, calls) = spent(&world, other, (NAME, PASSWORD, ADDRESS), 429).await;
    assert_eq!(first, cost(2, 1, 0.0, 0));
    let refused = calls.iter().filter(|done| done.status == 400).count();
    assert_eq!(refused, 1);
    for app in [app, other] {
        let (next, _) = spent(&world, app, (NAME, PASSWORD, ADDRESS), 429).await;
        assert_eq!(next, cost(0, 0, 0.0, 0));
    }
}

#[tokio::test]
async fn keys_are_asked_for_by_a_cold_instance_and_once_a_minute_in_one_round_trip() {
    let world = World::new().await;
    let app = world.cold_instance_with::<SignIn>(without_address_limit);
    let (cold, calls) = spent(&world, app, (NAME, PASSWORD, ADDRESS), 200).await;
    // Two secrets and the public keys, beside the address's count.
    assert_eq!(cold, cost(10, 4, 5.0, 1));
    let secrets = calls
        .iter()
        .filter(|done| done.call.operation == "GetSecretValue");
    let rounds: Vec<_> = secrets.map(|done| done.call.round).collect();
    assert_eq!(rounds, [1, 1]);
    world.wait_ms(59_999);
    let (warm, _) = spent(&world, app, (NAME, PASSWORD, ADDRESS), 200).await;
    assert_eq!(warm, cost(6, 3, 4.0, 1));
    world.wait_ms(1);
    let (stale, _) = spent(&world, app, (NAME, PASSWORD, ADDRESS), 200).await;
    assert_eq!(stale, cost(9, 4, 4.0, 1));
}
