//! Login with the right password: the session's write decides, and what comes beside it may fail.

use shared::app::{SignIn, Verifying};
use shared::config::Config;
use shared::id::{SessionId, UserId};
use shared::store::key::Key;

use super::flow::Need::{Cold, May, Must};
use super::flow::{Flow, Need, Tried, claims, small_world};
use crate::exchange::{Received, Sent, send};
use crate::world::World;

/// The calls of a login from an address that is not known yet.
pub const CALLS: [(&str, Need); 10] = [
    ("password keys", Cold),
    ("key ring", Cold),
    ("public keys", Cold),
    ("window", Must),
    ("name", Must),
    ("count", Must),
    ("user", Must),
    ("new session", Must),
    ("clear", May),
    ("known address", May),
];

fn right() -> Sent {
    Sent::login("doctor.smith", "secure-password")
}

/// A session is there if and only if its token was handed out, or may have been.
async fn check(world: &World, checker: &'static Verifying, tried: &Tried) {
    let name = tried.name();
    let changed = tried.changed();
    for kind in &changed {
        assert!(
            ["RATE", "FAIL", "SESSION"].contains(&kind.as_str()),
            "{kind}: {name}"
        );
    }
    if tried.received.status == 200 {
        lives(world, checker, &tried.received, &name).await;
    } else if !tried.may_have_done("new session") {
        assert!(!changed.contains("SESSION"), "{name}");
    }
    let made = tried.after.len() - tried.before.len();
    assert!(made <= 4, "{made} rows: {name}");
    if let Some((again, _)) = &tried.again {
        assert_eq!(again.status, 200, "afterwards: {name}");
        lives(world, checker, again, &name).await;
    }
}

/// What was answered is in the table, and works.
async fn lives(world: &World, checker: &'static Verifying, received: &Received, name: &str) {
    let token = received.member("token");
    let of = claims(token);
    let of = |claim: &str| of[claim].as_str().expect("a claim").to_owned();
    let key = Key::session(
        &UserId::from(of("sub").as_str()),
        &SessionId::from(of("sid").as_str()),
    );
    assert!(world.row(&key).await.is_some(), "{name}");
    let me = send(checker, me::handle, Sent::get("/api/auth/me").bearer(token)).await;
    assert_eq!(me.status, 200, "{name}");
}

async fn each_fault_of(only: &[&'static str]) {
    let world = small_world().await;
    let checker = world.instance().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<SignIn>().await,
        handle: login::handle,
        usual: 200,
        calls: &CALLS,
        only,
    };
    flow.each_fault(
        async || right(),
        async |tried| {
            check(&world, checker, tried).await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_login_whose_keys_are_away_answers_503_and_makes_nothing() {
    each_fault_of(&["password keys", "key ring", "public keys"]).await;
}

#[tokio::test]
async fn a_login_whose_reads_and_counts_fail_answers_503_and_makes_no_session() {
    each_fault_of(&["window", "name", "count", "user"]).await;
}

#[tokio::test]
async fn a_login_stands_and_falls_with_the_write_of_its_session() {
    each_fault_of(&["new session", "clear", "known address"]).await;
}

#[tokio::test]
async fn a_login_after_a_wait_is_counted_with_the_next_wait_or_answers_503() {
    let world = small_world().await;
    let checker = world.instance().await;
    let one_free = |config: &mut Config| config.login_free_failures = 1;
    let app = world.instance_with::<SignIn>(one_free).await;
    let other = world.instance_with::<SignIn>(one_free).await;
    let wrong = Sent::login("doctor.smith", "wrong");
    let flow = Flow {
        world: &world,
        app,
        handle: login::handle,
        usual: 200,
        calls: &[&CALLS[..], &[("count with a wait", Must)]].concat(),
        only: &["count with a wait"],
    };
    let arrange = async || {
        let refused = send(other, login::handle, wrong.clone()).await;
        assert_eq!(refused.status, 401);
        right()
    };
    flow.each_fault(arrange, async |tried| {
        // It may have been counted, with a wait that the next attempt is in.
        match &tried.again {
            Some((again, _)) if tried.fault.arrives && tried.received.status == 503 => {
                assert!([200, 429].contains(&again.status), "{}", tried.name());
            }
            _ => check(&world, checker, tried).await,
        }
    })
    .await;
}

#[tokio::test]
async fn a_login_stands_where_the_stronger_hash_cannot_be_stored() {
    let world = small_world().await;
    let app = world
        .instance_with::<SignIn>(|config| config.argon2.iterations = 3)
        .await;
    let flow = Flow {
        world: &world,
        app,
        handle: login::handle,
        usual: 200,
        calls: &[&CALLS[..], &[("rehash", May)]].concat(),
        only: &["rehash"],
    };
    flow.each_fault(
        async || right(),
        async |tried| {
            let stored = tried.changed().contains("USER");
            let overcome = tried.once || tried.fault.arrives;
            if overcome && tried.fault.name != "not allowed" {
                assert!(stored, "{}", tried.name());
            } else {
                assert!(!stored, "{}", tried.name());
            }
            let again = tried.again.as_ref().map_or(200, |(again, _)| again.status);
            assert_eq!(again, 200, "{}", tried.name());
        },
    )
    .await;
}

#[tokio::test]
async fn a_login_that_lost_the_answer_of_its_session_leaves_a_count_of_nought() {
    let world = small_world().await;
    let app = world.instance::<SignIn>().await;
    world.wire.rule(|call| match super::place::place(call) {
        "new session" if call.attempt == 1 => crate::wire::Act::Lose,
        _ => crate::wire::Act::Pass,
    });
    let received = send(app, login::handle, right()).await;
    assert_eq!(received.status, 200, "{}", received.body["message"]);
    let rows = world.rows().await;
    let mut sessions = rows.keys().filter(|(pk, _)| pk.starts_with("SESSION#"));
    assert_eq!(sessions.by_ref().count(), 1);
    for (_, row) in rows.iter().filter(|((pk, _), _)| pk.starts_with("FAIL#")) {
        assert_eq!(row["failures"].as_n().map(String::as_str), Ok("0"));
    }
    // The event came with the session, once.
    let rows = rows.values();
    assert_eq!(rows.filter(|row| row.contains_key("event")).count(), 1);
}
