//! Admins who demote, suspend and remove one another: one of a tenant's stays, and the count is true.

use serde_json::json;

use super::fleet::{Verdict, check, statuses};
use super::order::{FAULTS, Fault, Race};
use super::tenants::Tenants;
use crate::users::{ALICE, ALICES};
use crate::wire::Call;

/// Three admins: ids and tokens. Alice is the first.
type Admins = [(String, String); 3];

async fn three() -> (Tenants, Admins) {
    Tenants::new(3, async |users| {
        let alice = users.token(ALICE).await;
        let bob = users.joined(&alice, "bob@example.com", "admin").await;
        let eve = users.joined(&alice, "eve@example.com", "admin").await;
        let tokens = (users.token(&bob).await, users.token(&eve).await);
        [(ALICE.to_owned(), alice), (bob, tokens.0), (eve, tokens.1)]
    })
    .await
}

fn is_change(call: &Call) -> bool {
    call.operation == "TransactWriteItems"
        || (call.operation == "UpdateItem" && call.touches("USER#"))
}

/// Two demote each other while one of the three removes the third.
async fn last_one(tenants: &Tenants, [alice, bob, eve]: &Admins, race: &Race) -> Verdict {
    tenants.begin().await;
    let viewer = json!({"role": "viewer"});
    let remover = [&alice.1, &bob.1, &eve.1][race.dice().below(3)];
    let racers = vec![
        tenants.update(0, &alice.1, &bob.0, &viewer),
        tenants.update(1, &bob.1, &alice.0, &viewer),
        tenants.delete(2, remover, &eve.0),
    ];
    let replies = race.run(tenants.world(), racers).await;
    let told = || statuses(&replies);
    for reply in &replies {
        // Done; or no admin any more, or the last.
        let fine = matches!(reply.status, 200 | 204 | 403 | 409);
        check(fine, told)?;
    }
    tenants.truth().await?;
    let roles = [&bob.0, &alice.0].map(|id| (id.clone(), "viewer"));
    for ((id, role), reply) in roles.iter().zip(&replies) {
        let demoted = tenants.users.row(id).await["role"] == *role;
        check(demoted == (reply.status == 200), told)?;
    }
    let removed = tenants.users.row(&eve.0).await["status"] == "deleted";
    check(removed == (replies[2].status == 204), told)?;
    let gone = replies.iter().filter(|reply| reply.status < 300).count();
    let left = tenants.users.admin_count(ALICES).await;
    check((1..=2).contains(&left) && left + gone as u64 == 3, || {
        format!("{left} left: {}", told())
    })
}

/// One user, demoted, suspended, renamed and removed by others at the same time.
async fn one_user(tenants: &Tenants, [alice, bob, eve]: &Admins, race: &Race) -> Verdict {
    tenants.begin().await;
    let mut racers = vec![
        tenants.update(0, &alice.1, &eve.0, &json!({"role": "viewer"})),
        tenants.update(1, &bob.1, &eve.0, &json!({"status": "suspended"})),
        tenants.update(2, &bob.1, &eve.0, &json!({"role": "editor", "name": "Eve"})),
    ];
    let removes = race.seed.is_multiple_of(2);
    if removes {
        racers.push(tenants.delete(0, &alice.1, &eve.0));
    }
    let replies = race.run(tenants.world(), racers).await;
    let told = || statuses(&replies);
    for reply in &replies[..3] {
        check(
            reply.status == 200 || (removes && reply.status == 404),
            told,
        )?;
    }
    tenants.truth().await?;
    let row = tenants.users.row(&eve.0).await;
    let done = replies.iter().filter(|reply| reply.status < 300).count() as u64;
    // Each success changed something, once.
    check(row["version"] == json!(2 + done), || {
        format!("{} {}", row["version"], told())
    })?;
    check(!tenants.takes(&eve.1).await, || {
        "a session outlived it".to_owned()
    })?;
    let status = if removes { "deleted" } else { "suspended" };
    check(row["status"] == status, told)?;
    check(tenants.users.admin_count(ALICES).await == 2, told)
}

#[tokio::test]
async fn two_admins_demote_each_other_while_a_third_is_removed_and_one_stays() {
    let (tenants, admins) = three().await;
    for fault in FAULTS {
        for seed in 0..8 {
            let verdict = last_one(&tenants, &admins, &Race::new(seed, fault)).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

#[tokio::test]
async fn what_several_do_to_one_user_counts_once_each() {
    let (tenants, admins) = three().await;
    for fault in FAULTS {
        for seed in 0..6 {
            let verdict = one_user(&tenants, &admins, &Race::new(seed, fault)).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

#[tokio::test]
async fn without_the_condition_on_the_count_no_admin_is_left() {
    let (tenants, admins) = three().await;
    for seed in 0..40 {
        let loose = Race::new(seed, Fault::None).without_condition(is_change);
        if last_one(&tenants, &admins, &loose).await.is_err() {
            return;
        }
    }
    panic!("it never went wrong");
}

#[tokio::test]
async fn without_the_condition_on_the_version_an_admin_goes_twice() {
    let (tenants, admins) = three().await;
    for seed in 0..40 {
        let loose = Race::new(seed, Fault::None).without_condition(is_change);
        if one_user(&tenants, &admins, &loose).await.is_err() {
            return;
        }
    }
    panic!("it never went wrong");
}
