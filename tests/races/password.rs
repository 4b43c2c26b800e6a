//! What races a password change: afterwards nothing of before it works, whoever was answered what.

use super::fleet::{Fleet, NAME, PASSWORD, Tokens, Verdict, check, statuses};
use super::order::{FAULTS, Fault, Race, Racer};
use crate::exchange::{Received, Sent};
use crate::wire::Call;
use crate::world::ADDRESS;

/// Where the user's password stands: each round changes it once.
struct User {
    fleet: Fleet,
    password: String,
}

impl User {
    async fn new() -> Self {
        Self {
            fleet: Fleet::new(2).await,
            password: PASSWORD.to_owned(),
        }
    }

    fn next(&self) -> (String, String) {
        (
            self.password.clone(),
            format!("next-{}", shared::random::uuid()),
        )
    }

    /// A password change, and around it logins with either password, refreshes of another session
    /// and of the changer's own.
    async fn overtaken(&mut self, race: &Race) -> Verdict {
        let (old, new) = self.next();
        let fleet = &self.fleet;
        let (changer, other) = (fleet.sign_in(&old).await, fleet.sign_in(&old).await);
        let mut racers: Vec<Racer<Received>> = vec![
            fleet.change(0, &changer.access, &old, &new),
            fleet.refresh(1, &changer.refresh),
        ];
        for n in 0..2 {
            racers.push(fleet.refresh(n, &other.refresh));
            // From addresses of before and from new ones.
            let address = [ADDRESS, "192.0.2.9"][n];
            racers.push(fleet.login(n, Sent::login(NAME, &old).from(address)));
            racers.push(fleet.login(n + 1, Sent::login(NAME, &new).from(address)));
        }
        let replies = race.run(&fleet.world, racers).await;
        let told = || statuses(&replies);
        check(replies[0].status == 200, told)?;
        self.password.clone_from(&new);
        check(replies[1].status == 200, told)?;
        let of = |n: usize| Tokens::of_all(&replies[n..=n]);
        let mut stale = vec![other];
        stale.extend([2, 5].into_iter().flat_map(of));
        stale.extend([3, 6].into_iter().flat_map(of));
        for tokens in &stale {
            check(!fleet.live(tokens).await, || {
                format!("a session outlived it: {}", told())
            })?;
        }
        for tokens in [4, 7].into_iter().flat_map(of) {
            check(fleet.live(&tokens).await, || {
                "a login after it is dead".to_owned()
            })?;
        }
        check(fleet.takes(&changer.access).await, || {
            "the changer was signed out".to_owned()
        })?;
        check(fleet.live(&of(1)[0]).await, || {
            "the changer's refresh is dead".to_owned()
        })?;
        check(!fleet.opens(&old).await, || {
            "the old password works".to_owned()
        })?;
        check(fleet.opens(&new).await, || {
            "the new password does not work".to_owned()
        })
    }

    /// Two changes from two sessions, or from one.
    async fn contested(&mut self, race: &Race, sessions: usize) -> Verdict {
        let (old, new) = self.next();
        let other = format!("{new}-other");
        let fleet = &self.fleet;
        let (first, second) = (fleet.sign_in(&old).await, fleet.sign_in(&old).await);
        let second = if sessions == 2 { second } else { first.clone() };
        let before = fleet.user().await;
        let racers = vec![
            fleet.change(0, &first.access, &old, &new),
            fleet.change(1, &second.access, &old, &other),
        ];
        let replies = race.run(&fleet.world, racers).await;
        let told = || statuses(&replies);
        let after = fleet.user().await;
        let ((won, lost), (winner, loser), reply) = match (replies[0].status, replies[1].status) {
            (200, 400 | 401) => ((&new, &other), (&first, &second), &replies[1]),
            (400 | 401, 200) => ((&other, &new), (&second, &first), &replies[0]),
            _ => return Err(format!("answers: {}", told())),
        };
        self.password.clone_from(won);
        // Of two sessions, the winner's change has ended the other; of one, the password is another.
        let truth = if sessions == 2 { 401 } else { 400 };
        check(reply.status == truth, told)?;
        check(
            (after.version, after.epoch) == (before.version + 1, before.epoch + 1),
            || format!("version {} to {}", before.version, after.version),
        )?;
        for password in [&old, lost] {
            check(!fleet.opens(password).await, || {
                "another password works".to_owned()
            })?;
        }
        check(fleet.opens(won).await, || {
            "the new password does not work".to_owned()
        })?;
        check(fleet.live(winner).await, || {
            "the winner was signed out".to_owned()
        })?;
        check(sessions == 1 || !fleet.live(loser).await, || {
            "the loser is still in".to_owned()
        })
    }
}

#[tokio::test]
async fn nothing_stale_survives_a_password_change() {
    let mut user = User::new().await;
    for fault in FAULTS {
        for seed in 0..4 {
            let verdict = user.overtaken(&Race::new(seed, fault)).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

/// No condition of a write stands between a stale session and its use: the epoch that it was made
/// with does, at every reading. So a session that somebody made young again stands in for one that
/// has outlived the change.
#[tokio::test]
async fn a_session_that_outlived_a_password_change_would_be_noticed() {
    let mut user = User::new().await;
    let old = user.fleet.sign_in(PASSWORD).await;
    assert_eq!(user.overtaken(&Race::new(1, Fault::None)).await, Ok(()));
    assert!(!user.fleet.live(&old).await);
    let epoch = user.fleet.user().await.epoch;
    user.fleet.set_epoch(&old, epoch).await;
    assert!(user.fleet.live(&old).await);
}

#[tokio::test]
async fn of_two_password_changes_one_wins_and_the_other_is_told() {
    let mut user = User::new().await;
    for fault in FAULTS {
        for seed in 0..4 {
            let sessions = 1 + usize::from(seed % 2 == 0);
            let verdict = user.contested(&Race::new(seed, fault), sessions).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

#[tokio::test]
async fn without_the_condition_on_the_version_both_password_changes_seem_to_win() {
    let mut user = User::new().await;
    let changes = |call: &Call| call.operation == "TransactWriteItems";
    for seed in 0..20 {
        let loose = Race::new(seed, Fault::None).without_condition(changes);
        if user.contested(&loose, 2).await.is_err() {
            return;
        }
    }
    panic!("it never went wrong");
}
