//! A rotation and a revocation at the same time: the revoked key is gone in the end, and stays so.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use shared::app::Verifying;
use shared::auth;
use shared::error::Error;

use super::operator::call;
use super::{Begun, HOURS, is_sound, kid, kids, quick_world, ring, row, secret};
use crate::races::order::{FAULTS, Fault, Race, Racer};
use crate::wire::{Act, Call, Turn};
use crate::world::World;

/// Revokes a key, as the command line does.
pub async fn revoke(world: &World, kid: &str) -> Result<(), Error> {
    let app: &Verifying = world.cold_instance();
    let keys = secret(world, local::KEYS_SECRET);
    let call = call(world);
    auth::keys::revoke(app, &keys, &call, kid).await?;
    auth::keys::drop_revoked(app, &keys, call.now).await
}

/// Whether the current ring, and every pending one that may still become it, is without the key.
async fn is_dropped(world: &World, kid: &str) -> Result<(), String> {
    let ring = ring(world).await;
    if ring.to_string().contains(kid) {
        return Err("it is in the ring".to_owned());
    }
    if !row(world).await.revoked.iter().any(|gone| gone == kid) {
        return Err("it is not revoked".to_owned());
    }
    is_sound(world).await
}

/// One of the keys of the ring.
fn chosen(ring: &Value, number: usize) -> String {
    let sorts = ["signing", "refresh"];
    let sort = sorts[number % 2];
    match number / 2 % 3 {
        0 => kid(ring, sort, "active"),
        1 => kid(ring, sort, "next"),
        _ => kids(ring, sort, "retired")
            .last()
            .expect("a retired key")
            .clone(),
    }
}

/// A key that nothing but the pending ring has.
async fn made(world: &World, begun: &Begun, number: usize) -> String {
    let text = secret(world, begun.secret).text(&begun.token).await;
    let text = text.expect("it is there").expect("a pending ring");
    let text: Value = serde_json::from_str(&text).expect("JSON");
    kid(&text["ring"], ["signing", "refresh"][number % 2], "next")
}

async fn race(world: &'static World, race: &Race, parallel: bool) -> Result<(), String> {
    world.wait(48 * HOURS);
    Begun::keys(world)
        .await
        .run()
        .await
        .map_err(|error| error.to_string())?;
    world.wait(48 * HOURS);
    let before = ring(world).await;
    let number = race.dice().below(8);
    let begun = Begun::keys(world).await;
    let is_new = number >= 6;
    let gone = if is_new {
        begun.step("createSecret").await.expect("it is made");
        made(world, &begun, number).await
    } else {
        chosen(&before, number)
    };
    let other = Begun {
        app: world.cold_instance(),
        ..begun.clone()
    };
    let (kid, app): (String, &Verifying) = (gone.clone(), world.cold_instance());
    let keys = secret(world, local::KEYS_SECRET);
    let call = call(world);
    let revoking = async move {
        auth::keys::revoke(app, &keys, &call, &kid).await?;
        auth::keys::drop_revoked(app, &keys, call.now).await
    };
    let racers: Vec<Racer<Result<(), Error>>> = vec![
        Box::pin(async move { begun.run().await }),
        Box::pin(async move { other.run().await }),
        Box::pin(revoking) as Pin<Box<_>>,
    ];
    let outcomes = if parallel {
        race.run_in_parallel(world, racers).await
    } else {
        race.run(world, racers).await
    };
    if let Err(error) = &outcomes[2] {
        // A store that was away: the operator is told, and does it again.
        if race.fault == Fault::None {
            return Err(format!("not revoked: {error}"));
        }
        revoke(world, &gone)
            .await
            .map_err(|error| error.to_string())?;
    }
    // It had come to the end already: the alarm has rung, and the operator does as it says.
    let has_rung = |ended: &Result<(), Error>| match ended {
        Err(error) => race.fault != Fault::None || error.to_string().contains("revoke it again"),
        Ok(()) => false,
    };
    if is_new && outcomes[..2].iter().any(has_rung) {
        revoke(world, &gone)
            .await
            .map_err(|error| error.to_string())?;
    }
    is_dropped(world, &gone).await?;
    // And with the next rotations.
    world.wait(4 * HOURS);
    let next = Begun::keys(world).await;
    next.run()
        .await
        .map_err(|error| format!("the next: {error}"))?;
    is_dropped(world, &gone).await
}

async fn world() -> &'static World {
    Box::leak(Box::new(quick_world().await))
}

