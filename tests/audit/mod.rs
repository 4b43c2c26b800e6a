//! The table's stream, however it is delivered: every event is in the log once and counts once.

mod delivery;
mod kills;
mod parser;
mod sessions;
mod unfit;

use serde_json::{Value, json};
use shared::store::key::Key;

use crate::stream::{Stream, counts, log};
use crate::world::{Rows, START, World};

/// A batch as Lambda hands it over, of this shard of the stream.
fn batch(shard: &str, records: &[Value]) -> Value {
    json!({"Records": records, "shardId": shard, "state": {}})
}

/// The event `id`, a login of a user of tenant 2001.
fn login(id: &str) -> Value {
    json!({
        "id": id,
        "type": "authn_login_success",
        "outcome": "success",
        "time": START.millis(),
        "ip": "203.0.113.7",
        "user_agent": "test/1",
        "request_id": "request-1",
        "actor": "1005",
        "subject": "1005",
        "tenant_id": "2001",
    })
}

/// The event `id`, a failure of nobody's.
fn failure(id: &str) -> Value {
    json!({
        "id": id,
        "type": "authn_login_fail",
        "outcome": "failure",
        "time": START.millis() + 1,
        "ip": "203.0.113.7",
        "user_agent": "test/1",
        "request_id": "request-2",
        "reason": "name",
    })
}

/// What the log and the counters say, when users were seen, and how many sessions live: everything that
/// has to come out the same. Ids are each world's own.
#[derive(Debug, PartialEq)]
struct Result {
    log: Vec<String>,
    counts: Vec<(String, u64)>,
    seen: Rows,
    live: usize,
}

impl Result {
    async fn of(world: &World) -> Self {
        let rows = world.rows().await;
        let sessions = rows
            .iter()
            .filter(|((pk, _), _)| pk.starts_with("SESSION#"));
        let live = sessions.filter(|(_, row)| !row.contains_key("revoked_at"));
        let live = live.count();
        let mut log: Vec<_> = log(&rows).into_values().map(without_ids).collect();
        log.sort_unstable();
        let counts = counts(&rows).into_iter().collect();
        let seen = rows
            .into_iter()
            .filter(|((pk, _), _)| pk.starts_with("SEEN#"));
        Self {
            log,
            counts,
            seen: seen.collect(),
            live,
        }
    }
}

fn without_ids(mut row: Value) -> String {
    for name in ["pk", "sk", "id"] {
        row[name] = Value::Null;
    }
    row.to_string()
}

/// A world with some history: logins of three users, one of whom has a session too many, and events
/// that changed nothing beside them, one of which is none of ours.
struct History {
    world: World,
    stream: Stream,
    /// What the stream has of it.
    records: Vec<Value>,
    /// The table before anything of it was delivered.
    rows: Rows,
}

impl History {
    async fn new() -> Self {
        let world = World::new().await;
        let session = world.sign_in("1005").await;
        let mut row = world.json(&session.session_key()).await;
        row.as_object_mut().expect("a row").remove("event");
        for number in 0..99 {
            let id = format!("session-{number}");
            row["id"] = json!(id);
            row["created_at"] = json!(START.millis() - 1000 + number);
            let key = Key::session(&session.user, &id.as_str().into());
            world.put_json(&key, &row).await;
        }
        for user in ["100", "1005", "user-123456"] {
            world.wait_ms(1);
            let key = world.sign_in(user).await.session_key();
            // A later write that carries the login's event forward.
            world
                .alter(&key, |row| row["ip"] = json!("192.0.2.9"))
                .await;
        }
        for number in 0..8 {
            let id = format!("failure-{number}");
            let row = json!({"event": failure(&id), "expires_at": START.seconds() + 86_400});
            world.put_json(&Key::event(&id.as_str().into()), &row).await;
        }
        let row = json!({"event": {"id": "unfit"}, "expires_at": START.seconds() + 86_400});
        world.put_json(&Key::event(&"unfit".into()), &row).await;
        let mut stream = Stream::new(&world).await;
        let records = stream.records();
        assert_eq!(records.len(), 1 + 3 + 3 + 8 + 1);
        let rows = world.rows().await;
        Self {
            world,
            stream,
            records,
            rows,
        }
    }

    /// As if nothing had been delivered.
    async fn forget(&mut self) {
        self.world.restore(&self.rows).await;
        self.stream.records();
    }

    async fn deliver(&self, records: &[Value]) {
        self.stream.deliver(records).await.expect("it is taken");
    }

    /// What has come of it, once what came of that has been delivered too.
    async fn result(&mut self) -> Result {
        self.stream.drain().await;
        Result::of(&self.world).await
    }

    /// What comes of it where everything is delivered once.
    async fn expected(&mut self) -> Result {
        self.deliver(&self.records).await;
        let result = self.result().await;
        let counted = [
            ("authn_login_fail#failure".to_owned(), 8),
            ("authn_login_success#success".to_owned(), 4),
            ("session_expired#success".to_owned(), 1),
        ];
        assert_eq!(result.counts, counted);
        assert_eq!(result.log.len(), 13);
        // Each of three users was seen.
        assert_eq!(result.seen.len(), 3);
        assert_eq!(result.live, 100 + 2);
        self.forget().await;
        result
    }
}
