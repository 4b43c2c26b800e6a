//! The authorizer with each fault of each call that it makes: never a yes where there is a no, and
//! neither where it cannot tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use authorizer::Authorizer;
use serde_json::{Value, json};
use shared::app::App as _;
use shared::config::Config;
use shared::error::Error;
use shared::token::access::AccessClaims;

use super::fault::{Fault, Repeated, faults};
use super::flow::Need::{self, Cold, Must};
use super::flow::{changed, operation};
use super::place::place;
use crate::api::authorizer::{Asked, ask, no, user};
use crate::session::SignedIn;
use crate::wire::Act;
use crate::world::{Rows, World};

/// The calls where the session is looked up, and the address refused.
pub const LIVE: [(&str, Need); 5] = [
    ("address count", Must),
    ("public keys", Cold),
    ("session", Must),
    ("tenant count", Must),
    ("event", Must),
];

/// The calls where a short token is taken at its word, and the address refused.
pub const BY_CLAIMS: [(&str, Need); 5] = [
    ("address count", Must),
    ("public keys", Cold),
    ("tenant", Must),
    ("tenant count", Must),
    ("event", Must),
];

/// One question, tried with each fault of each of its calls, once and for good.
struct Question<'a> {
    world: &'a World,
    app: &'static Authorizer,
    session: &'a SignedIn,
    /// What is answered where nothing is broken.
    usual: Value,
    calls: &'a [(&'static str, Need)],
}

impl Question<'_> {
    async fn each_fault(&self) {
        let rows = self.world.rows().await;
        for (name, need) in self.calls {
            for fault in faults(operation(name)) {
                for once in [true, false] {
                    if fault.only.is_none_or(|only| only == once) {
                        self.try_one(&rows, (name, *need), fault, once).await;
                    }
                }
            }
        }
    }

    async fn try_one(
        &self,
        rows: &Rows,
        (name, need): (&'static str, Need),
        fault: Fault,
        once: bool,
    ) {
        let (world, app) = (self.world, self.app);
        world.restore(rows).await;
        // Another window, and past what is remembered: of tenants a minute, of keys a quarter of an hour.
        world.wait(if need == Cold { 901 } else { 61 });
        if need != Cold {
            app.warm(world.clock.now()).await;
        }
        let began = world.clock.now();
        let new = |claims: &mut AccessClaims| {
            (claims.iat, claims.exp) = (began.seconds(), began.seconds() + 900);
        };
        let token = world.access_token(&self.session.access, new).await;
        let tries = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&tries);
        world.wire.rule(move |call| {
            let breaks = place(call) == name && {
                let earlier = seen.fetch_add(1, Ordering::Relaxed);
                !once || earlier == 0
            };
            if breaks { (fault.act)(call) } else { Act::Pass }
        });
        let answer = ask(app, Asked::new(&token)).await;
        world.wire.heal();
        let what = format!("{name}, {}, once: {once}: {answer:?}", fault.name);
        let tries = tries.load(Ordering::Relaxed);
        assert!((1..=3).contains(&tries), "{what}: {tries} tries");
        let spent = world.clock.now().millis() - began.millis();
        assert!(spent < 13_000, "{what}: {spent} ms");
        let overcome =
            fault.repeated == Repeated::NoNeed || (once && fault.repeated == Repeated::Thrice);
        if overcome {
            assert_eq!(answer.as_ref(), Ok(&self.usual), "{what}");
        } else {
            assert!(matches!(answer, Err(Error::Unavailable(_))), "{what}");
        }
        for kind in changed(rows, &world.rows().await) {
            assert!(["RATE", "EVENT"].contains(&kind.as_str()), "{what}: {kind}");
        }
        world.wait(5);
        let again = ask(app, Asked::new(&token)).await;
        assert_eq!(again.as_ref(), Ok(&self.usual), "{what}");
    }
}

/// A session that outlives the test, and a tenant that allows the caller's address or does not.
async fn signed_in(allowed: &str) -> (World, SignedIn) {
    let world = World::new().await;
    let session = world.sign_in("1005").await;
    let lasting = |row: &mut Value| row["expires_at"] = json!(i64::from(i32::MAX));
    world.alter(&session.session_key(), lasting).await;
    world
        .alter(&session.tenant_key(), |row| {
            row["policy"]["allowed_cidrs"] = json!([allowed]);
        })
        .await;
    (world, session)
}

#[tokio::test]
async fn a_good_token_is_a_yes_or_no_answer_whatever_fails() {
    let (world, session) = signed_in("203.0.113.0/24").await;
    let question = Question {
        world: &world,
        app: world.instance().await,
        session: &session,
        usual: user("1005", "2001", "member"),
        calls: &LIVE[..4],
    };
    question.each_fault().await;
    let app = |config: &mut Config| config.live_check_short_tokens = false;
    let question = Question {
        app: world.instance_with(app).await,
        calls: &BY_CLAIMS[..4],
        ..question
    };
    question.each_fault().await;
}

#[tokio::test]
async fn a_token_from_an_address_that_is_not_allowed_is_a_no_or_no_answer_whatever_fails() {
    let (world, session) = signed_in("192.0.2.0/24").await;
    let question = Question {
        world: &world,
        app: world.instance().await,
        session: &session,
        usual: no(),
        calls: &LIVE,
    };
    question.each_fault().await;
    let app = |config: &mut Config| config.live_check_short_tokens = false;
    let question = Question {
        app: world.instance_with(app).await,
        calls: &BY_CLAIMS,
        ..question
    };
    question.each_fault().await;
}

#[tokio::test]
async fn a_dead_session_is_a_no_or_no_answer_whatever_fails() {
    let (world, session) = signed_in("203.0.113.0/24").await;
    let revoked = |row: &mut Value| row["revoked_at"] = json!(1);
    world.alter(&session.session_key(), revoked).await;
    let question = Question {
        world: &world,
        app: world.instance().await,
        session: &session,
        usual: no(),
        calls: &LIVE[..4],
    };
    question.each_fault().await;
}
