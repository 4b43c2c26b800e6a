//! `POST /api/auth/change-password`: what others do between its read and its write.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use shared::app::Changing;

use super::change_password::{CURRENT, NEW, USER, assert_changed, assert_wrong, change};
use crate::calls::{batch, cost, events};
use crate::session::SignedIn;
use crate::wire::{Act, Done};
use crate::world::{START, World};

/// The answer that the rows as they stand give to a change that reads them now.
async fn rows(world: &World, user: &SignedIn) -> Value {
    let rows = [
        world.json(&user.session_key()).await,
        world.json(&user.user_key()).await,
        world.json(&user.tenant_key()).await,
    ];
    batch(&world.environment().config.table_name, &rows, &[])
}

fn transactions(calls: &[Done]) -> usize {
    let transactions = calls
        .iter()
        .filter(|done| done.call.operation == "TransactWriteItems");
    transactions.count()
}

#[tokio::test]
async fn a_change_that_a_rehash_overtakes_decides_again() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let app: &Changing = world.instance().await;
    let stale = rows(&world, &user).await;
    world
        .alter(&user.user_key(), |row| row["version"] = json!(2))
        .await;
    world.wire.first_reads(stale, 1);
    assert_changed(&change(app, &user, CURRENT, NEW).await);
    let calls = world.wire.work();
    assert_eq!((calls.len(), transactions(&calls)), (6, 2));
    let row = world.json(&user.user_key()).await;
    assert_eq!((&row["version"], &row["epoch"]), (&json!(3), &json!(2)));
}

#[tokio::test]
async fn a_change_decides_again_by_the_password_that_is_there_then() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let app: &Changing = world.instance().await;
    let stale = rows(&world, &user).await;
    let keys = app.passwords.keys(START).await.expect("keys");
    let other = app
        .passwords
        .hash(&keys, &user.user, "other")
        .expect("a hash");
    world
        .alter(&user.user_key(), |row| {
            row["version"] = json!(2);
            row["password_hash"] = json!(other);
        })
        .await;
    world.wire.first_reads(stale, 1);
    assert_wrong(&change(app, &user, CURRENT, NEW).await);
    let recorded = events(&world.wire.work());
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0]["type"], json!("authn_password_change_fail"));
    let row = world.json(&user.user_key()).await;
    assert_eq!(row["password_hash"], json!(other));
}

#[tokio::test]
async fn a_change_that_is_overtaken_three_times_gives_up_and_changes_nothing() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let app: &Changing = world.instance().await;
    let stale = rows(&world, &user).await;
    world
        .alter(&user.user_key(), |row| row["version"] = json!(2))
        .await;
    let before = world.json(&user.user_key()).await;
    world.wire.first_reads(stale, usize::MAX);
    let received = change(app, &user, CURRENT, NEW).await;
    received.assert_unavailable();
    let calls = world.wire.work();
    assert_eq!(transactions(&calls), 3);
    assert!(events(&calls).is_empty());
    assert_eq!(world.json(&user.user_key()).await, before);
    assert_eq!(world.json(&user.session_key()).await["epoch"], json!(1));
}

#[tokio::test]
async fn a_session_that_ends_meanwhile_changes_nothing() {
    let world = World::new().await;
    let app: &Changing = world.instance().await;
    let endings: [fn(&mut Value, &mut Value); 2] = [
        // A logout, and a password change by another session.
        |session, _| session["revoked_at"] = json!(START),
        |_, user| {
            user["version"] = json!(2);
            user["epoch"] = json!(2);
        },
    ];
    for ending in endings {
        let user = world.sign_in(USER).await;
        let stale = rows(&world, &user).await;
        let mut session = world.json(&user.session_key()).await;
        let mut owner = world.json(&user.user_key()).await;
        ending(&mut session, &mut owner);
        world.put_json(&user.session_key(), &session).await;
        world.put_json(&user.user_key(), &owner).await;
        world.wire.first_reads(stale, 1);
        let received = change(app, &user, CURRENT, NEW).await;
        assert_eq!(received.status, 401, "{}", received.text);
        assert!(events(&world.wire.work()).is_empty());
        assert_eq!(world.json(&user.session_key()).await, session);
        assert_eq!(world.json(&user.user_key()).await, owner);
        world.wire.heal();
    }
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_made_once() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let app: &Changing = world.instance().await;
    world
        .wire
        .rule(|call| match (call.operation.as_str(), call.attempt) {
            ("TransactWriteItems", 1) => Act::Lose,
            _ => Act::Pass,
        });
    assert_changed(&change(app, &user, CURRENT, NEW).await);
    assert_eq!(world.wire.work().len(), 5);
    let row = world.json(&user.user_key()).await;
    assert_eq!((&row["version"], &row["epoch"]), (&json!(2), &json!(2)));
    assert_eq!(world.json(&user.session_key()).await["epoch"], json!(2));
}

#[tokio::test]
async fn a_change_answers_503_for_each_call_that_fails_and_changes_nothing() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let before = world.json(&user.user_key()).await;
    for (operation, requests) in [
        ("GetItem", 5),
        ("GetSecretValue", 6),
        ("BatchGetItem", 5),
        ("UpdateItem", 6),
        ("TransactWriteItems", 7),
    ] {
        world.wire.heal();
        let app: &Changing = world.cold_instance();
        world.wire.rule(move |call| {
            if call.operation == operation {
                Act::Fail(500, "InternalServerError")
            } else {
                Act::Pass
            }
        });
        let received = change(app, &user, CURRENT, NEW).await;
        received.assert_unavailable();
        let calls = world.wire.work();
        assert!(calls.len() <= requests, "{operation}: {calls:#?}");
        assert!(events(&calls).is_empty(), "{operation}");
        assert_eq!(world.json(&user.user_key()).await, before);
    }
    // A count that is not cleared does not undo the change.
    world.wire.heal();
    let app: &Changing = world.instance().await;
    let user = world.sign_in(USER).await;
    world.wire.work();
    let changed = AtomicUsize::new(0);
    world.wire.rule(move |call| match call.operation.as_str() {
        "TransactWriteItems" => {
            changed.store(1, Ordering::Relaxed);
            Act::Pass
        }
        _ if changed.load(Ordering::Relaxed) == 1 => Act::Refuse,
        _ => Act::Pass,
    });
    assert_changed(&change(app, &user, CURRENT, NEW).await);
    assert_eq!(cost(&world.wire.work()).0, 6);
}
