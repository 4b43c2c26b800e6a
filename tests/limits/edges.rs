//! Leases where a window ends, a limit changes and the clocks differ.

use std::time::Duration;

use shared::app::Verifying;
use shared::clock::Clock;

use super::{call_from, fleet, is_let_through, is_let_through_for, take, tenant, writes};
use crate::world::{ADDRESS, START, World};

/// Lets an instance use so many in a minute, and waits for the next.
async fn use_up_to(world: &World, app: &Verifying, uses: usize) {
    for _ in 0..uses {
        assert!(is_let_through(world, app).await);
    }
    world.wait(60);
    world.wire.take();
}

async fn through(world: &World, app: &Verifying, calls: usize) -> usize {
    let mut through = 0;
    for _ in 0..calls {
        through += usize::from(is_let_through(world, app).await);
    }
    through
}

#[tokio::test]
async fn a_lease_ends_with_its_window_to_the_millisecond() {
    let world = World::new().await;
    let fleet = fleet(&world, 2, 1000).await;
    use_up_to(&world, fleet[0], 1000).await;
    // A block of 25, of which the window sees one used.
    world.wait_ms(59_999);
    assert_eq!(through(&world, fleet[0], 1).await, 1);
    world.wait_ms(1);
    world.wire.take();
    take(&world, 1000, 995).await;
    assert_eq!(through(&world, fleet[0], 10).await, 5);
    assert_eq!(through(&world, fleet[1], 10).await, 0);
}

#[tokio::test]
async fn where_a_block_does_not_fit_the_rest_is_taken() {
    let world = World::new().await;
    let [app] = fleet(&world, 1, 1000).await[..] else {
        panic!("one instance");
    };
    use_up_to(&world, app, 1000).await;
    take(&world, 1000, 993).await;
    assert_eq!(through(&world, app, 20).await, 7);
    // One block, and the refusal with its event.
    assert_eq!(writes(&world.wire.take()), [2, 0, 1]);
}

#[tokio::test]
async fn what_was_used_under_another_limit_says_nothing_of_this_one() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    let of = |limit| tenant("changing", limit);
    for _ in 0..1000 {
        assert!(is_let_through_for(&world, app, &of(1000)).await);
    }
    world.wait(60);
    world.wire.take();
    assert!(is_let_through_for(&world, app, &of(100)).await);
    assert!(is_let_through_for(&world, app, &of(100)).await);
    assert_eq!(writes(&world.wire.take()), [2, 0, 0], "one at a time");
}

#[tokio::test]
async fn a_limit_that_is_raised_within_a_window_lets_the_difference_through() {
    let world = World::new().await;
    let fleet: Vec<&Verifying> = vec![world.instance().await, world.instance().await];
    for (app, limit, expected) in [(fleet[0], 3, 3), (fleet[1], 5, 1), (fleet[1], 2, 0)] {
        let mut through = 0;
        for _ in 0..10 {
            let tenant = tenant("raised", limit);
            through += usize::from(is_let_through_for(&world, app, &tenant).await);
        }
        // The first refusal has counted itself.
        assert_eq!(through, expected, "{limit}");
    }
}

#[tokio::test]
async fn instances_whose_clocks_differ_count_each_in_the_window_that_its_clock_shows() {
    let world = World::with(|config| config.address_rate_limit = 10).await;
    let ahead = Clock::moved(START);
    ahead.advance(Duration::from_secs(5));
    let (app, early): (&Verifying, &Verifying) = (
        world.instance().await,
        world.instance_by(ahead.clone()).await,
    );
    world.wait(57);
    ahead.advance(Duration::from_secs(57));
    let mut by_window = [0; 2];
    for _ in 0..20 {
        by_window[0] += usize::from(is_let_through(&world, app).await);
        let mut call = call_from(&world, ADDRESS);
        call.now = ahead.now();
        let admitted = shared::auth::limit::admit_address(early, &call).await;
        by_window[1] += usize::from(admitted.is_ok());
    }
    assert_eq!(by_window, [10, 10]);
    // The one that is late joins the other's window, which is used up.
    world.wait(3);
    assert!(!is_let_through(&world, app).await);
}

#[tokio::test]
async fn a_call_that_began_before_the_window_ended_counts_in_it_when_others_count_in_the_next() {
    let world = World::with(|config| config.address_rate_limit = 2).await;
    let app: &Verifying = world.instance().await;
    let late = call_from(&world, ADDRESS);
    world.wait(60);
    assert!(is_let_through(&world, app).await);
    shared::auth::limit::admit_address(app, &late)
        .await
        .expect("the first of its window");
    let shown = late.limit().expect("a limit");
    assert_eq!((shown.count, shown.reset), (1, START.plus_seconds(60)));
    assert!(is_let_through(&world, app).await);
    assert!(!is_let_through(&world, app).await);
}
