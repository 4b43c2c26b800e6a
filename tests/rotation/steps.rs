//! The four steps: in order, again, out of order, alone; and what is refused.

use local::{KEYS_SECRET, PASSWORDS_SECRET};
use serde_json::json;
use shared::error::Error;
use shared::keys::secret::{CURRENT, PENDING, Version};
use shared::password::Passwords;
use shared::store::key::Key;

use super::{
    Begun, HOURS, STEPS, is_sound, kid, kids, published, ring, ring_of, rotate, row, secret,
    step_of,
};
use crate::wire::Act;
use crate::world::World;

/// What CloudFormation makes: no ring, no row.
async fn deployed() -> World {
    let world = World::new().await;
    for id in [KEYS_SECRET, PASSWORDS_SECRET] {
        let version = Version {
            id: shared::random::uuid(),
            text: r#"{"ring": null}"#.to_owned().into(),
        };
        secret(&world, id)
            .put(&version, CURRENT)
            .await
            .expect("it is put");
    }
    world.put_json(&Key::public_keys(), &json!(null)).await;
    world
}

#[tokio::test]
async fn the_first_run_makes_the_rings_and_publishes_before_it_ends() {
    let world = deployed().await;
    let begun = Begun::keys(&world).await;
    for step in ["createSecret", "setSecret"] {
        begun.step(step).await.expect(step);
    }
    assert!(ring(&world).await.is_null());
    assert_eq!(row(&world).await.keys.len(), 2);
    for step in ["testSecret", "finishSecret"] {
        begun.step(step).await.expect(step);
    }
    assert_eq!(is_sound(&world).await, Ok(()));
    assert_eq!(ring(&world).await["version"], 1);
    let begun = Begun::passwords(&world).await;
    begun.run().await.expect("it rotates");
    let passwords = ring_of(&world, PASSWORDS_SECRET).await;
    for (sort, state) in [
        ("sealing", "active"),
        ("sealing", "next"),
        ("names", "active"),
    ] {
        kid(&passwords, sort, state);
    }
    let [event] = &begun.events(&world).await[..] else {
        panic!("one event");
    };
    assert_eq!(event["type"], "sys_key_rotated");
    assert_eq!(event["subject"], "passwords");
    assert_eq!(event["reason"], "first_ring");
}

#[tokio::test]
async fn a_rotation_promotes_the_next_key_and_says_so_once() {
    let world = World::new().await;
    let before = ring(&world).await;
    let begun = rotate(&world).await;
    let after = ring(&world).await;
    assert_eq!(
        kid(&after, "signing", "active"),
        kid(&before, "signing", "next")
    );
    assert_eq!(is_sound(&world).await, Ok(()));
    let events = begun.events(&world).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["type"], "sys_key_rotated");
    assert_eq!(events[0]["actor"], "rotation");
    assert_eq!(events[0]["subject"], "keys");
    assert_eq!(events[0]["reason"], "promoted");
    assert_eq!(events[0]["from"], kid(&before, "signing", "active"));
    assert_eq!(events[0]["to"], kid(&after, "signing", "active"));
    // At once again: the next key is too young, nothing changes, and nothing is said.
    let again = rotate(&world).await;
    assert!(again.is_current(&world).await);
    assert_eq!(ring(&world).await, after);
    assert!(again.events(&world).await.is_empty());
}

#[tokio::test]
async fn each_step_may_be_done_again_at_any_time() {
    let world = World::new().await;
    for (begun, id) in [
        (Begun::keys(&world).await, KEYS_SECRET),
        (Begun::passwords(&world).await, PASSWORDS_SECRET),
    ] {
        let mut made = None;
        for (done, step) in STEPS.iter().enumerate() {
            begun.step(step).await.expect(step);
            let text = secret(&world, id).text(&begun.token).await.expect("a text");
            let text = text.expect("a text");
            assert_eq!(*made.get_or_insert(text.clone()), text, "made once");
            for earlier in &STEPS[..=done] {
                begun.step(earlier).await.expect(earlier);
            }
        }
        assert!(begun.is_current(&world).await);
        // Long after, too.
        world.wait(2 * HOURS);
        begun.run().await.expect("it is done");
        assert_eq!(begun.events(&world).await.len(), 1);
        assert_eq!(is_sound(&world).await, Ok(()));
    }
}

