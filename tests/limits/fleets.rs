//! Whole fleets over several minutes: what gets through, and what that costs.

use shared::app::Verifying;

use super::{fleet, is_let_through, writes};
use crate::races::order::Dice;
use crate::world::World;

/// How the calls of a minute fall on the instances.
#[derive(Clone, Copy, Debug)]
enum Burst {
    /// On any of them alike.
    Even,
    /// On few of them most of the time.
    Skewed,
    /// On the first half of them, and once that has had half the limit, on the others.
    Halves,
    /// On one after another, each until it has had its share.
    Turns,
}

impl Burst {
    fn instance(self, dice: &mut Dice, fleet: usize, call: usize, limit: usize) -> usize {
        match self {
            Self::Even => dice.below(fleet),
            Self::Skewed => dice
                .below(fleet)
                .min(dice.below(fleet))
                .min(dice.below(fleet)),
            Self::Halves if call < limit / 2 => dice.below(fleet.div_ceil(2)),
            Self::Halves => fleet / 2 + dice.below(fleet - fleet / 2),
            Self::Turns => call * fleet / (2 * limit) % fleet,
        }
    }
}

/// Sends twice the limit in a minute; gives how many got through.
async fn minute(
    world: &World,
    fleet: &[&'static Verifying],
    (burst, limit): (Burst, usize),
    dice: &mut Dice,
) -> usize {
    let mut through = 0;
    for call in 0..2 * limit {
        let instance = burst.instance(dice, fleet.len(), call, limit);
        through += usize::from(is_let_through(world, fleet[instance]).await);
    }
    world.wait(60);
    through
}

#[tokio::test]
async fn no_more_than_the_limit_and_no_less_than_95_of_100_get_through_a_fleet_of_any_size() {
    let world = World::new().await;
    let mut dice = Dice::new(7);
    let (even, skewed, halves, turns) = (Burst::Even, Burst::Skewed, Burst::Halves, Burst::Turns);
    for (instances, limit) in [(1, 1), (3, 7), (1, 1000), (2, 400), (7, 1000), (40, 1000)] {
        let fleet = fleet(&world, instances, u32::try_from(limit).unwrap()).await;
        for burst in [even, even, turns, halves, skewed, turns, even] {
            let through = minute(&world, &fleet, (burst, limit), &mut dice).await;
            let least = (95 * limit).div_ceil(100);
            assert!(
                (least..=limit).contains(&through),
                "{through} of {limit}, {instances} instances, {burst:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_busy_callers_call_costs_a_fraction_of_a_write_and_a_quiet_ones_one() {
    let world = World::new().await;
    let [app] = fleet(&world, 1, 1000).await[..] else {
        panic!("one instance");
    };
    let mut costs = Vec::new();
    for _ in 0..3 {
        for _ in 0..1000 {
            assert!(is_let_through(&world, app).await);
        }
        costs.push(writes(&world.wire.take())[0]);
        world.wait(60);
    }
    // In its first minute it takes one at a time, and more the more it has used.
    assert_eq!(costs, [192, 29, 29]);
    world.wait(60);
    for _ in 0..39 {
        assert!(is_let_through(&world, app).await);
    }
    assert_eq!(
        writes(&world.wire.take()),
        [39, 0, 0],
        "after a minute of rest"
    );
}

#[tokio::test]
async fn a_flood_on_one_key_is_a_write_an_instance_once_the_limit_is_used_up() {
    let world = World::new().await;
    let fleet = fleet(&world, 100, 100).await;
    for round in 0..20 {
        for app in &fleet {
            is_let_through(&world, app).await;
        }
        // The limit, one refusal of each instance, and one event.
        let [counted, refused, events] = writes(&world.wire.take());
        let expected = match round {
            0 => [100, 0, 0],
            1 => [1, 99, 1],
            _ => [0, 0, 0],
        };
        assert_eq!([counted, refused, events], expected, "{round}");
    }
}
