//! One request, tried with each fault of each call that it makes, once and for as long as it takes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use shared::app::App;
use shared::auth::login_name::LoginName;
use shared::config::Argon2Cost;
use shared::error::Error;
use shared::http::{Answer, Request};

use super::fault::{Fault, Repeated, faults};
use super::place::place;
use crate::exchange::{Received, Sent, send};
use crate::wire::{Act, Call, Wire};
use crate::world::{Rows, World};

/// A request and the calls to AWS that it makes.
pub struct Flow<'a, A: App, H> {
    pub world: &'a World,
    pub app: &'static A,
    pub handle: H,
    /// The status where nothing is broken.
    pub usual: u16,
    /// The calls, in any order.
    pub calls: &'a [(&'static str, Need)],
    /// Which of them to break; empty means all.
    pub only: &'a [&'static str],
}

/// What a call is to a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Without it the answer is 503.
    Must,
    /// The answer is the same without it.
    May,
    /// It is made only where what is remembered is older than a quarter of an hour; then as `Must`.
    Cold,
}

/// One request with one fault.
pub struct Tried {
    pub place: &'static str,
    pub fault: Fault,
    pub once: bool,
    pub received: Received,
    /// The table before it and after.
    pub before: Rows,
    pub after: Rows,
    /// What the same request was answered five seconds after the wire was mended, and the table
    /// then; only of faults that last.
    pub again: Option<(Received, Rows)>,
}

impl Tried {
    /// The kinds of rows (their keys up to the first `#`) that the request changed or made.
    pub fn changed(&self) -> BTreeSet<String> {
        changed(&self.before, &self.after)
    }

    /// Whether the broken call may have had its effect though it was answered otherwise.
    pub fn may_have_done(&self, place: &str) -> bool {
        self.fault.arrives && self.place == place
    }

    /// What to say of it where an assertion fails.
    pub fn name(&self) -> String {
        let once = if self.once { "once" } else { "always" };
        // Not the whole body, which may have tokens.
        let (status, message) = (self.received.status, &self.received.body["message"]);
        format!(
            "{} {} {once}: {status} {message}",
            self.place, self.fault.name
        )
    }
}

/// The kinds of rows that differ, the counts of the general limits aside: those are made before all
/// else, and no part of what a request does.
pub fn changed(before: &Rows, after: &Rows) -> BTreeSet<String> {
    let keys = before.keys().chain(after.keys());
    let is_general = |pk: &str| pk.starts_with("RATE#address#") || pk.starts_with("RATE#tenant#");
    keys.filter(|key| before.get(*key) != after.get(*key) && !is_general(&key.0))
        .map(|(pk, _)| pk.split('#').next().unwrap_or_default().to_owned())
        .collect()
}

/// The claims of a token.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("claims")
}

