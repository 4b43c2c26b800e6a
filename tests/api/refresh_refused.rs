//! `POST /api/auth/refresh`: what is refused, and what it may not touch.

use serde_json::{Value, json};
use shared::app::Sessions;
use shared::store::key::Key;

use super::refresh::{assert_refused, refreshed};
use crate::calls::{batch, cost, events};
use crate::exchange::{Sent, send};
use crate::session::{SignedIn, kid, tampered, with_kid};
use crate::wire::Act;
use crate::world::{ADDRESS, START, World};

/// A change of one row, and how many requests then refuse a refresh.
type Ending = (&'static str, fn(&SignedIn) -> Key, fn(&mut Value), usize);

const ENDINGS: [Ending; 13] = [
    ("revoked", SignedIn::session_key, revoke, 2),
    (
        "expired",
        SignedIn::session_key,
        |row| {
            row["expires_at"] = json!(START.seconds());
        },
        2,
    ),
    (
        "before not_before",
        SignedIn::session_key,
        |row| {
            row["created_at"] = json!(-1);
        },
        2,
    ),
    ("session gone", SignedIn::session_key, remove, 2),
    (
        "earlier epoch",
        SignedIn::user_key,
        |row| {
            row["epoch"] = json!(2);
        },
        4,
    ),
    ("user suspended", SignedIn::user_key, suspend, 1),
    (
        "user invited",
        SignedIn::user_key,
        |row| {
            row["status"] = json!("invited");
        },
        1,
    ),
    (
        "user of another tenant",
        SignedIn::user_key,
        |row| {
            row["tenant_id"] = json!("acme");
        },
        1,
    ),
    ("user gone", SignedIn::user_key, remove, 1),
    ("tenant suspended", SignedIn::tenant_key, suspend, 1),
    ("tenant gone", SignedIn::tenant_key, remove, 1),
    (
        "refresh tokens turned off",
        SignedIn::tenant_key,
        |row| {
            row["policy"]["refresh_tokens"] = json!(false);
        },
        1,
    ),
    (
        "revoked and used",
        SignedIn::session_key,
        |row| {
            row["generation"] = json!(2);
            row["rotated_at"] = json!(START.plus_seconds(-60));
            revoke(row);
        },
        2,
    ),
];

fn revoke(row: &mut Value) {
    row["revoked_at"] = json!(START);
}

fn suspend(row: &mut Value) {
    row["status"] = json!("suspended");
}

fn remove(row: &mut Value) {
    *row = Value::Null;
}

#[tokio::test]
async fn a_dead_session_is_not_refreshed_and_nothing_is_written() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Sessions = world.instance().await;
    for (what, key, ending, requests) in ENDINGS {
        let before = world.alter(&key(&user), ending).await;
        let session = world.json(&user.session_key()).await;
        world.wire.work();
        assert_refused(app, &user.refresh).await;
        let calls = world.wire.work();
        assert_eq!(calls.len(), requests, "{what}: {calls:#?}");
        assert!(events(&calls).is_empty(), "{what}");
        assert_eq!(world.json(&user.session_key()).await, session, "{what}");
        world.put_json(&key(&user), &before).await;
    }
    let received = refreshed(app, &user.refresh).await;
    assert_eq!(received.status, 200, "{}", received.text);
}

#[tokio::test]
async fn no_session_made_before_not_before_is_refreshed() {
    let world = World::new().await;
    let early = world.sign_in("1005").await;
    world.wait_ms(1);
    let late = world.sign_in("1005").await;
    let not_before = world.clock.now();
    world
        .alter(&Key::public_keys(), |row| {
            row["not_before"] = json!(not_before);
        })
        .await;
    let app: &Sessions = world.instance().await;
    assert_refused(app, &early.refresh).await;
    assert!(events(&world.wire.work()).is_empty());
    assert_eq!(refreshed(app, &late.refresh).await.status, 200);
}

#[tokio::test]
async fn a_user_read_before_a_password_change_is_read_once_more() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Sessions = world.instance().await;
    let rows = [
        world.json(&user.user_key()).await,
        world.json(&user.tenant_key()).await,
    ];
    for key in [user.user_key(), user.session_key()] {
        world.alter(&key, |row| row["epoch"] = json!(2)).await;
    }
    let stale = batch(&world.environment().config.table_name, &rows, &[]);
    world.wire.work();
    world.wire.first_reads(stale, 1);
    let received = refreshed(app, &user.refresh).await;
    assert_eq!(received.status, 200, "{}", received.text);
    assert_eq!(cost(&world.wire.work()), (4, 2.0));
}

