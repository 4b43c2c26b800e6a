//! One invite, accepted by many while it is suspended: one of them is in, or nobody.

use serde_json::json;

use super::fleet::{Verdict, check, statuses};
use super::order::{FAULTS, Fault, Race, Racer};
use super::tenants::Tenants;
use crate::exchange::Received;
use crate::users::{ALICE, ALICES, Invited};
use crate::wire::Call;

async fn invited() -> (Tenants, (String, Invited)) {
    Tenants::new(4, async |users| {
        let alice = users.token(ALICE).await;
        let bob = users.invited(&alice, "bob@example.com", "admin").await;
        (alice, bob)
    })
    .await
}

/// What ends an invite while it is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Suspended,
    Removed,
    Nothing,
}

fn is_acceptance(call: &Call) -> bool {
    call.operation == "TransactWriteItems" && call.touches("SESSION#")
}

fn password(n: usize) -> String {
    format!("three blind mice in May, {n}")
}

/// `tries` acceptances, each with a password of its own, and what ends the invite.
async fn race(
    (tenants, (alice, bob)): &(Tenants, (String, Invited)),
    (tries, end): (usize, End),
    race: &Race,
    parallel: bool,
) -> Verdict {
    tenants.begin().await;
    let mut racers: Vec<Racer<Received>> = (0..tries)
        .map(|n| tenants.accept(n, &bob.token, &password(n)))
        .collect();
    match end {
        End::Suspended => {
            let body = json!({"status": "suspended"});
            racers.push(tenants.update(0, alice, &bob.id, &body));
        }
        End::Removed => racers.push(tenants.delete(0, alice, &bob.id)),
        End::Nothing => {}
    }
    let replies = if parallel {
        race.run_in_parallel(tenants.world(), racers).await
    } else {
        race.run(tenants.world(), racers).await
    };
    let told = || statuses(&replies);
    let (accepted, ended) = replies.split_at(tries);
    check(
        accepted
            .iter()
            .all(|reply| matches!(reply.status, 200 | 400)),
        told,
    )?;
    check(ended.iter().all(|reply| reply.status < 300), told)?;
    let winners: Vec<usize> = (0..tries).filter(|n| accepted[*n].status == 200).collect();
    check(winners.len() <= 1, told)?;
    check(end != End::Nothing || winners.len() == 1, told)?;
    tenants.truth().await?;
    let row = tenants.users.row(&bob.id).await;
    let status = match end {
        End::Suspended => "suspended",
        End::Removed => "deleted",
        End::Nothing => "active",
    };
    check(row["status"] == status, told)?;
    check(row.get("invite").is_none(), told)?;
    // Invited, accepted, ended.
    let changes = winners.len() + ended.len();
    check(row["version"] == json!(1 + changes), told)?;
    let rows = tenants.world().rows().await;
    let sessions = format!("SESSION#{}", bob.id);
    let sessions = rows.keys().filter(|(pk, _)| *pk == sessions).count();
    check(sessions == winners.len(), || {
        format!("{sessions} sessions: {}", told())
    })?;
    for n in &winners {
        let live = tenants.takes(accepted[*n].member("token")).await;
        check(live == (end == End::Nothing), told)?;
    }
    if end == End::Nothing {
        for n in 0..tries.min(4) {
            let opens = tenants.opens("bob@example.com", &password(n)).await;
            check(opens == (winners == [n]), || {
                "another password opens".to_owned()
            })?;
        }
        check(tenants.users.admin_count(ALICES).await == 2, told)?;
    }
    Ok(())
}

const ENDS: [End; 3] = [End::Suspended, End::Removed, End::Nothing];

#[tokio::test]
async fn of_64_acceptances_of_one_invite_while_it_is_ended_one_wins_at_most() {
    let invited = invited().await;
    for (end, parallel) in [
        (End::Suspended, false),
        (End::Suspended, true),
        (End::Removed, true),
        (End::Nothing, true),
    ] {
        let order = Race::new(1, Fault::None);
        let verdict = race(&invited, (64, end), &order, parallel).await;
        assert_eq!(verdict, Ok(()), "{end:?}, parallel: {parallel}");
    }
}

#[tokio::test]
async fn whatever_is_lost_late_or_done_twice_an_invite_is_accepted_once() {
    let invited = invited().await;
    for fault in FAULTS {
        for seed in 0..6 {
            let end = ENDS[usize::try_from(seed % 3).unwrap()];
            let verdict = race(&invited, (4, end), &Race::new(seed, fault), false).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, {end:?}, seed {seed}");
        }
    }
}

#[tokio::test]
async fn without_its_conditions_an_invite_is_accepted_twice_or_after_its_end() {
    let invited = invited().await;
    for end in ENDS {
        let mut went_wrong = false;
        for seed in 0..30 {
            let loose = Race::new(seed, Fault::None).without_condition(is_acceptance);
            let tries = if end == End::Nothing { 2 } else { 1 };
            went_wrong |= race(&invited, (tries, end), &loose, false).await.is_err();
        }
        assert!(went_wrong, "{end:?}: it never went wrong");
    }
}