impl<A, H, F> Flow<'_, A, H>
where
    A: App,
    H: Fn(&'static A, Request) -> F + Copy,
    F: Future<Output = Result<Answer, Error>>,
{
    /// Tries each fault on the request that `arrange` gives, the table being as it is now each time,
    /// and has `check` look at what came of it.
    pub async fn each_fault(&self, arrange: impl AsyncFn() -> Sent, check: impl AsyncFn(&Tried)) {
        let rows = self.world.rows().await;
        self.makes_these_calls(&rows, &arrange).await;
        for (name, need) in self.calls {
            if !self.only.is_empty() && !self.only.contains(name) {
                continue;
            }
            for fault in faults(operation(name)) {
                for once in [true, false] {
                    if fault.only.is_some_and(|only| only != once) {
                        continue;
                    }
                    let tried = self.try_one(&rows, &arrange, (name, *need), fault, once);
                    check(&tried.await).await;
                }
            }
        }
        self.world.restore(&rows).await;
    }

    /// The calls are those that are listed: a new one has to be thought about.
    async fn makes_these_calls(&self, rows: &Rows, arrange: &impl AsyncFn() -> Sent) {
        for cold in [false, true] {
            let sent = self.begin(rows, arrange, cold).await;
            let seen = watch(&self.world.wire, |_| Act::Pass);
            let received = send(self.app, self.handle, sent).await;
            self.world.wire.heal();
            assert_eq!(received.status, self.usual, "{}", received.body["message"]);
            let mut seen = std::mem::take(&mut *seen.lock().unwrap());
            let calls = self.calls.iter();
            let mut listed: Vec<_> = calls
                .filter(|(_, need)| cold || *need != Need::Cold)
                .map(|(name, _)| *name)
                .collect();
            seen.sort_unstable();
            listed.sort_unstable();
            assert_eq!(seen, listed, "cold: {cold}");
        }
    }

    async fn begin(&self, rows: &Rows, arrange: &impl AsyncFn() -> Sent, cold: bool) -> Sent {
        self.world.wire.heal();
        self.world.restore(rows).await;
        self.world.wait(if cold { 901 } else { 2 });
        if !cold {
            self.app.warm(self.world.clock.now()).await;
        }
        arrange().await
    }

    async fn try_one(
        &self,
        rows: &Rows,
        arrange: &impl AsyncFn() -> Sent,
        (name, need): (&'static str, Need),
        fault: Fault,
        once: bool,
    ) -> Tried {
        let sent = self.begin(rows, arrange, need == Need::Cold).await;
        let before = self.world.rows().await;
        let began = self.world.clock.now();
        let broken = AtomicU32::new(0);
        let seen = watch(&self.world.wire, move |call| {
            let breaks = place(call) == name && {
                let earlier = broken.fetch_add(1, Ordering::Relaxed);
                !once || earlier == 0
            };
            if breaks { (fault.act)(call) } else { Act::Pass }
        });
        let received = send(self.app, self.handle, sent.clone()).await;
        self.world.wire.heal();
        let after = self.world.rows().await;
        let spent = self.world.clock.now().millis() - began.millis();
        let mut tried = Tried {
            place: name,
            fault,
            once,
            received,
            before,
            after,
            again: None,
        };
        self.is_answered_as_documented(&tried, need);
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        let usual = self.calls.len();
        let tries = seen.iter().filter(|seen| **seen == name).count();
        assert!(seen.len() <= 3 * usual, "{} {seen:?}", tried.name());
        assert!(tries <= 3, "{} {seen:?}", tried.name());
        assert!(spent < 13_000, "{} took {spent} ms", tried.name());
        if !once {
            self.world.wait(5);
            let again = send(self.app, self.handle, sent).await;
            tried.again = Some((again, self.world.rows().await));
        }
        tried
    }

    fn is_answered_as_documented(&self, tried: &Tried, need: Need) {
        let (fault, received, name) = (tried.fault, &tried.received, tried.name());
        let overcome = need == Need::May
            || fault.repeated == Repeated::NoNeed
            || (tried.once && fault.repeated == Repeated::Thrice);
        let expected = if overcome { self.usual } else { 503 };
        assert_eq!(received.status, expected, "{name}");
        if received.status == 503 {
            assert_eq!(received.header("retry-after"), Some("5"), "{name}");
            assert_eq!(received.body["error"], "Service unavailable", "{name}");
        }
        let counting = ["window", "address count"];
        if self.calls.iter().any(|(call, _)| counting.contains(call)) {
            let counted = overcome || !counting.contains(&tried.place);
            let shown = received.header("x-ratelimit-limit").is_some();
            assert_eq!(shown, counted, "{name}");
        }
    }
}

type Seen = Arc<Mutex<Vec<&'static str>>>;

/// Has `rule` decide, and remembers each try of each call.
fn watch(wire: &Wire, rule: impl Fn(&Call) -> Act + Send + Sync + 'static) -> Seen {
    let seen = Seen::default();
    let remembered = Arc::clone(&seen);
    wire.rule(move |call| {
        remembered.lock().unwrap().push(place(call));
        rule(call)
    });
    seen
}

/// The operation of a call of this name.
pub fn operation(name: &str) -> &'static str {
    match name {
        "public keys" => "GetItem",
        "key ring" | "password keys" | "pending ring" | "credentials" => "GetSecretValue",
        "description" => "DescribeSecret",
        "new ring" => "PutSecretValue",
        "promote" => "UpdateSecretVersionStage",
        "name" | "user" | "session" | "tenant" | "invite" | "key" | "client" | "last use" => {
            "BatchGetItem"
        }
        "new session" | "known address" | "publish" | "event" => "PutItem",
        "change" => "TransactWriteItems",
        "index" | "log" | "counters" => "Query",
        _ => "UpdateItem",
    }
}

/// A world with one user, doctor.smith, in which a hash costs next to nothing: none of the rest is in
/// question here, and each case compares the whole table.
pub async fn small_world() -> World {
    let world = cheap_world().await;
    let name = LoginName::parse("username", "doctor.smith").expect("a name");
    let name = format!("LOGIN#{}", name.hash());
    let kept = ["KEYS", "USER#user-123456", "TENANT#nuxera", &name];
    let mut rows = world.rows().await;
    rows.retain(|(pk, _), _| kept.contains(&pk.as_str()));
    assert_eq!(rows.len(), kept.len());
    world.restore(&rows).await;
    world
}

/// A world in which a hash costs next to nothing.
pub async fn cheap_world() -> World {
    World::with(|config| {
        config.argon2 = Argon2Cost {
            memory_kib: 64,
            iterations: 1,
            parallelism: 1,
        };
    })
    .await
}
