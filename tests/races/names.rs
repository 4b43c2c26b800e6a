//! One name, wanted by many: one of them gets it, also where an expired invite has it.

use serde_json::json;

use super::fleet::{Verdict, check, statuses};
use super::order::{FAULTS, Fault, Race, Racer};
use super::tenants::Tenants;
use crate::exchange::Received;
use crate::users::{ALICE, Invited, PASSWORD};
use crate::wire::Call;

/// Two admins of two tenants, and the id of a user whose expired invite holds the name, if one does.
struct Wanted {
    tenants: Tenants,
    admins: [String; 2],
    expired: Option<Invited>,
}

impl Wanted {
    async fn new(expired: bool) -> Self {
        let (tenants, (admins, expired)) = Tenants::new(4, async |users| {
            let other = users.token_as("1005", "admin").await;
            let counted = |row: &mut serde_json::Value| row["admin_count"] = json!(1);
            let key = shared::store::key::Key::admins(&"2001".into());
            users.world.alter(&key, counted).await;
            let mut before = None;
            if expired {
                let invited = users.invited(&other, "bob@example.com", "viewer").await;
                users.world.wait(7 * 86_400);
                before = Some(invited);
            }
            let admins = [users.token(ALICE).await, users.token("1005").await];
            (admins, before)
        })
        .await;
        Self {
            tenants,
            admins,
            expired,
        }
    }

    /// `wanting` invites to one e-mail address in several spellings; of some, the username is another's
    /// too.
    async fn race(&self, wanting: usize, race: &Race, parallel: bool) -> Verdict {
        let tenants = &self.tenants;
        tenants.begin().await;
        let mut racers: Vec<Racer<Received>> = Vec::new();
        for n in 0..wanting {
            let email = ["bob@example.com", "Bob@Example.com", "BOB@example.com"][n % 3];
            let username = (n % 2 == 0).then(|| format!("bob{}", n % 4));
            let body = json!({"email": email, "username": username, "role": "admin"});
            racers.push(tenants.invite(n, &self.admins[n % 2], &body));
        }
        if let Some(expired) = &self.expired {
            racers.push(tenants.accept(0, &expired.token, PASSWORD));
        }
        let replies = if parallel {
            race.run_in_parallel(tenants.world(), racers).await
        } else {
            race.run(tenants.world(), racers).await
        };
        let told = || statuses(&replies);
        let (invites, accepted) = replies.split_at(wanting);
        check(accepted.iter().all(|reply| reply.status == 400), told)?;
        let won: Vec<_> = invites.iter().filter(|reply| reply.status == 201).collect();
        check(won.len() == 1, told)?;
        let lost = invites.iter().filter(|reply| reply.status == 409).count();
        check(lost == wanting - 1, told)?;
        tenants.truth().await?;
        let winner = Invited::of(won[0]);
        let row = tenants.users.row(&winner.id).await;
        check(row["status"] == "invited" && row["version"] == 1, told)?;
        if let Some(expired) = &self.expired {
            let row = tenants.users.row(&expired.id).await;
            check(row["status"] == "deleted" && row["version"] == 2, told)?;
        }
        // Of the losers, nothing is left.
        let rows = tenants.world().rows().await;
        let count = |kind: &str| rows.keys().filter(|(pk, _)| pk.starts_with(kind)).count();
        let before = usize::from(self.expired.is_some());
        check(count("INVITE#") == 1 + before, told)?;
        check(count("USER#") == 7 + before, told)?;
        let reply = tenants.accept(0, &winner.token, PASSWORD).await;
        check(reply.status == 200, || format!("then {}", reply.status))?;
        tenants.truth().await
    }
}

fn is_creation(call: &Call) -> bool {
    call.operation == "TransactWriteItems"
}

#[tokio::test]
async fn of_100_creations_of_one_name_one_wins() {
    for (expired, parallel) in [(false, false), (false, true), (true, true)] {
        let wanted = Wanted::new(expired).await;
        let order = Race::new(1, Fault::None);
        let verdict = wanted.race(100, &order, parallel).await;
        assert_eq!(verdict, Ok(()), "expired: {expired}, parallel: {parallel}");
    }
}

#[tokio::test]
async fn whatever_is_lost_late_or_done_twice_a_name_is_made_once() {
    for expired in [false, true] {
        let wanted = Wanted::new(expired).await;
        for fault in FAULTS {
            for seed in 0..4 {
                let verdict = wanted.race(4, &Race::new(seed, fault), false).await;
                assert_eq!(
                    verdict,
                    Ok(()),
                    "{fault:?}, expired: {expired}, seed {seed}"
                );
            }
        }
    }
}

#[tokio::test]
async fn without_its_conditions_a_name_is_two_users() {
    for expired in [false, true] {
        let wanted = Wanted::new(expired).await;
        let mut went_wrong = false;
        for seed in 0..20 {
            let loose = Race::new(seed, Fault::None).without_condition(is_creation);
            went_wrong |= wanted.race(4, &loose, false).await.is_err();
        }
        assert!(went_wrong, "expired: {expired}: it never went wrong");
    }
}