#[tokio::test]
async fn a_revoked_key_stays_dropped_whatever_rotation_was_under_way_in_any_order() {
    let world = world().await;
    for fault in FAULTS {
        for seed in 0..12 {
            let verdict = race(world, &Race::new(seed, fault).rarely(4), false).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_stays_dropped_whatever_rotation_was_under_way_in_parallel() {
    let world = world().await;
    for seed in 0..12 {
        let verdict = race(world, &Race::new(seed, Fault::None), true).await;
        assert_eq!(verdict, Ok(()), "seed {seed}");
    }
}

/// The call that `of` names waits until `meanwhile` is over, and is then done as `act` says.
async fn held<T>(
    world: &World,
    of: impl Fn(&Call) -> bool + Send + Sync + 'static,
    act: Act,
    waiting: impl Future<Output = T>,
    meanwhile: impl Future<Output = Result<(), Error>>,
) -> T {
    let turn = Turn::default();
    let guard = Arc::clone(&turn).try_lock_owned().expect("a new turn");
    let reached = Arc::new(tokio::sync::Notify::new());
    let (waits, reaches) = (Arc::clone(&turn), Arc::clone(&reached));
    world.wire.rule(move |call| {
        // Only the first of them, and only one that has not waited yet.
        if of(call) && call.attempt == 1 && waits.try_lock().is_err() {
            reaches.notify_one();
            return Act::Turn(Arc::clone(&waits), Box::new(act.clone()));
        }
        Act::Pass
    });
    let other = async {
        reached.notified().await;
        meanwhile.await.expect("it is done meanwhile");
        drop(guard);
    };
    let (done, ()) = tokio::join!(waiting, other);
    world.wire.heal();
    done
}

/// A rotation that is about to end while the key is revoked: how it ends, and whether the key is gone.
async fn revoked_before_the_end(act: Act) -> (Result<(), Error>, Result<(), String>) {
    let world = World::new().await;
    let gone = kid(&ring(&world).await, "signing", "active");
    let begun = Begun::keys(&world).await;
    let token = begun.token.clone();
    let ends = move |call: &Call| {
        call.operation == "UpdateSecretVersionStage" && call.body["MoveToVersionId"] == *token
    };
    let revoking = revoke(&world, &gone);
    let ended = held(&world, ends, act, begun.run(), revoking).await;
    (ended, is_dropped(&world, &gone).await)
}

#[tokio::test]
async fn a_rotation_that_was_about_to_end_does_not_bring_a_revoked_key_back() {
    let (ended, dropped) = revoked_before_the_end(Act::Pass).await;
    ended.expect_err("the secret has moved on");
    assert_eq!(dropped, Ok(()));
    // Were AWSCURRENT moved from whichever version has it, the key would be back.
    let (ended, dropped) = revoked_before_the_end(Act::Unconditional).await;
    ended.expect_err("it says so at least");
    assert_eq!(dropped, Err("it is in the ring".to_owned()));
}

#[tokio::test]
async fn a_key_that_only_the_pending_ring_has_is_revoked_and_its_rotation_given_up_or_failed() {
    let world = quick_world().await;
    for sort in 0..2 {
        for step in 1..=3 {
            world.wait(48 * HOURS);
            let begun = Begun::keys(&world).await;
            for step in &super::STEPS[..step] {
                begun.step(step).await.expect(step);
            }
            let gone = made(&world, &begun, sort).await;
            revoke(&world, &gone).await.expect("it is revoked");
            assert!(!begun.is_pending(&world).await, "{sort} {step}");
            assert_eq!(is_dropped(&world, &gone).await, Ok(()));
        }
        // About to end: nothing holds it up any more.
        world.wait(48 * HOURS);
        let begun = Begun::keys(&world).await;
        for step in &super::STEPS[..3] {
            begun.step(step).await.expect(step);
        }
        let gone = made(&world, &begun, sort).await;
        let token = begun.token.clone();
        let ends = move |call: &Call| {
            call.operation == "UpdateSecretVersionStage" && call.body["MoveToVersionId"] == *token
        };
        let revoking = revoke(&world, &gone);
        let ended = held(
            &world,
            ends,
            Act::Pass,
            begun.step("finishSecret"),
            revoking,
        );
        let alarm = ended.await.expect_err("a revoked key is current");
        assert!(alarm.to_string().contains("revoke it again"), "{alarm}");
        revoke(&world, &gone).await.expect("it is revoked again");
        assert_eq!(is_dropped(&world, &gone).await, Ok(()));
    }
}

#[tokio::test]
async fn publishing_anew_while_a_rotation_ends_leaves_no_key_out() {
    let world = quick_world().await;
    world.wait(48 * HOURS);
    let begun = Begun::keys(&world).await;
    let app: &Verifying = world.cold_instance();
    let keys = secret(&world, local::KEYS_SECRET);
    let call = call(&world);
    // It has read the secret, and is about to read the row: the first read alone, not the rotation's.
    let first = AtomicBool::new(true);
    let reads = move |call: &Call| {
        let is_read = call.operation == "GetItem" && call.touches("KEYS");
        is_read && first.swap(false, Ordering::Relaxed)
    };
    let publishing = async {
        let row = auth::keys::publish(app, &keys, &call).await;
        row.map(|_| ())
    };
    let rotating = begun.run();
    let done = held(&world, reads, Act::Pass, publishing, rotating).await;
    assert_eq!(done, Ok(()));
    assert!(begun.is_current(&world).await);
    assert_eq!(is_sound(&world).await, Ok(()));
}

/// A row that is about to be written while a key is revoked: whether it stays revoked.
async fn revoked_before_the_row_is_written(act: Act) -> Result<(), String> {
    let world = World::new().await;
    let gone = kid(&ring(&world).await, "refresh", "active");
    let begun = Begun::keys(&world).await;
    begun.step("createSecret").await.expect("it is made");
    let writes = |call: &Call| call.operation == "PutItem" && call.touches("KEYS");
    // Past the wire, which has this one waiting too otherwise.
    let revoking = async {
        let add = |row: Option<shared::keys::published::KeysRow>| {
            let mut row = row.expect("a row");
            row.revoked.push(gone.clone());
            Ok(row)
        };
        world.store.change_public_keys(add, None).await?;
        Ok(())
    };
    let _ = held(&world, writes, act, begun.step("setSecret"), revoking).await;
    let revoked = row(&world).await.revoked;
    revoked
        .contains(&gone)
        .then_some(())
        .ok_or("it is revoked no more".to_owned())
}

#[tokio::test]
async fn publishing_takes_no_revocation_back_that_came_between() {
    assert_eq!(revoked_before_the_row_is_written(Act::Pass).await, Ok(()));
    let lost = revoked_before_the_row_is_written(Act::Unconditional).await;
    assert_eq!(lost, Err("it is revoked no more".to_owned()));
}