#[tokio::test]
async fn without_a_pending_ring_set_and_finish_are_refused_and_change_nothing() {
    let world = World::new().await;
    let before = (ring(&world).await, row(&world).await);
    let begun = Begun::keys(&world).await;
    for step in ["finishSecret", "setSecret"] {
        let refused = begun.step(step).await.expect_err(step).to_string();
        assert!(refused.contains("createSecret comes first"), "{refused}");
    }
    assert_eq!((ring(&world).await, row(&world).await), before);
    begun.run().await.expect("in order it goes on");
}

#[tokio::test]
async fn finish_before_set_publishes_first() {
    let world = World::new().await;
    let begun = Begun::keys(&world).await;
    begun.step("createSecret").await.expect("it is made");
    let refused = begun.step("testSecret").await.expect_err("not published");
    assert!(refused.to_string().contains("not published"), "{refused}");
    begun.step("finishSecret").await.expect("it ends");
    assert_eq!(is_sound(&world).await, Ok(()));
    assert!(begun.is_current(&world).await);
}

#[tokio::test]
async fn the_test_step_may_come_alone_and_tries_what_is_current() {
    let world = World::new().await;
    for begun in [Begun::keys(&world).await, Begun::passwords(&world).await] {
        begun
            .step("testSecret")
            .await
            .expect("the current keys are good");
        begun.step("testSecret").await.expect("again");
    }
    // Nothing of that is left where nothing was made.
    assert_eq!(is_sound(&world).await, Ok(()));
    let world = deployed().await;
    for begun in [Begun::keys(&world).await, Begun::passwords(&world).await] {
        begun
            .step("testSecret")
            .await
            .expect("there are no keys yet");
    }
    // Where the ring is there and its row is not, it says so.
    let world = World::new().await;
    world.put_json(&Key::public_keys(), &json!(null)).await;
    let begun = Begun::keys(&world).await;
    begun.step("testSecret").await.expect_err("not published");
}

#[tokio::test]
async fn the_test_step_finds_keys_that_do_not_sign_or_open() {
    let world = World::new().await;
    let begun = Begun::keys(&world).await;
    begun.step("createSecret").await.expect("it is made");
    begun.step("setSecret").await.expect("it is published");
    // The row has another key under the kid of the active one.
    let active = kid(&ring(&world).await, "signing", "next");
    world
        .alter(&Key::public_keys(), |row| {
            let keys = row["keys"].as_array_mut().expect("keys");
            let is_active = |key: &serde_json::Value| key["jwk"]["kid"] == *active;
            let place = keys.iter().position(is_active).expect("the key");
            let other = usize::from(place == 0);
            keys[place]["jwk"]["n"] = keys[other]["jwk"]["n"].clone();
        })
        .await;
    begun
        .step("testSecret")
        .await
        .expect_err("it verifies nothing");
}

#[tokio::test]
async fn what_the_contract_of_a_rotation_forbids_is_refused_in_clear_words() {
    let world = World::new().await;
    let begun = Begun::keys(&world).await;
    let app = begun.app;
    let current = secret(&world, KEYS_SECRET)
        .current()
        .await
        .expect("a version")
        .id;
    let refusal =
        async |step: &str, id: &str, token: &str| match step_of(app, step, id, token).await {
            Err(Error::Internal(why)) => why,
            other => panic!("{other:?}"),
        };
    let token = &begun.token;
    for (step, id, token, why) in [
        ("createSecret", "", &**token, "the event names no secret"),
        (
            "createSecret",
            "another",
            token,
            "a secret that is none of ours",
        ),
        ("dropSecret", KEYS_SECRET, token, "no step of a rotation"),
        ("", KEYS_SECRET, token, "no step of a rotation"),
        (
            "createSecret",
            KEYS_SECRET,
            "unknown",
            "no version of this token",
        ),
        ("finishSecret", KEYS_SECRET, "", "no version of this token"),
    ] {
        let refused = refusal(step, id, token).await;
        assert!(refused.contains(why), "{refused}");
    }
    // A version that was current before is not AWSPENDING.
    begun.run().await.expect("it rotates");
    for step in STEPS {
        let refused = refusal(step, KEYS_SECRET, &current).await;
        assert!(refused.contains("is not AWSPENDING"), "{refused}");
    }
    let begun = Begun::keys(&world).await;
    let stages = json!({begun.token.clone(): [PENDING], current: [CURRENT]});
    world.wire.rule(move |call| match call.operation.as_str() {
        "DescribeSecret" => Act::Answer(json!({"VersionIdsToStages": stages})),
        _ => Act::Pass,
    });
    let refused = refusal("createSecret", KEYS_SECRET, &begun.token).await;
    assert!(refused.contains("rotation is not enabled"), "{refused}");
}

