//! Keys that are made and ended by several admins, while their client signs in by them.

use serde_json::json;

use super::{Clients, count, of_clients};
use crate::client::{ClientTokens, KEY_ID, key};
use crate::exchange::Received;
use crate::races::fleet::{Verdict, check, statuses};
use crate::races::order::{FAULTS, Fault, Race, Racer};

/// A key is ended while its client signs in by it, and is given another: whoever got in by the ended
/// one is dead, and what the client's row says of keys is true.
async fn ended_while_signing_in(clients: &Clients, race: &Race) -> Verdict {
    let (client, first) = clients.rows().await;
    let mut racers: Vec<Racer<Received>> = Vec::new();
    for n in 0..8 {
        racers.push(clients.sign_in(n, &key()));
    }
    racers.push(clients.end_key(0, KEY_ID));
    racers.push(clients.make_key(1));
    racers.push(clients.end_key(2, KEY_ID));
    racers.push(clients.change(3, &json!({"name": race.seed.to_string()})));
    let replies = clients.run(race, racers, false).await;
    let verdict = async {
        let (signed_in, others) = replies.split_at(8);
        let told = || format!("{}; {}", statuses(signed_in), statuses(others));
        check(
            signed_in
                .iter()
                .all(|reply| [200, 401].contains(&reply.status)),
            told,
        )?;
        let [ended, made, again, changed] = others else {
            return Err("four others".to_owned());
        };
        let ends = [ended.status, again.status];
        check(ends.contains(&204) || ends.contains(&503), told)?;
        check([201, 409, 503].contains(&made.status), told)?;
        clients.keys_agree().await?;
        let client = clients.client().await;
        let still = client.has_key(&KEY_ID.into());
        check(!still || !ends.contains(&204), || {
            format!("named: {still}, {}", told())
        })?;
        let named = client.name == race.seed.to_string();
        check(named || changed.status != 200, || {
            "a change was lost".to_owned()
        })?;
        for reply in signed_in.iter().filter(|reply| reply.status == 200) {
            let tokens = ClientTokens::of(reply);
            for token in [&tokens.access, &tokens.refresh] {
                let status = clients.traced(token).await.status;
                check((status == 200) == still, || format!("a token is {status}"))?;
            }
        }
        Ok(())
    }
    .await;
    clients.reset(&client, &first).await;
    verdict
}

#[tokio::test]
async fn a_key_that_is_ended_while_its_client_signs_in_opens_nothing_any_more() {
    let clients = Clients::new().await;
    for fault in FAULTS {
        for seed in 0..6 {
            let race = Race::new(seed, fault).rarely(4);
            let verdict = ended_while_signing_in(&clients, &race).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

#[tokio::test]
async fn without_the_condition_on_its_version_a_client_gets_back_a_key_that_was_ended() {
    let clients = Clients::new().await;
    let mut wrong = 0;
    for seed in 0..12 {
        let loose = Race::new(seed, Fault::None).without_condition(of_clients);
        wrong += usize::from(ended_while_signing_in(&clients, &loose).await.is_err());
    }
    assert!(wrong > 0, "nothing went wrong");
}

/// 200 keys made for a client that has none: it has two at most, whoever is told what.
async fn creations(clients: &Clients, race: &Race, parallel: bool) -> Verdict {
    let (client, first) = clients.rows().await;
    clients.end_key(0, KEY_ID).await;
    let racers = (0..200).map(|n| clients.make_key(n)).collect();
    let replies = clients.run(race, racers, parallel).await;
    let verdict = async {
        let told = || statuses(&replies);
        let made: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
        check(made.len() <= 2, told)?;
        let known = count(&replies, 409) + count(&replies, 503) + made.len();
        check(known == 200, told)?;
        clients.keys_agree().await?;
        let live = clients.live_keys().await;
        check(live.len() <= 2, || format!("{} keys", live.len()))?;
        if race.fault == Fault::None {
            check(made.len() == 2 && live.len() == 2, told)?;
        }
        for reply in made {
            check(live.contains(reply.member("key_id")), || {
                "a key is gone".to_owned()
            })?;
            let signed_in = clients.sign_in(0, reply.member("api_key")).await;
            check(signed_in.status == 200, || signed_in.status.to_string())?;
        }
        let third = clients.make_key(0).await.status;
        check(live.len() < 2 || third == 409, || {
            format!("a third: {third}")
        })
    }
    .await;
    clients.reset(&client, &first).await;
    verdict
}

#[tokio::test]
async fn of_200_keys_made_for_one_client_two_are_in_any_order() {
    let clients = Clients::new().await;
    // The rest, in parallel.
    for fault in [Fault::None, Fault::Lose, Fault::Hold] {
        let verdict = creations(&clients, &Race::new(21, fault).rarely(8), false).await;
        assert_eq!(verdict, Ok(()), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_keys_made_for_one_client_two_are_in_parallel() {
    let clients = Clients::new().await;
    for fault in FAULTS {
        let verdict = creations(&clients, &Race::new(22, fault).rarely(8), true).await;
        assert_eq!(verdict, Ok(()), "{fault:?}");
    }
}

#[tokio::test]
async fn without_the_condition_on_its_version_a_client_gets_more_keys_than_two() {
    let clients = Clients::new().await;
    let loose = Race::new(23, Fault::None).without_condition(of_clients);
    assert!(creations(&clients, &loose, false).await.is_err());
}
