//! The order in which racers' calls reach the table: one call at a time, which one next a seed
//! says, and what goes wrong with it. The same seed gives the same race.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::OwnedMutexGuard;

use crate::wire::{Act, Call, Turn};
use crate::world::World;

/// One who races.
pub type Racer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Numbers without a pattern, the same for the same seed (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall as `seed` says.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % sides as u64).expect("it is below a usize")
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// What the table does to writes: to a part of them, as the dice fall, and never so often that a
/// call's three tries are all in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It does them twice.
    Twice,
    /// It does them, and the answer is lost.
    Lose,
    /// It does one, and answers after the deadline.
    Late,
    /// The first try comes in after its repeat.
    Hold,
}

/// All of them.
pub const FAULTS: [Fault; 5] = [
    Fault::None,
    Fault::Twice,
    Fault::Lose,
    Fault::Hold,
    // Last: an instance that served many calls at once has little left to spend on repeats then.
    Fault::Late,
];

/// Longer than the deadline of a try, and so short that a second try ends within a call's.
const LATE: Duration = Duration::from_millis(1100);

impl Fault {
    fn act(self, call: &Call, (dice, late): &mut (Dice, bool), one_in: usize) -> Act {
        let is_write = call.operation.ends_with("Item") && !call.operation.ends_with("GetItem")
            || call.operation == "TransactWriteItems"
            || call.operation == "PutSecretValue"
            || call.operation == "UpdateSecretVersionStage";
        if !is_write || call.attempt > 2 {
            return Act::Pass;
        }
        let hit = dice.once_in(one_in * if call.attempt == 1 { 1 } else { 2 });
        match self {
            Self::Twice if hit => Act::Twice,
            Self::Lose if hit => Act::Lose,
            Self::Hold if hit => Act::Hold,
            Self::Late if !*late && dice.once_in(4) => {
                *late = true;
                Act::Late(LATE)
            }
            _ => Act::Pass,
        }
    }
}

type Waiting = Vec<(Turn, OwnedMutexGuard<()>)>;
type Which = Arc<dyn Fn(&Call) -> bool + Send + Sync>;

/// A race to be run.
#[derive(Clone)]
pub struct Race {
    /// What decides the order, and whom the fault hits.
    pub seed: u64,
    /// What goes wrong.
    pub fault: Fault,
    one_in: usize,
    loose: Which,
}

impl Race {
    /// A race in the order of `seed`.
    pub fn new(seed: u64, fault: Fault) -> Self {
        let loose = Arc::new(|_: &Call| false);
        Self {
            seed,
            fault,
            one_in: 2,
            loose,
        }
    }

    /// With the fault hitting a write once in so many times, instead of two.
    pub fn rarely(mut self, one_in: usize) -> Self {
        self.one_in = one_in;
        self
    }

    /// With the conditions of these writes always holding: what they are for must then go wrong.
    pub fn without_condition(mut self, of: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        self.loose = Arc::new(of);
        self
    }

    /// Dice for the test's own choices.
    pub fn dice(&self) -> Dice {
        Dice::new(!self.seed)
    }

    fn rule(&self) -> impl Fn(&Call) -> Act + Send + Sync + 'static {
        let chance = Mutex::new((Dice::new(self.seed), false));
        let (fault, one_in, loose) = (self.fault, self.one_in, Arc::clone(&self.loose));
        move |call| {
            if loose(call) {
                return Act::Unconditional;
            }
            fault.act(call, &mut chance.lock().unwrap(), one_in)
        }
    }

    /// Runs the racers, one call to AWS at a time, in the seed's order. Held calls come in at the
    /// seed's moments too, the last of them when all racers are through.
    pub async fn run<T>(&self, world: &World, racers: Vec<Racer<T>>) -> Vec<T> {
        let waiting: Arc<Mutex<Waiting>> = Arc::default();
        world.wire.take();
        let (queue, rule) = (Arc::clone(&waiting), self.rule());
        world.wire.rule(move |call| {
            let turn = Turn::default();
            let guard = Arc::clone(&turn).try_lock_owned().expect("a new turn");
            queue.lock().unwrap().push((Arc::clone(&turn), guard));
            Act::Turn(turn, Box::new(rule(call)))
        });
        let mut dice = Dice::new(self.seed.rotate_left(32));
        let ordering = async {
            loop {
                // Whoever has got an answer comes to its next call.
                for _ in 0..4 {
                    tokio::task::yield_now().await;
                }
                let next = {
                    let mut waiting = waiting.lock().unwrap();
                    let count = waiting.len();
                    (count > 0).then(|| waiting.swap_remove(dice.below(count)))
                };
                if let Some((turn, guard)) = next {
                    drop(guard);
                    // Free again when the call is over, or given up.
                    let _over = turn.lock().await;
                }
                if dice.once_in(4) {
                    world.wire.release().await;
                }
            }
        };
        let results = tokio::select! {
            biased;
            results = join_all(racers) => results,
            () = ordering => unreachable!("it goes on until the racers are through"),
        };
        world.wire.heal();
        world.wire.release().await;
        results
    }

    /// Runs the racers as the machine's threads will have it.
    pub async fn run_in_parallel<T: Send + 'static>(
        &self,
        world: &World,
        racers: Vec<Racer<T>>,
    ) -> Vec<T> {
        world.wire.take();
        world.wire.rule(self.rule());
        let racing = racers.into_iter().map(|racer| tokio::spawn(racer));
        let results = join_all(racing.collect::<Vec<_>>()).await;
        world.wire.heal();
        world.wire.release().await;
        results
            .into_iter()
            .map(|result| result.expect("a racer does not panic"))
            .collect()
    }
}
