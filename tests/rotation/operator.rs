//! What the operator does to keys, by the rules alone.

use serde_json::json;
use shared::address::Address;
use shared::app::{Sessions, Verifying};
use shared::auth;
use shared::call::Call;
use shared::clock::Timestamp;
use shared::error::Error;
use shared::store::key::Key;

use super::races::revoke;
use super::{Begun, HOURS, is_sound, kid, published, ring, rotate, row, secret};
use crate::exchange::{Received, Sent, send};
use crate::session::SignedIn;
use crate::world::World;

/// A call of the operator's.
pub fn call(world: &World) -> Call {
    let issuer = world.environment().config.issuer.clone();
    let id = shared::random::uuid();
    Call::new(&id, world.clock.now(), Address::NONE, "gatehouse", issuer)
}

async fn me(world: &World, signed_in: &SignedIn) -> u16 {
    let app: &Verifying = world.instance().await;
    let sent = Sent::get("/api/auth/me").bearer(&signed_in.access);
    send(app, me::handle, sent).await.status
}

async fn refreshed(app: &'static Sessions, token: &str) -> Received {
    send(app, refresh::handle, Sent::refresh(token)).await
}

#[tokio::test]
async fn a_revoked_signing_key_opens_nothing_and_the_next_one_signs() {
    let world = World::new().await;
    let signed_in = world.sign_in("user-123456").await;
    let before = ring(&world).await;
    let gone = kid(&before, "signing", "active");
    revoke(&world, &gone).await.expect("it is revoked");
    assert_eq!(me(&world, &signed_in).await, 401);
    let after = ring(&world).await;
    assert_eq!(
        kid(&after, "signing", "active"),
        kid(&before, "signing", "next")
    );
    assert!(!after.to_string().contains(&gone));
    assert_eq!(is_sound(&world).await, Ok(()));
    let again = world.sign_in("user-123456").await;
    assert_eq!(me(&world, &again).await, 200);
    // Who signed in before goes on by the refresh token.
    let app = world.instance::<Sessions>().await;
    assert_eq!(refreshed(app, &signed_in.refresh).await.status, 200);
    let row = world.json(&Key::public_keys()).await;
    assert_eq!(row["revoked"], json!([gone]));
    // Once more changes nothing.
    revoke(&world, &gone).await.expect("it is revoked");
    assert_eq!(ring(&world).await, after);
}

#[tokio::test]
async fn a_revocation_is_in_the_row_with_its_event() {
    let world = World::new().await;
    let before = ring(&world).await;
    let gone = kid(&before, "signing", "next");
    // Nothing after the first write of the row: that one carries it.
    world.wire.rule(|call| match call.operation.as_str() {
        "PutSecretValue" => crate::wire::Act::Refuse,
        _ => crate::wire::Act::Pass,
    });
    revoke(&world, &gone).await.expect_err("the secret is away");
    world.wire.heal();
    let mut stream = crate::stream::Stream::new(&world).await;
    let records = stream.records();
    let events = records
        .iter()
        .map(|record| &record["dynamodb"]["NewImage"]["event"]["M"]);
    let mut events = events.filter(|event| event["type"]["S"] == "sys_key_revoked");
    let event = events.next().expect("an event");
    assert_eq!(event["subject"]["S"], *gone);
    assert_eq!(event["actor"]["S"], "operator");
    assert!(events.next().is_none());
    // It is half done: readers refuse the key, and the next rotation drops it too.
    assert!(ring(&world).await.to_string().contains(&gone));
    rotate(&world).await;
    assert!(!ring(&world).await.to_string().contains(&gone));
    assert_eq!(is_sound(&world).await, Ok(()));
}

#[tokio::test]
async fn a_published_key_is_revoked_while_the_secret_is_away() {
    let world = World::new().await;
    let gone = kid(&ring(&world).await, "signing", "active");
    world.wire.rule(|call| match call.operation.as_str() {
        "GetSecretValue" | "DescribeSecret" => crate::wire::Act::Refuse,
        _ => crate::wire::Act::Pass,
    });
    revoke(&world, &gone).await.expect_err("the secret is away");
    world.wire.heal();
    assert_eq!(row(&world).await.revoked, [gone.as_str()]);
    revoke(&world, &gone).await.expect("it is dropped too");
    assert!(!ring(&world).await.to_string().contains(&gone));
    assert_eq!(is_sound(&world).await, Ok(()));
}

#[tokio::test]
async fn a_revoked_mac_key_refreshes_nothing_even_where_its_ring_is_remembered() {
    let world = World::new().await;
    let signed_in = world.sign_in("user-123456").await;
    let warm = world.instance::<Sessions>().await;
    let gone = kid(&ring(&world).await, "refresh", "active");
    // Nothing but the row is written: the ring has it still.
    let app: &Verifying = world.cold_instance();
    let add = |row: Option<shared::keys::published::KeysRow>| {
        let mut row = row.expect("a row");
        row.revoked.push(gone.clone());
        Ok(row)
    };
    app.store
        .change_public_keys(add, None)
        .await
        .expect("it is revoked");
    world.wait(60);
    // It would sign the next one with it.
    assert_eq!(refreshed(warm, &signed_in.refresh).await.status, 401);
    revoke(&world, &gone).await.expect("it is revoked");
    world.wait(60);
    assert_eq!(refreshed(warm, &signed_in.refresh).await.status, 401);
    let again = world.sign_in("user-123456").await;
    assert_eq!(refreshed(warm, &again.refresh).await.status, 200);
    assert_eq!(is_sound(&world).await, Ok(()));
}

