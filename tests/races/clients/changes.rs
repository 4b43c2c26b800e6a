//! Changes of one client by two admins.

use serde_json::json;
use shared::store::client::ClientStatus;

use super::{Clients, of_clients};
use crate::exchange::Received;
use crate::races::fleet::{Verdict, check, statuses};
use crate::races::order::{FAULTS, Fault, Race};

/// Two changes of one client, one of them a suspension: each that was answered 200 has had its effect,
/// and no more than that.
async fn changes(clients: &Clients, race: &Race) -> Verdict {
    let (before, first) = clients.rows().await;
    let racers = vec![
        clients.change(0, &json!({"name": "changed", "scope": "notes:read"})),
        clients.change(1, &json!({"status": "suspended"})),
    ];
    let replies = clients.run(race, racers, false).await;
    let after = clients.client().await;
    clients.reset(&before, &first).await;
    let told = || statuses(&replies);
    check(
        replies
            .iter()
            .all(|reply| [200, 503].contains(&reply.status)),
        told,
    )?;
    let may_have = |reply: &Received, has: bool| has || reply.status == 503;
    let renamed = after.name == "changed" && after.scope.to_string() == "notes:read";
    let suspended = after.status == ClientStatus::Suspended && after.epoch == 2;
    check(may_have(&replies[0], renamed), || {
        "the name was lost".to_owned()
    })?;
    check(may_have(&replies[1], suspended), || {
        "the suspension was lost".to_owned()
    })?;
    let made = 1 + u64::from(renamed) + u64::from(suspended);
    check(after.version == made, || {
        format!("version {}", after.version)
    })
}

#[tokio::test]
async fn of_two_changes_at_once_neither_undoes_the_other() {
    let clients = Clients::new().await;
    for fault in FAULTS {
        for seed in 0..24 {
            let verdict = changes(&clients, &Race::new(seed, fault)).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

#[tokio::test]
async fn without_the_condition_on_its_version_one_change_undoes_the_other() {
    let clients = Clients::new().await;
    let mut wrong = 0;
    for seed in 0..24 {
        let loose = Race::new(seed, Fault::None).without_condition(of_clients);
        wrong += usize::from(changes(&clients, &loose).await.is_err());
    }
    assert!(wrong > 0, "nothing went wrong");
}
