//! 200 calls at once on the last uses of a limit that is leased.

use shared::app::Verifying;

use super::{call_from, fleet, is_let_through, take, writes};
use crate::races::fleet::{Verdict, check};
use crate::races::order::{FAULTS, Fault, Race, Racer};
use crate::wire::Call;
use crate::world::{ADDRESS, World};

const RACERS: usize = 200;
const LIMIT: u32 = 400;

struct Leased {
    world: World,
    fleet: Vec<&'static Verifying>,
}

impl Leased {
    async fn new() -> Self {
        let world = World::new().await;
        let fleet = fleet(&world, 4, LIMIT).await;
        Self { world, fleet }
    }

    /// A minute in which each instance has used its share, so that the next begins with blocks.
    async fn busy_minute(&self) {
        self.world.wait(60);
        for _ in 0..LIMIT / 4 {
            for app in &self.fleet {
                is_let_through(&self.world, app).await;
            }
        }
        self.world.wait(60);
    }

    async fn race(&self, race: &Race, last: u32, parallel: bool) -> Verdict {
        self.busy_minute().await;
        take(&self.world, LIMIT, LIMIT - last).await;
        let mut racers: Vec<Racer<bool>> = Vec::new();
        for n in 0..RACERS {
            let call = call_from(&self.world, ADDRESS);
            let app = self.fleet[n % self.fleet.len()];
            racers.push(Box::pin(async move {
                shared::auth::limit::admit_address(app, &call).await.is_ok()
            }));
        }
        let admitted = if parallel {
            race.run_in_parallel(&self.world, racers).await
        } else {
            race.run(&self.world, racers).await
        };
        let through = admitted.into_iter().filter(|admitted| *admitted).count();
        let calls = self.world.wire.take();
        let events = calls
            .iter()
            .filter(|done| done.call.touches("EVENT#"))
            .count();
        let told = || format!("{through} of {last}, {events} events");
        let last = usize::try_from(last).expect("few");
        check(through <= last, told)?;
        if race.fault != Fault::None {
            return Ok(());
        }
        // One of all records that the limit is used up. In parallel, an instance's block may come when
        // all its other calls have been refused; on Lambda it has one call at a time.
        let least = if parallel { 1 } else { last };
        check(through >= least && events == 1, told)?;
        // Nobody counts twice.
        let [counted, refused, _] = writes(&calls);
        check(counted + refused <= RACERS, || {
            format!("{counted} and {refused} counts")
        })
    }
}

#[tokio::test]
async fn of_200_calls_on_the_last_uses_of_a_leased_limit_as_many_get_through_in_any_order() {
    let leased = Leased::new().await;
    for fault in FAULTS {
        for last in [1, 10] {
            let race = Race::new(21, fault).rarely(6);
            let verdict = leased.race(&race, last, false).await;
            assert_eq!(verdict, Ok(()), "{fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_calls_on_the_last_uses_of_a_leased_limit_as_many_get_through_in_parallel() {
    let leased = Leased::new().await;
    for fault in FAULTS {
        for last in [1, 10] {
            let race = Race::new(22, fault).rarely(6);
            let verdict = leased.race(&race, last, true).await;
            assert_eq!(verdict, Ok(()), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn without_the_condition_on_its_count_every_instance_takes_its_refusal_for_the_first() {
    let leased = Leased::new().await;
    let window = |call: &Call| call.operation == "UpdateItem" && call.touches("RATE#");
    let loose = Race::new(23, Fault::None).without_condition(window);
    assert!(leased.race(&loose, 10, false).await.is_err());
}
