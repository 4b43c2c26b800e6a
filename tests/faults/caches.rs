//! Keys: used for a quarter of an hour while their source is away, and no longer; nothing unfit is
//! used at all.

use serde_json::{Value, json};
use shared::app::{Changing, Sessions, SignIn, Verifying};
use shared::store::key::Key;

use super::flow::small_world;
use super::place::place;
use super::refresh::signed_in;
use crate::exchange::{Received, Sent, send};
use crate::wire::Act;
use crate::world::World;

/// The source of one kind of keys does not answer.
fn away(world: &World, source: &'static str) {
    world.wire.rule(move |call| {
        if place(call) == source {
            Act::Refuse
        } else {
            Act::Pass
        }
    });
}

/// Secrets Manager answers this text.
fn secret(world: &World, source: &'static str, text: &Value) {
    let text = text.to_string();
    world.wire.rule(move |call| {
        if place(call) == source {
            Act::Answer(json!({"Name": "secret", "SecretString": text}))
        } else {
            Act::Pass
        }
    });
}

fn me(tokens: &Received) -> Sent {
    Sent::get("/api/auth/me").bearer(tokens.member("token"))
}

fn login() -> Sent {
    Sent::login("doctor.smith", "secure-password")
}

#[tokio::test]
async fn public_keys_are_used_for_15_minutes_without_their_source_and_no_longer() {
    let (world, tokens) = signed_in().await;
    let app = world.instance::<Verifying>().await;
    away(&world, "public keys");
    world.wait_ms(899_999);
    assert_eq!(send(app, me::handle, me(&tokens)).await.status, 200);
    world.wait_ms(1);
    let refused = send(app, me::handle, me(&tokens)).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("retry-after"), Some("5"));
    world.wire.heal();
    world.wait(5);
    assert_eq!(send(app, me::handle, me(&tokens)).await.status, 200);
}

#[tokio::test]
async fn the_key_ring_is_used_for_15_minutes_without_its_source_and_no_longer() {
    let (world, tokens) = signed_in().await;
    let app = world.instance::<Sessions>().await;
    away(&world, "key ring");
    world.wait_ms(899_999);
    let sent = Sent::refresh(tokens.member("refreshToken"));
    let next = send(app, refresh::handle, sent).await;
    assert_eq!(next.status, 200, "{}", next.body["message"]);
    world.wait_ms(1);
    let sent = Sent::refresh(next.member("refreshToken"));
    assert_eq!(send(app, refresh::handle, sent.clone()).await.status, 503);
    world.wire.heal();
    world.wait(5);
    assert_eq!(send(app, refresh::handle, sent).await.status, 200);
}

#[tokio::test]
async fn password_keys_are_used_for_15_minutes_without_their_source_and_no_longer() {
    let world = small_world().await;
    let app = world.instance::<SignIn>().await;
    away(&world, "password keys");
    world.wait_ms(899_999);
    assert_eq!(send(app, login::handle, login()).await.status, 200);
    world.wait_ms(1);
    assert_eq!(send(app, login::handle, login()).await.status, 503);
    world.wire.heal();
    world.wait(5);
    assert_eq!(send(app, login::handle, login()).await.status, 200);
}

#[tokio::test]
async fn a_ring_that_is_not_made_or_not_fit_is_503_and_never_a_token() {
    let (world, tokens) = signed_in().await;
    let signs = world.instance::<SignIn>().await;
    let sessions = world.instance::<Sessions>().await;
    let changes = world.instance::<Changing>().await;
    let change = json!({"currentPassword": "secure-password", "newPassword": "another-password"});
    let change = Sent::post("/api/auth/change-password", &change).bearer(tokens.member("token"));
    let rows = world.rows().await;
    let short = json!({
        "version": 1, "signing": [], "names": [], "sealing": [],
        "refresh": [{"kid": "a", "alg": "HS256", "state": "active", "created_at": 0, "key": "QUJD"}],
    });
    let texts = [
        json!({"ring": null}),
        json!({}),
        json!([]),
        json!("not a ring"),
        json!({"ring": {}}),
        json!({"ring": {"version": 1, "signing": [], "refresh": [], "sealing": [], "names": []}}),
        json!({"ring": short}),
    ];
    for text in &texts {
        // Neither is used that was remembered: the source has answered.
        world.wait(61);
        secret(&world, "key ring", text);
        let answer = send(signs, login::handle, login()).await;
        assert_eq!(answer.status, 503, "{text}");
        let sent = Sent::refresh(tokens.member("refreshToken"));
        let answer = send(sessions, refresh::handle, sent).await;
        assert_eq!(answer.status, 503, "{text}");
        world.wait(61);
        secret(&world, "password keys", text);
        let answer = send(signs, login::handle, login()).await;
        assert_eq!(answer.status, 503, "{text}");
        let answer = send(changes, change_password::handle, change.clone()).await;
        assert_eq!(answer.status, 503, "{text}");
        let changed = super::flow::changed(&rows, &world.rows().await);
        let only_counts = changed
            .iter()
            .all(|kind| matches!(kind.as_str(), "FAIL" | "RATE"));
        assert!(only_counts, "{changed:?} {text}");
        world.restore(&rows).await;
    }
    world.wire.heal();
    world.wait(61);
    assert_eq!(send(signs, login::handle, login()).await.status, 200);
}

#[tokio::test]
async fn a_secret_without_a_text_is_503() {
    let world = small_world().await;
    let app = world.cold_instance::<SignIn>();
    world.wire.rule(|call| match place(call) {
        "key ring" => Act::Answer(json!({"Name": "secret"})),
        _ => Act::Pass,
    });
    assert_eq!(send(app, login::handle, login()).await.status, 503);
}

#[tokio::test]
async fn a_row_of_public_keys_that_is_not_there_or_not_fit_is_503() {
    let (world, tokens) = signed_in().await;
    let app = world.instance::<Verifying>().await;
    let row = world.row(&Key::public_keys()).await.expect("KEYS");
    let rows = world.rows().await;
    let mut without = rows.clone();
    without.retain(|(pk, _), _| pk != "KEYS");
    world.restore(&without).await;
    world.wait(61);
    assert_eq!(send(app, me::handle, me(&tokens)).await.status, 503);
    for attribute in ["version", "keys", "revoked", "not_before"] {
        for wrong in super::malformed::wrongs(row.get(attribute)) {
            let mut row = row.clone();
            match wrong {
                Some(wrong) => row.insert(attribute.to_owned(), wrong),
                None => row.remove(attribute),
            };
            world.put(row.clone()).await;
            world.wait(61);
            let answer = send(app, me::handle, me(&tokens)).await;
            assert_eq!(answer.status, 503, "{attribute} {row:?}");
            let answer = send(app, jwks::handle, Sent::get("/.well-known/jwks.json")).await;
            assert_eq!(answer.status, 503, "{attribute}");
        }
    }
    world.restore(&rows).await;
    world.wait(61);
    assert_eq!(send(app, me::handle, me(&tokens)).await.status, 200);
}
