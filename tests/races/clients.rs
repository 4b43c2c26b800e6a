//! API clients under many hands: keys made and ended, clients changed, tokens rotated, all at once.

mod changes;
mod keys;
mod rotations;

use std::collections::BTreeSet;

use serde_json::Value;
use shared::app::{Sessions, Verifying};
use shared::store::client::Client;
use shared::store::key::Key;
use shared::store::parse;

use super::fleet::{Verdict, check};
use super::order::{Race, Racer};
use crate::client::{ID, KEY_ID, TENANT, auth, key_made, key_removed, patched, row, trace};
use crate::exchange::{Received, send};
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