#[tokio::test]
async fn an_unknown_kid_is_not_revoked() {
    let world = World::new().await;
    let before = (ring(&world).await, row(&world).await);
    let refused = revoke(&world, "unknown").await;
    assert_eq!(refused, Err(Error::NotFound("there is no such key")));
    assert_eq!((ring(&world).await, row(&world).await), before);
}

#[tokio::test]
async fn a_revocation_gives_up_the_rotation_that_was_under_way_and_the_next_one_goes_on() {
    let world = World::new().await;
    for step in 1..=3 {
        let begun = Begun::keys(&world).await;
        for step in &super::STEPS[..step] {
            begun.step(step).await.expect(step);
        }
        let gone = kid(&ring(&world).await, "signing", "active");
        revoke(&world, &gone).await.expect("it is revoked");
        assert!(!begun.is_pending(&world).await, "{step}");
        for step in super::STEPS {
            begun.step(step).await.expect_err(step);
        }
        assert_eq!(is_sound(&world).await, Ok(()));
        rotate(&world).await;
        assert!(!ring(&world).await.to_string().contains(&gone));
        world.wait(4 * HOURS);
    }
}

#[tokio::test]
async fn not_before_signs_everybody_out_and_never_moves_back() {
    let world = World::new().await;
    let signed_in = world.sign_in("user-123456").await;
    assert_eq!(me(&world, &signed_in).await, 200);
    let app: &Verifying = world.cold_instance();
    let moment = world.clock.now().plus_seconds(1);
    let set = async |moment| auth::keys::not_before(app, &call(&world), moment).await;
    set(moment).await.expect("it is set");
    world.wait(1);
    assert_eq!(me(&world, &signed_in).await, 401);
    let sessions = world.instance::<Sessions>().await;
    assert_eq!(refreshed(sessions, &signed_in.refresh).await.status, 401);
    let again = world.sign_in("user-123456").await;
    assert_eq!(me(&world, &again).await, 200);
    assert_eq!(refreshed(sessions, &again.refresh).await.status, 200);
    let back = set(Timestamp::from_seconds(moment.seconds() - 1)).await;
    assert!(matches!(back, Err(Error::Conflict(_))), "{back:?}");
    assert_eq!(row(&world).await.not_before, moment);
    // A rotation leaves it where it is.
    rotate(&world).await;
    assert_eq!(row(&world).await.not_before, moment);
}

#[tokio::test]
async fn after_a_restore_publishing_anew_drops_what_the_backup_has_and_the_ring_has_not() {
    let world = World::new().await;
    let backup = world.json(&Key::public_keys()).await;
    let gone = kid(&ring(&world).await, "signing", "active");
    revoke(&world, &gone).await.expect("it is revoked");
    rotate(&world).await;
    world.put_json(&Key::public_keys(), &backup).await;
    let app: &Verifying = world.cold_instance();
    let keys = secret(&world, local::KEYS_SECRET);
    let publish = async || auth::keys::publish(app, &keys, &call(&world)).await;
    assert!(
        published(&row(&world).await).contains(&&*gone),
        "it is back"
    );
    let row = publish().await.expect("it is published");
    assert!(!published(&row).contains(&&*gone));
    assert_eq!(is_sound(&world).await, Ok(()));
    // Without a row at all, and with one whose keys are none: what it revokes stays.
    world.put_json(&Key::public_keys(), &json!(null)).await;
    publish().await.expect("it is published");
    assert_eq!(is_sound(&world).await, Ok(()));
    world
        .alter(&Key::public_keys(), |row| {
            row["keys"] = json!("none");
            row["revoked"] = json!(["lost"]);
            row["not_before"] = json!(1_000);
        })
        .await;
    let row = publish().await.expect("it is published");
    assert_eq!(row.revoked, ["lost"]);
    assert_eq!(row.not_before, Timestamp::from_seconds(1));
    assert_eq!(is_sound(&world).await, Ok(()));
    world
        .alter(&Key::public_keys(), |row| row["revoked"] = json!("none"))
        .await;
    publish().await.expect_err("nobody knows what was revoked");
}

#[tokio::test]
async fn the_row_is_changed_on_the_condition_that_nobody_else_has_changed_it() {
    let world = World::new().await;
    let app: &Verifying = world.cold_instance();
    let add = |kid: &'static str| {
        let store = &app.store;
        async move {
            let add = move |row: Option<shared::keys::published::KeysRow>| {
                let mut row = row.expect("a row");
                row.revoked.push(kid.to_owned());
                Ok(row)
            };
            store.change_public_keys(add, None).await
        }
    };
    let (one, two, three) = tokio::join!(add("one"), add("two"), add("three"));
    for done in [one, two, three] {
        done.expect("it is added");
    }
    let mut revoked = row(&world).await.revoked;
    revoked.sort_unstable();
    assert_eq!(revoked, ["one", "three", "two"]);
}
