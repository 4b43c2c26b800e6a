//! What the authorizer counts: each call on its address, and each with a good token on its tenant.

use serde_json::json;

use super::{Asked, ask, no};
use crate::calls::events;
use crate::world::World;

/// Yes or no.
async fn says(app: &'static authorizer::Authorizer, asked: Asked) -> bool {
    let answer = ask(app, asked).await.expect("it can tell");
    if answer["isAuthorized"] != true {
        assert_eq!(answer, no());
    }
    answer["isAuthorized"] == true
}

#[tokio::test]
async fn calls_of_an_address_beyond_its_limit_are_refused_until_the_window_ends() {
    let world = World::with(|config| config.address_rate_limit = 3).await;
    let app = world.instance().await;
    let user = world.sign_in("1005").await;
    let asked = Asked::new(&user.access).from("198.51.100.1");
    // Every call counts, those without a good token too.
    assert!(!says(app, Asked::new("no").from("198.51.100.1")).await);
    assert!(says(app, asked.clone()).await);
    assert!(says(app, asked.clone()).await);
    world.wire.take();
    assert!(!says(app, asked.clone()).await);
    let recorded = events(&world.wire.take());
    assert_eq!(recorded.len(), 1, "{recorded:?}");
    assert_eq!(recorded[0]["type"], "excess_rate_limit_exceeded");
    assert_eq!(recorded[0]["ip"], "198.51.100.1");
    // The instance remembers, and asks for nothing.
    assert!(!says(app, asked.clone()).await);
    assert_eq!(world.wire.take().len(), 0);
    assert!(says(app, asked.clone().from("198.51.100.2")).await);
    world.wait(60);
    assert!(says(app, asked).await);
}

#[tokio::test]
async fn calls_of_a_tenant_beyond_its_own_limit_are_refused_from_every_address() {
    let world = World::new().await;
    let session = world.sign_in("1005").await;
    let other = world.sign_in("user-123456").await;
    world
        .alter(&session.tenant_key(), |row| {
            row["policy"]["rate_limit"] = json!(4);
        })
        .await;
    for trusting in [false, true] {
        world.wait(60);
        let app = if trusting {
            world.trusting().await
        } else {
            world.instance().await
        };
        let mut through = 0;
        for place in 0..8 {
            let asked = Asked::new(&session.access).from(&format!("198.51.100.{place}"));
            through += u32::from(says(app, asked).await);
            // A bad token is nobody's.
            assert!(!says(app, Asked::new("no")).await);
        }
        assert_eq!(through, 4, "trusting: {trusting}");
        assert!(says(app, Asked::new(&other.access)).await);
    }
}

#[tokio::test]
async fn the_limits_are_those_of_our_own_endpoints_and_shared_with_them() {
    let world = World::with(|config| config.address_rate_limit = 3).await;
    let ours: &shared::app::Verifying = world.instance().await;
    let app = world.instance().await;
    let user = world.sign_in("1005").await;
    let me = || {
        let sent = crate::exchange::Sent::get("/api/auth/me").bearer(&user.access);
        crate::exchange::send(ours, me::handle, sent)
    };
    let asked = Asked::new(&user.access).from(crate::world::ADDRESS);
    let mut through = 0;
    for _ in 0..3 {
        through += u32::from(says(app, asked.clone()).await);
        through += u32::from(me().await.status == 200);
    }
    assert_eq!(through, 3);
}

#[tokio::test]
async fn a_busy_tenants_calls_cost_a_fraction_of_a_write_each() {
    let world = World::with(|config| config.address_rate_limit = 1_000_000).await;
    let live = world.instance().await;
    let trusting = world.trusting().await;
    let user = world.sign_in("1005").await;
    for (app, reads) in [(live, 400), (trusting, 1)] {
        for minute in 0..3 {
            world.wire.take();
            for _ in 0..400 {
                assert!(says(app, Asked::new(&user.access)).await);
            }
            let calls = world.wire.take();
            let (_, units) = crate::calls::cost(&calls);
            let read = calls
                .iter()
                .filter(|done| done.call.operation == "BatchGetItem");
            assert_eq!(read.count(), reads, "minute {minute}");
            // Two limits; what an instance has not used before, it takes one by one.
            let most = if minute == 0 { 800.0 } else { 64.0 };
            assert!(units <= most, "minute {minute}: {units}");
            world.wait(60);
        }
    }
}
