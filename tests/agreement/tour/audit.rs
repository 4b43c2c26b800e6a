//! The audit log: what reads the table's stream into it, and what reads it; and the metrics.

use metrics::Metrics;
use serde_json::json;
use shared::app::Verifying;
use shared::store::key::Key;

use super::{Tour, Visit};
use crate::exchange::{Received, Sent, send};
use crate::stream::Stream;
use crate::world::World;

/// An instance of every function that answers what has happened.
pub struct Log {
    list: &'static Verifying,
    metrics: &'static Metrics,
}

const LOG: &str = "/api/v1/audit-log";

impl Log {
    pub fn cold(world: &World) -> Self {
        Self {
            list: world.cold_instance(),
            metrics: world.cold_instance(),
        }
    }

    /// The answer of the function that serves `route`, if one of these does.
    pub async fn send(&self, route: &str, sent: Sent) -> Option<(&'static str, Received)> {
        Some(match route {
            "GET /api/v1/audit-log" => {
                let answer = send(self.list, list_audit_log::handle, sent).await;
                ("list-audit-log", answer)
            }
            "GET /metrics" => ("metrics", send(self.metrics, metrics::handle, sent).await),
            _ => return None,
        })
    }
}

/// Every route, with a token where it takes one.
pub fn everywhere() -> Vec<Sent> {
    vec![Sent::get(LOG).bearer("e30.e30.e30"), Sent::get("/metrics")]
}

impl Tour {
    /// Last of all: what has happened until here is in the stream.
    pub(super) async fn audit(&mut self) {
        self.log_is_written().await;
        let viewer = self.login("victor@acme.fr", "viewer-password").await;
        let admin = self.login("john", "securePassword123").await;
        let from = self.address();
        let ask = |token: &Received, name: &str, value: &str| {
            let sent = Sent::get(LOG).from(&from).query(name, value);
            sent.bearer(token.member("token"))
        };
        self.visit(Sent::get(LOG).from(&from)).await;
        self.visit(ask(&viewer, "limit", "2")).await;
        let page = self.visit(ask(&admin, "limit", "2")).await;
        for (name, value) in [
            ("cursor", page.member("next_cursor")),
            ("tenant_id", "nuxera"),
            ("type", "login"),
            ("from", "today"),
            ("cursor", "e30"),
        ] {
            self.visit(ask(&admin, name, value)).await;
        }
        self.visit(Sent::get("/metrics")).await;
    }

    /// The stream's batches, one after another, and what comes of them.
    async fn log_is_written(&mut self) {
        self.one_session_too_many().await;
        let unfit = Key::event(&"unfit".into());
        let row = json!({"event": {"id": "unfit"}});
        self.world.put_json(&unfit, &row).await;
        let mut stream = Stream::new(&self.world).await;
        loop {
            let records = stream.records();
            if records.is_empty() {
                return;
            }
            for batch in records.chunks(100) {
                self.world.wire.take();
                stream.deliver(batch).await.expect("it is taken");
                let calls = self.world.wire.take();
                self.visits.push(Visit {
                    function: "audit",
                    route: String::new(),
                    answer: Received::default(),
                    calls,
                });
            }
        }
    }

    /// A user has a hundred sessions and signs in once more.
    async fn one_session_too_many(&mut self) {
        let session = self.world.sign_in("1005").await;
        let mut row = self.world.json(&session.session_key()).await;
        row.as_object_mut().expect("a row").remove("event");
        for number in 0..100 {
            let id = format!("session-{number}");
            row["id"] = json!(id);
            let key = Key::session(&session.user, &id.as_str().into());
            self.world.put_json(&key, &row).await;
        }
    }
}
