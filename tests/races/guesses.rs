//! Parallel guesses beyond the free failures: at each moment that permits one, one at most reaches the
//! hash, of a login name and of a session's current password alike.

use shared::id::SessionId;
use shared::store::key::Key;

use super::fleet::{Fleet, NAME, PASSWORD, Verdict, check, statuses};
use super::order::{FAULTS, Fault, Race, Racer};
use crate::exchange::{Received, Sent};
use crate::wire::Call;

const RACERS: usize = 16;

/// Which count the guesses go through.
#[derive(Clone, Debug)]
enum Of {
    /// A name, from addresses where it has not signed in; it may be nobody's.
    Strangers(&'static str),
    /// The user's name, from an address where it has.
    Known,
    /// A session's current password; the access token.
    Current(String, SessionId),
}

impl Of {
    async fn row(&self, fleet: &Fleet) -> Key {
        match self {
            Self::Strangers(name) => Key::strangers(&fleet.name_mac(name).await),
            Self::Known => fleet.known_address(KNOWN).await,
            Self::Current(_, session) => Key::current_password(session),
        }
    }

    fn guess(&self, fleet: &Fleet, n: usize, password: &str) -> Racer<Received> {
        match self {
            Self::Strangers(name) => {
                let address = format!("192.0.2.{}", n + 1);
                fleet.login(n, Sent::login(name, password).from(&address))
            }
            Self::Known => fleet.login(n, Sent::login(NAME, password).from(KNOWN)),
            Self::Current(token, _) => fleet.change(n, token, password, "another-password"),
        }
    }
}

const KNOWN: &str = "198.51.100.77";

/// All free failures are used up, and no wait is on: 16 guess at once, and again at the end of each
/// wait. With `right`, one of them has the password.
async fn race(fleet: &Fleet, race: &Race, of: &Of, right: bool, parallel: bool) -> Verdict {
    let key = of.row(fleet).await;
    fleet.set_failures(&key, 5, None).await;
    for wait in 1..=2 {
        let mut racers: Vec<Racer<Received>> = Vec::new();
        for n in 0..RACERS {
            let password = if right && n == 0 {
                PASSWORD
            } else {
                "a wrong guess"
            };
            racers.push(of.guess(fleet, n, password));
        }
        let before = fleet.login_hashes() + fleet.changing_hashes();
        let replies = if parallel {
            race.run_in_parallel(&fleet.world, racers).await
        } else {
            race.run(&fleet.world, racers).await
        };
        let hashed = fleet.login_hashes() + fleet.changing_hashes() - before;
        let told = || format!("wait {wait}: {hashed} hashed: {}", statuses(&replies));
        let expected = |reply: &Received| matches!(reply.status, 200 | 400 | 401 | 429);
        check(replies.iter().all(expected), told)?;
        if replies[0].status == 200 {
            // A success clears the count that it passed: whoever comes after it has failures free
            // again, and one more before a wait. It hashes once, a change of password twice.
            return check(hashed <= 2 + 6, told);
        }
        check(hashed <= 1, told)?;
        if race.fault == Fault::None {
            check(hashed == 1, told)?;
        }
        let after = fleet.failures(&key).await;
        check(after.failures == 5 + wait, || {
            format!("{} failures after wait {wait}", after.failures)
        })?;
        let retry_at = after.retry_at.ok_or("no wait")?;
        // Late answers have moved the clock on.
        let left = retry_at.millis() - fleet.world.clock.now().millis();
        fleet.world.wait_ms(u64::try_from(left - 1).unwrap_or(0));
        if left > 0 {
            let early = of.guess(fleet, 0, "a wrong guess").await;
            check(early.status == 429, || format!("early: {}", early.status))?;
            fleet.world.wait_ms(1);
        }
    }
    Ok(())
}

/// Every kind of count; of a session's, with a new session.
async fn kinds(fleet: &Fleet) -> [Of; 4] {
    let session = fleet.sign_in(PASSWORD).await;
    let current = Of::Current(session.access.clone(), session.session());
    [
        Of::Strangers("nobody.at.all"),
        Of::Strangers(NAME),
        Of::Known,
        current,
    ]
}

#[tokio::test]
async fn beyond_the_free_failures_one_guess_at_a_time_reaches_the_hash_in_any_order() {
    let fleet = Fleet::new(2).await;
    for fault in FAULTS {
        for (seed, of) in (0..).zip(kinds(&fleet).await) {
            let verdict = race(&fleet, &Race::new(seed, fault), &of, false, false).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, {of:?}, seed {seed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_free_failures_one_guess_at_a_time_reaches_the_hash_in_parallel() {
    let fleet = Fleet::new(2).await;
    for of in kinds(&fleet).await {
        for fault in [Fault::None, Fault::Lose] {
            let verdict = race(&fleet, &Race::new(5, fault), &of, false, true).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, {of:?}");
        }
    }
}

#[tokio::test]
async fn a_right_password_among_the_guesses_lets_no_more_of_them_through_before_it_is_in() {
    let fleet = Fleet::new(2).await;
    for fault in FAULTS {
        for seed in 0..2 {
            for of in [Of::Strangers(NAME), Of::Known] {
                let verdict = race(&fleet, &Race::new(seed, fault), &of, true, false).await;
                assert_eq!(verdict, Ok(()), "{fault:?}, {of:?}, seed {seed}");
            }
        }
    }
}

#[tokio::test]
async fn a_right_current_password_among_the_guesses_lets_no_more_of_them_through() {
    for fault in FAULTS {
        // A round may change the password.
        let fleet = Fleet::new(1).await;
        let [.., current] = kinds(&fleet).await;
        let verdict = race(&fleet, &Race::new(4, fault), &current, true, false).await;
        assert_eq!(verdict, Ok(()), "{fault:?}");
    }
}

#[tokio::test]
async fn without_the_condition_on_its_count_a_wait_lets_everybody_through() {
    let fleet = Fleet::new(2).await;
    let counts = |call: &Call| call.operation == "UpdateItem" && call.touches("FAIL#");
    for of in kinds(&fleet).await {
        let loose = Race::new(6, Fault::None).without_condition(counts);
        let verdict = race(&fleet, &loose, &of, false, false).await;
        assert!(verdict.is_err(), "{of:?}");
    }
}
