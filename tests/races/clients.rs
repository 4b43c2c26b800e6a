//! API clients under many hands: keys made and ended, clients changed, tokens rotated, all at once.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use shared::app::{Sessions, Verifying};
use shared::store::client::{Client, ClientStatus};
use shared::store::key::Key;
use shared::store::parse;

use super::fleet::{Verdict, check, statuses};
use super::order::{FAULTS, Fault, Race, Racer};
use crate::client::{
    ClientTokens, ID, KEY_ID, TENANT, auth, key, key_made, key_removed, patched, row, trace,
};
use crate::exchange::{Received, Sent, send};
use crate::wire::Call;
use crate::world::World;

/// A world, instances of what clients and admins call, and an admin. Nothing is limited by address or
/// tenant: the races are of other rows.
struct Clients {
    world: World,
    sessions: Vec<&'static Sessions>,
    desks: Vec<&'static Verifying>,
    admin: String,
}

impl Clients {
    async fn new() -> Self {
        let world = World::with(|config| {
            config.credential_rate_limit = 1_000_000;
            config.address_rate_limit = 1_000_000;
            config.tenant_rate_limit = 1_000_000;
        })
        .await;
        let (mut sessions, mut desks) = (Vec::new(), Vec::new());
        for _ in 0..4 {
            sessions.push(world.instance().await);
            desks.push(world.instance().await);
        }
        let admin = world.somebody(TENANT, "admin").await.access;
        Self {
            world,
            sessions,
            desks,
            admin,
        }
    }

    fn sign_in(&self, n: usize, key: &str) -> Racer<Received> {
        let app = self.sessions[n % self.sessions.len()];
        Box::pin(send(app, client_auth::handle, auth(key)))
    }

    fn make_key(&self, n: usize) -> Racer<Received> {
        let app = self.desks[n % self.desks.len()];
        let sent = key_made(ID).bearer(&self.admin);
        Box::pin(send(app, create_client_key::handle, sent))
    }

    fn end_key(&self, n: usize, key: &str) -> Racer<Received> {
        let app = self.desks[n % self.desks.len()];
        let sent = key_removed(ID, key).bearer(&self.admin);
        Box::pin(send(app, delete_client_key::handle, sent))
    }

    fn change(&self, n: usize, members: &Value) -> Racer<Received> {
        let app = self.desks[n % self.desks.len()];
        let sent = patched(ID, members).bearer(&self.admin);
        Box::pin(send(app, update_client::handle, sent))
    }

    async fn run(
        &self,
        race: &Race,
        racers: Vec<Racer<Received>>,
        parallel: bool,
    ) -> Vec<Received> {
        if parallel {
            race.run_in_parallel(&self.world, racers).await
        } else {
            race.run(&self.world, racers).await
        }
    }

    /// What a TRACE with this token is answered.
    async fn traced(&self, token: &str) -> Received {
        let app = self.sessions[0];
        send(app, client_refresh::handle, trace(token)).await
    }

    async fn client(&self) -> Client {
        let row = self.world.row(&row()).await.expect("the client");
        parse(row, "client").expect("a client")
    }

    /// The ids of the keys that are there and have not been ended.
    async fn live_keys(&self) -> BTreeSet<String> {
        let rows = self.world.rows().await;
        let keys = rows
            .into_iter()
            .filter(|((pk, _), row)| pk.starts_with("CKEY#") && !row.contains_key("revoked_at"));
        keys.map(|((pk, _), _)| pk.trim_start_matches("CKEY#").to_owned())
            .collect()
    }

    /// That the client's row names the keys that are live, and no others.
    async fn keys_agree(&self) -> Verdict {
        let client = self.client().await;
        let named = client.keys.iter().map(|key| key.id.to_string());
        let (named, live) = (named.collect::<BTreeSet<_>>(), self.live_keys().await);
        check(named == live, || {
            format!("{named:?} are named, {live:?} are live")
        })
    }

