//! A stored hash that is weaker than the settings ask for is made anew at the next login.

use local::PASSWORDS_SECRET;
use shared::app::SignIn;
use shared::store::key::Key;
use shared::store::parse;
use shared::store::user::{User, UserStatus};

use super::{NAME, PASSWORD, USER, change_user, status, without_address_limit};
use crate::rotation::{Begun, HOURS, kid, ring_of};
use crate::wire::{Act, Call, Done};
use crate::world::{ADDRESS, World};

async fn user(world: &World) -> User {
    let row = world.row(&Key::user(&USER.into())).await.expect("a user");
    parse(row, "user").expect("a user's row")
}

/// The stored hash, opened.
async fn phc(app: &SignIn, user: &User) -> String {
    let keys = app
        .passwords
        .keys(app.base.clock.now())
        .await
        .expect("keys");
    let sealed = user.password_hash.as_deref().expect("a hash");
    keys.open(&user.id, sealed)
        .expect("sealed for the user")
        .to_string()
}

fn writes_user(call: &Call) -> bool {
    call.operation == "UpdateItem" && call.touches("USER#")
}

fn units(calls: &[Done]) -> f64 {
    let writes = calls
        .iter()
        .filter(|done| done.call.operation != "BatchGetItem");
    writes.map(|done| done.units).sum()
}

/// An instance that asks for three passes instead of two.
async fn stronger(world: &World) -> &'static SignIn {
    world
        .instance_with(|config| {
            without_address_limit(config);
            config.argon2.iterations = 3;
        })
        .await
}

#[tokio::test]
async fn a_weaker_hash_is_made_anew_once_for_one_request_more() {
    let world = World::new().await;
    let old = world.instance_with::<SignIn>(without_address_limit).await;
    let new = stronger(&world).await;
    assert_eq!(status(old, NAME, PASSWORD, ADDRESS).await, 200);
    let before = user(&world).await;
    world.wire.take();
    let hashes = new.passwords.hashes();
    assert_eq!(status(new, NAME, PASSWORD, ADDRESS).await, 200);
    let calls = world.wire.take();
    assert_eq!(calls.len(), 7);
    let rounds = calls.iter().map(|done| done.call.round).max();
    assert_eq!(rounds, Some(3));
    // A user's row has one or two units.
    assert!((5.0..=6.0).contains(&units(&calls)), "{}", units(&calls));
    assert_eq!(new.passwords.hashes() - hashes, 2);
    let after = user(&world).await;
    assert!(
        phc(new, &before)
            .await
            .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    );
    assert!(
        phc(new, &after)
            .await
            .starts_with("$argon2id$v=19$m=19456,t=3,p=1$")
    );
    // Nothing else has changed: no session ends, and no user did this.
    let expected = User {
        password_hash: after.password_hash.clone(),
        version: before.version + 1,
        ..before
    };
    assert_eq!(after, expected);

    // Strong enough for both now; a stronger one is never made weaker.
    for app in [new, old] {
        assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
        assert_eq!(status(app, NAME, "another-password", ADDRESS).await, 401);
    }
    assert_eq!(user(&world).await, after);
}

#[tokio::test]
async fn a_hash_under_a_retired_key_is_sealed_anew_once_without_another_hash() {
    let world = World::new().await;
    let before = user(&world).await;
    world.wait(48 * HOURS);
    let begun = Begun::passwords(&world).await;
    begun.run().await.expect("it rotates");
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    world.wire.take();
    let hashes = app.passwords.hashes();
    assert_eq!(status(app, NAME, "another-password", ADDRESS).await, 401);
    assert_eq!(user(&world).await, before);
    world.wire.take();
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    assert_eq!(app.passwords.hashes() - hashes, 2, "one for each login");
    let calls = world.wire.take();
    let writes = |done: &&Done| writes_user(&done.call);
    assert_eq!(calls.iter().filter(writes).count(), 1);
    let after = user(&world).await;
    let active = kid(
        &ring_of(&world, PASSWORDS_SECRET).await,
        "sealing",
        "active",
    );
    let sealed = after.password_hash.as_deref().expect("a hash");
    assert!(sealed.starts_with(&format!("{active}.")));
    assert_eq!(phc(app, &after).await, phc(app, &before).await);
    // Once is enough.
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    assert_eq!(user(&world).await, after);
}

#[tokio::test]
async fn nobody_who_does_not_get_in_has_a_hash_made_anew() {
    let world = World::new().await;
    let app = stronger(&world).await;
    let before = user(&world).await;
    assert_eq!(status(app, NAME, "another-password", ADDRESS).await, 401);
    change_user(&world, USER, |user| user.status = UserStatus::Suspended).await;
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 401);
    assert_eq!(user(&world).await.password_hash, before.password_hash);
    assert_eq!(app.passwords.hashes(), 2);
}

#[tokio::test]
async fn a_rehash_that_loses_against_another_change_is_dropped() {
    let world = World::new().await;
    let app = stronger(&world).await;
    let changed = |user: &mut User| {
        user.version += 1;
        user.password_hash = Some("another".to_owned());
    };
    // The user is changed after the login has read it: the rehash does not arrive before.
    world.wire.rule(|call| {
        if writes_user(call) {
            Act::Hold
        } else {
            Act::Pass
        }
    });
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    change_user(&world, USER, changed).await;
    let theirs = user(&world).await;
    world.wire.heal();
    assert!(world.wire.release().await > 0);
    assert_eq!(user(&world).await, theirs);
}

#[tokio::test]
async fn a_login_stands_when_its_rehash_cannot_be_written() {
    let world = World::new().await;
    let app = stronger(&world).await;
    let before = user(&world).await;
    world.wire.rule(|call| {
        if writes_user(call) {
            Act::Fail(400, "ResourceNotFoundException")
        } else {
            Act::Pass
        }
    });
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    assert_eq!(user(&world).await, before);
    world.wire.heal();
    assert_eq!(status(app, NAME, PASSWORD, ADDRESS).await, 200);
    assert_ne!(user(&world).await.password_hash, before.password_hash);
}