#[tokio::test]
async fn a_pending_ring_that_has_lain_for_an_hour_is_given_up_and_the_next_rotation_begins_anew() {
    let world = World::new().await;
    for step in ["createSecret", "setSecret", "finishSecret"] {
        let begun = Begun::keys(&world).await;
        begun.step("createSecret").await.expect("it is made");
        world.wait(HOURS - 1);
        begun
            .step("createSecret")
            .await
            .expect("it is young enough");
        world.wait(1);
        let refused = begun.step(step).await.expect_err(step).to_string();
        assert!(refused.contains("over an hour old"), "{refused}");
        assert!(!begun.is_pending(&world).await);
        begun.step("finishSecret").await.expect_err("it is gone");
    }
    rotate(&world).await;
    assert_eq!(is_sound(&world).await, Ok(()));
}

#[tokio::test]
async fn two_instances_at_the_same_steps_make_one_ring() {
    let world = World::new().await;
    let one = Begun::keys(&world).await;
    let other = Begun {
        app: world.cold_instance(),
        ..one.clone()
    };
    for step in STEPS {
        let (first, second) = tokio::join!(one.step(step), other.step(step));
        assert_eq!((first, second), (Ok(()), Ok(())), "{step}");
    }
    assert_eq!(one.events(&world).await.len(), 1);
    assert_eq!(is_sound(&world).await, Ok(()));
    // One next key was made and published, not two.
    assert_eq!(published(&row(&world).await).len(), 3);
}

#[tokio::test]
async fn hashes_stay_open_through_rotations_of_the_sealing_keys_and_names_keep_their_key() {
    let world = World::new().await;
    let passwords = || {
        let cost = world.environment().config.argon2;
        Passwords::new(secret(&world, PASSWORDS_SECRET), cost)
    };
    let user = "user-1".into();
    let before = ring_of(&world, PASSWORDS_SECRET).await;
    let mut sealed = Vec::new();
    let mut old = passwords();
    for _ in 0..3 {
        let now = world.clock.now();
        let keys = passwords().keys(now).await.expect("keys");
        let hash = keys.seal(&user, "hash");
        // An instance that read the secret a minute ago opens what is sealed now.
        let warm = old.keys(now).await.expect("keys");
        assert!(warm.open(&user, &hash).is_ok());
        sealed.push(hash);
        old = passwords();
        old.keys(now).await.expect("keys");
        world.wait(59);
        Begun::passwords(&world)
            .await
            .run()
            .await
            .expect("it rotates");
        let now = world.clock.now();
        let fresh = passwords().keys(now).await.expect("keys");
        let hash = fresh.seal(&user, "hash");
        let warm = old.keys(now).await.expect("keys");
        assert!(warm.open(&user, &hash).is_ok(), "by what it remembers");
        for hash in &sealed {
            assert_eq!(*fresh.open(&user, hash).expect("it opens"), "hash");
        }
        world.wait(4 * HOURS);
    }
    let after = ring_of(&world, PASSWORDS_SECRET).await;
    assert_eq!(kids(&after, "sealing", "retired").len(), 3);
    assert_eq!(after["names"], before["names"]);
    // For years.
    world.wait(5 * 365 * 24 * HOURS);
    Begun::passwords(&world)
        .await
        .run()
        .await
        .expect("it rotates");
    let after = ring_of(&world, PASSWORDS_SECRET).await;
    assert_eq!(kids(&after, "sealing", "retired").len(), 4);
}