#[tokio::test]
async fn a_token_that_is_not_ours_or_not_for_here_never_reaches_the_table() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let expired = world
        .refresh_token(&user.refresh, |claims| claims.exp = START.seconds())
        .await;
    let app: &Sessions = world.instance().await;
    for token in [
        "garbage",
        " ",
        &tampered(&user.refresh),
        &expired,
        &user.access,
        &with_kid(&user.refresh, "unknown"),
        &with_kid(&user.refresh, &kid(&user.access)),
        &format!("{} ", user.refresh),
        &"a".repeat(8193),
    ] {
        assert_refused(app, token).await;
        assert_eq!(world.wire.work().len(), 0, "{}", token.len());
    }
    // An unknown key has the ring read again, once in 30 seconds; the table has no part in it.
    world.wait(30);
    let unknown = with_kid(&user.refresh, "unknown");
    assert_refused(app, &unknown).await;
    assert_refused(app, &unknown).await;
    let calls = world.wire.work();
    let operations: Vec<_> = calls.iter().map(|done| &done.call.operation).collect();
    assert_eq!(operations, ["GetSecretValue"]);
}

#[tokio::test]
async fn an_address_that_the_tenant_does_not_allow_gets_no_tokens_and_is_recorded() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Sessions = world.instance().await;
    world
        .alter(&user.tenant_key(), |row| {
            row["policy"]["allowed_cidrs"] = json!(["198.51.100.0/24"]);
        })
        .await;
    world.wire.work();
    let received = refreshed(app, &user.refresh).await;
    let message = "Requests from this address are not allowed";
    received.assert_refusal(403, ["Access denied", message, "Forbidden"], &[]);
    let recorded = events(&world.wire.work());
    assert_eq!(recorded.len(), 1);
    for (member, value) in [
        ("type", "authz_fail"),
        ("outcome", "failure"),
        ("reason", "address"),
        ("ip", ADDRESS),
        ("subject", "1005"),
    ] {
        assert_eq!(recorded[0][member], json!(value));
    }
    assert_eq!(
        world.json(&user.session_key()).await["generation"],
        json!(1)
    );
    let sent = Sent::refresh(&user.refresh).from("198.51.100.9");
    let received = send(app, refresh::handle, sent).await;
    assert_eq!(received.status, 200, "{}", received.text);
}

#[tokio::test]
async fn from_an_address_that_is_not_allowed_a_token_is_judged_as_anywhere() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let elsewhere = |token: &str| Sent::refresh(token).from("192.0.2.9");
    let statuses = async |tokens: &[&str]| {
        let mut statuses = Vec::new();
        for token in tokens {
            statuses.push(send(app, refresh::handle, elsewhere(token)).await.status);
        }
        statuses
    };
    let user = world.sign_in("1005").await;
    let next = refreshed(app, &user.refresh).await;
    let last = refreshed(app, next.member("refreshToken")).await;
    let (next, last) = (next.member("refreshToken"), last.member("refreshToken"));
    let allow_one =
        |row: &mut Value| row["policy"]["allowed_cidrs"] = json!([ADDRESS.to_owned() + "/32"]);
    world.alter(&user.tenant_key(), allow_one).await;
    world.wire.work();
    // The last and, a moment ago, the one before are good; the first has been overtaken.
    assert_eq!(
        statuses(&[last, next, &user.refresh]).await,
        [403, 403, 401]
    );
    let kinds = |recorded: Vec<Value>| -> Vec<String> {
        let kinds = recorded
            .iter()
            .map(|event| event["type"].as_str().expect("a type").to_owned());
        kinds.collect()
    };
    assert_eq!(
        kinds(events(&world.wire.work())),
        ["authz_fail", "authz_fail"]
    );
    // Replayed after the grace, from wherever, it ends the session.
    world.wait(30);
    assert_eq!(statuses(&[next]).await, [401]);
    assert_eq!(kinds(events(&world.wire.work())), ["authn_token_reuse"]);
    assert_refused(app, last).await;
    assert_eq!(statuses(&[last]).await, [401]);
}

#[tokio::test]
async fn a_refresh_answers_503_where_the_table_or_the_keys_are_away_and_can_be_repeated() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    for operation in ["BatchGetItem", "UpdateItem", "GetItem", "GetSecretValue"] {
        world.wire.heal();
        let app: &Sessions = world.cold_instance();
        world.wire.rule(move |call| {
            if call.operation == operation {
                Act::Fail(500, "InternalServerError")
            } else {
                Act::Pass
            }
        });
        let received = refreshed(app, &user.refresh).await;
        received.assert_unavailable();
        assert!(events(&world.wire.work()).is_empty(), "{operation}");
    }
    world.wire.heal();
    let app: &Sessions = world.instance().await;
    let received = refreshed(app, &user.refresh).await;
    assert_eq!(received.status, 200, "{}", received.text);
}
