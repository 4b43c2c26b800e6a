//! Two logins from a new address make it known, once: the second does not wipe out what has been
//! counted there since the first.

use shared::store::key::Key;

use super::fleet::{Fleet, NAME, PASSWORD, Verdict, check, statuses};
use super::order::{FAULTS, Fault, Race, Racer};
use crate::exchange::{Received, Sent};
use crate::wire::Call;

fn makes_known(call: &Call) -> bool {
    call.operation == "PutItem" && call.touches("FAIL#")
}

async fn race(fleet: &Fleet, race: &Race) -> Verdict {
    let address = format!("192.0.2.{}", race.dice().below(250));
    let strangers = Key::strangers(&fleet.name_mac(NAME).await);
    let known = fleet.known_address(&address).await;
    fleet.set_failures(&strangers, 0, None).await;
    let mut racers: Vec<Racer<Received>> = Vec::new();
    for (n, password) in [PASSWORD, PASSWORD, "a wrong guess"]
        .into_iter()
        .enumerate()
    {
        racers.push(fleet.login(n, Sent::login(NAME, password).from(&address)));
    }
    let replies = race.run(&fleet.world, racers).await;
    let told = || statuses(&replies);
    let made = fleet.world.wire.take();
    let made = made
        .iter()
        .filter(|done| makes_known(&done.call) && done.status == 200);
    let made = made.count();
    check(made <= 1, || format!("made {made} times"))?;
    if race.fault == Fault::None {
        let answers: Vec<_> = replies.iter().map(|reply| reply.status).collect();
        check(answers == [200, 200, 401] && made == 1, told)?;
    }
    // Counts that are repeated may use up the free failures.
    let expected = |reply: &Received| matches!(reply.status, 200 | 401 | 429);
    check(replies.iter().all(expected), told)?;
    if replies[..2].iter().all(|reply| reply.status == 429) {
        return Ok(());
    }
    // A guess may have been counted after the logins; a late first try may have counted once more.
    let failures = fleet.failures(&known).await.failures;
    check(failures <= 2, || format!("{failures} failures"))?;
    // However many strangers guess, the owner is let in from here.
    fleet.set_failures(&strangers, 60, Some(3600)).await;
    let reply = fleet
        .login(0, Sent::login(NAME, PASSWORD).from(&address))
        .await;
    check(reply.status == 200, || format!("then {}", reply.status))
}

#[tokio::test]
async fn two_logins_from_a_new_address_make_it_known_once() {
    let fleet = Fleet::new(2).await;
    for fault in FAULTS {
        for seed in 0..4 {
            // Each in an address of its own.
            let seed = seed * 5 + fault as u64;
            let verdict = race(&fleet, &Race::new(seed, fault)).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

#[tokio::test]
async fn without_its_condition_a_known_address_is_made_anew() {
    let fleet = Fleet::new(2).await;
    for seed in 0..20 {
        let loose = Race::new(seed, Fault::None).without_condition(makes_known);
        if race(&fleet, &loose).await.is_err() {
            return;
        }
    }
    panic!("it never went wrong");
}
