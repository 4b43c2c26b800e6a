//! 200 logins from one address: five of them reach the password hash, over the whole fleet.

use shared::app::{App as _, SignIn};
use shared::store::key::Key;
use shared::store::window::Window;

use super::fleet::{NAME, PASSWORD, Verdict, check, statuses};
use super::late::{hold, update};
use super::order::{FAULTS, Fault, Race, Racer};
use crate::exchange::{Received, Sent, send};
use crate::wire::Call;
use crate::world::{ADDRESS, START, World};

const RACERS: usize = 200;

struct Limited {
    world: World,
    login: Vec<&'static SignIn>,
}

impl Limited {
    async fn new() -> Self {
        let world = World::new().await;
        let mut login = Vec::new();
        for _ in 0..4 {
            login.push(world.instance().await);
        }
        Self { world, login }
    }

    fn hashes(&self) -> u64 {
        self.login.iter().map(|app| app.hashes()).sum()
    }

    async fn race(&self, race: &Race, parallel: bool) -> Verdict {
        // A window of its own.
        let address = format!("198.51.100.{}", race.dice().below(250));
        self.world.wait(60);
        let mut racers: Vec<Racer<Received>> = Vec::new();
        for n in 0..RACERS {
            let sent = Sent::login(NAME, PASSWORD).from(&address);
            let app = self.login[n % self.login.len()];
            racers.push(Box::pin(send(app, login::handle, sent)));
        }
        let before = self.hashes();
        let replies = if parallel {
            race.run_in_parallel(&self.world, racers).await
        } else {
            race.run(&self.world, racers).await
        };
        let hashed = self.hashes() - before;
        let with = |status| {
            replies
                .iter()
                .filter(|reply| reply.status == status)
                .count()
        };
        let calls = self.world.wire.take();
        let of_window = calls
            .iter()
            .filter(|done| done.call.touches("EVENT#login-"));
        let events = of_window.count();
        let told = || format!("{hashed} hashed, {events} events: {}", statuses(&replies));
        check(hashed <= 5, told)?;
        if race.fault == Fault::None {
            // One call of all knows that it is the first that is refused.
            return check(
                hashed == 5 && with(200) == 5 && with(429) == 195 && events == 1,
                told,
            );
        }
        // An instance has one call at a time, and here 50: after the deadline of all of them what it
        // may spend on repeats is not enough.
        let late = race.fault == Fault::Late;
        check(with(200) + with(429) == RACERS || late, told)
    }
}

#[tokio::test]
async fn of_200_logins_from_one_address_five_reach_the_hash_in_any_order() {
    let limited = Limited::new().await;
    for fault in FAULTS {
        let verdict = limited.race(&Race::new(11, fault).rarely(6), false).await;
        assert_eq!(verdict, Ok(()), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_logins_from_one_address_five_reach_the_hash_in_parallel() {
    let limited = Limited::new().await;
    for fault in FAULTS {
        let verdict = limited.race(&Race::new(12, fault).rarely(6), true).await;
        assert_eq!(verdict, Ok(()), "{fault:?}");
    }
}

#[tokio::test]
async fn without_the_condition_on_its_count_every_instance_takes_its_refusal_for_the_first() {
    let limited = Limited::new().await;
    let window = |call: &Call| call.operation == "UpdateItem" && call.touches("RATE#");
    let loose = Race::new(13, Fault::None).without_condition(window);
    assert!(limited.race(&loose, false).await.is_err());
}

/// A window counts a late try as one more login: then fewer get through, never more.
#[tokio::test]
async fn a_late_count_of_a_window_lets_nobody_more_through() {
    let world = World::new().await;
    let app = world
        .instance_with(|config| config.login_rate_limit = 2)
        .await;
    let login = |password| Box::pin(send(app, login::handle, Sent::login(NAME, password)));
    hold(&world, update("RATE#", "SET expires_at"));
    assert_eq!(login(PASSWORD).await.status, 200);
    world.wire.heal();
    assert_eq!(world.wire.release().await, 1);
    assert_eq!(login(PASSWORD).await.status, 429);
    let window = Window::open("login", ADDRESS.to_owned(), 2, START);
    let row = world
        .row(&Key::window("login", &window.subject, window.number))
        .await;
    let count = row.expect("a window")["count"].clone();
    // The third is the first refusal, which counts itself.
    assert_eq!(count.as_n().map(String::as_str), Ok("3"));
}