    /// Puts the client's rows back as they were, all keys but the first removed.
    async fn reset(&self, client: &Value, key: &Value) {
        for id in self.live_keys().await {
            let row = Key::api_key(&id.as_str().into());
            self.world.put_json(&row, &Value::Null).await;
        }
        self.world.put_json(&row(), client).await;
        self.world
            .put_json(&Key::api_key(&KEY_ID.into()), key)
            .await;
    }

    /// The rows of the client and its key.
    async fn rows(&self) -> (Value, Value) {
        let key = Key::api_key(&KEY_ID.into());
        (self.world.json(&row()).await, self.world.json(&key).await)
    }
}

fn count(replies: &[Received], status: u16) -> usize {
    let with = |reply: &&Received| reply.status == status;
    replies.iter().filter(with).count()
}

/// Writes of a client's row.
fn of_clients(call: &Call) -> bool {
    ["UpdateItem", "TransactWriteItems"].contains(&&*call.operation) && call.touches("CLIENT#")
}

/// 64 rotations of one client token, and four of the one before it, at instances whose clocks are up
/// to five seconds apart.
async fn rotations(clients: &Clients, race: &Race, parallel: bool) -> Verdict {
    let first = ClientTokens::of(&clients.sign_in(0, &key()).await);
    let token = ClientTokens::of(&clients.traced(&first.refresh).await).refresh;
    let mut apps = Vec::new();
    for seconds in [0, 1, 2, 5] {
        let ahead = Duration::from_secs(seconds);
        apps.push(clients.world.instance_ahead::<Sessions>(ahead).await);
    }
    let mut racers: Vec<Racer<Received>> = Vec::new();
    for n in 0..64 {
        let sent = if n % 2 == 0 {
            trace(&token)
        } else {
            Sent::new("POST", "/v1/auth/refresh").bearer(&token)
        };
        racers.push(Box::pin(send(apps[n % 4], client_refresh::handle, sent)));
    }
    for app in &apps {
        racers.push(Box::pin(send(
            *app,
            client_refresh::handle,
            trace(&first.refresh),
        )));
    }
    let replies = clients.run(race, racers, parallel).await;
    let (ours, earlier) = replies.split_at(64);
    check(count(ours, 200) == 64, || {
        format!("rotations: {}", statuses(ours))
    })?;
    let successor = ours[0].member("refresh_token");
    let same = |reply: &Received| reply.member("refresh_token") == successor;
    check(ours.iter().all(same) && successor != token, || {
        "more than one line".to_owned()
    })?;
    let of_one_line = |reply: &Received| match reply.status {
        200 => reply.member("refresh_token") == token,
        status => status == 401,
    };
    check(earlier.iter().all(of_one_line), || {
        format!("earlier: {}", statuses(earlier))
    })?;
    let session = clients.world.json(&first.session_key()).await;
    check(
        session["generation"] == 3 && session["revoked_at"].is_null(),
        || format!("{} generations", session["generation"]),
    )?;
    let next = clients.traced(successor).await;
    check(next.status == 200, || format!("then {}", next.status))
}

#[tokio::test]
async fn sixty_four_rotations_of_one_client_token_continue_one_line_in_any_order() {
    let clients = Clients::new().await;
    for fault in FAULTS {
        for seed in 0..2 {
            let verdict = rotations(&clients, &Race::new(seed, fault), false).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_rotations_of_one_client_token_continue_one_line_in_parallel() {
    let clients = Clients::new().await;
    for fault in FAULTS {
        let verdict = rotations(&clients, &Race::new(7, fault), true).await;
        assert_eq!(verdict, Ok(()), "{fault:?}");
    }
}

#[tokio::test]
async fn without_the_condition_on_its_generation_a_clients_session_splits_in_lines() {
    let clients = Clients::new().await;
    let rotation = |call: &Call| call.operation == "UpdateItem" && call.touches("CSESSION#");
    let loose = Race::new(1, Fault::None).without_condition(rotation);
    assert!(rotations(&clients, &loose, false).await.is_err());
}

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
