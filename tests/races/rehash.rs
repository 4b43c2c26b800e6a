//! A hash made stronger by a login while the password changes: the old password does not come back.

use shared::app::SignIn;

use super::fleet::{Fleet, NAME, PASSWORD, Verdict, check, statuses};
use super::order::{FAULTS, Fault, Race, Racer};
use crate::exchange::{Received, Sent, send};
use crate::wire::Call;

struct Rehashing {
    fleet: Fleet,
    /// Asks more of a hash than those that change passwords give.
    strong: &'static SignIn,
    password: String,
}

impl Rehashing {
    async fn new() -> Self {
        let fleet = Fleet::new(1).await;
        let strong = fleet.world.instance_with(|config| {
            config.login_rate_limit = 1_000_000;
            config.argon2.iterations = 3;
        });
        let strong = strong.await;
        Self {
            fleet,
            strong,
            password: PASSWORD.to_owned(),
        }
    }

    async fn race(&mut self, race: &Race) -> Verdict {
        let (fleet, old) = (&self.fleet, self.password.clone());
        let new = format!("next-{}", shared::random::uuid());
        let session = fleet.sign_in(&old).await;
        let before = fleet.user().await;
        let mut racers: Vec<Racer<Received>> = vec![fleet.change(0, &session.access, &old, &new)];
        for _ in 0..2 {
            let sent = Sent::login(NAME, &old);
            racers.push(Box::pin(send(self.strong, login::handle, sent)));
        }
        let replies = race.run(&fleet.world, racers).await;
        let logins = replies[1..]
            .iter()
            .all(|reply| matches!(reply.status, 200 | 401));
        check(replies[0].status == 200 && logins, || statuses(&replies))?;
        self.password.clone_from(&new);
        let after = fleet.user().await;
        check(after.epoch == before.epoch + 1, || {
            format!("epoch {} to {}", before.epoch, after.epoch)
        })?;
        // The change, and at most one stronger hash before it and none after.
        check(after.version <= before.version + 2, || {
            format!("version {} to {}", before.version, after.version)
        })?;
        check(!fleet.opens(&old).await, || {
            "the old password works again".to_owned()
        })?;
        check(fleet.opens(&new).await, || {
            "the new password does not work".to_owned()
        })
    }
}

#[tokio::test]
async fn a_stronger_hash_of_the_old_password_never_undoes_a_change() {
    let mut rehashing = Rehashing::new().await;
    for fault in FAULTS {
        for seed in 0..4 {
            let verdict = rehashing.race(&Race::new(seed, fault)).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

#[tokio::test]
async fn without_the_condition_on_the_version_a_stronger_hash_brings_the_old_password_back() {
    let mut rehashing = Rehashing::new().await;
    let rehash = |call: &Call| call.operation == "UpdateItem" && call.touches("USER#");
    for seed in 0..20 {
        let loose = Race::new(seed, Fault::None).without_condition(rehash);
        if rehashing.race(&loose).await.is_err() {
            return;
        }
    }
    panic!("it never went wrong");
}
