//! Loading the secret: what is refused, how long it is remembered.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared::id::UserId;
use shared::keys::KeyError;

use super::secret::{CHEAP, FakeSecret, NOW, load, ring};

/// The error of a new ring that `change` changed.
async fn refused(change: impl FnOnce(&mut Value)) -> &'static str {
    let mut secret = ring();
    change(&mut secret["ring"]);
    match load(&secret).await {
        Err(KeyError::Refused(why)) => why,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn base64url(bytes: &[u8]) -> Value {
    json!(URL_SAFE_NO_PAD.encode(bytes))
}

/// A key of 32 bytes: `text` again and again.
fn key(text: &[u8]) -> Value {
    let bytes: Vec<u8> = text.iter().copied().cycle().take(32).collect();
    base64url(&bytes)
}

#[tokio::test]
async fn a_new_ring_loads_and_no_two_are_alike() {
    let (one, other) = (ring(), ring());
    assert!(load(&one).await.is_ok());
    for kind in ["sealing", "names"] {
        let entry = |ring: &Value| ring["ring"][kind][0].clone();
        assert_eq!(entry(&one)["state"], "active");
        assert_eq!(entry(&one)["created_at"], NOW.millis());
        assert_ne!(entry(&one)["kid"], entry(&other)["kid"]);
        assert_ne!(entry(&one)["key"], entry(&other)["key"]);
    }
    assert_ne!(
        one["ring"]["sealing"][0]["key"],
        one["ring"]["names"][0]["key"]
    );
}

#[tokio::test]
async fn a_ring_that_rotation_has_not_made_yet_is_said_to_be_missing() {
    assert_eq!(
        load(&json!({"ring": null})).await.err(),
        Some(KeyError::NotMade)
    );
}

#[tokio::test]
async fn a_key_of_other_than_32_bytes_is_refused() {
    for kind in ["sealing", "names"] {
        for bytes in [0, 16, 31, 33, 64] {
            let key: Vec<u8> = (100..).take(bytes).collect();
            let why = refused(|ring| ring[kind][0]["key"] = base64url(&key)).await;
            assert_eq!(why, "a key is not 32 bytes", "{kind} {bytes}");
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_base64url_is_refused() {
    let why = refused(|ring| ring["names"][0]["key"] = json!("+/+/".repeat(10))).await;
    assert_eq!(why, "a key is not base64url");
}

#[tokio::test]
async fn a_key_that_repeats_itself_is_refused() {
    for kind in ["sealing", "names"] {
        for text in [
            &[0][..],
            &[255],
            &[1, 2],
            &[1, 2, 3],
            &[9; 5],
            b"\x00\x01secret\xff......!",
        ] {
            let why = refused(|ring| ring[kind][0]["key"] = key(text)).await;
            assert_eq!(why, "a key repeats itself", "{kind} {text:?}");
        }
    }
}

#[tokio::test]
async fn a_key_of_printable_text_is_refused() {
    for kind in ["sealing", "names"] {
        for text in [
            &b"correct horse battery staple 123"[..],
            b"0123456789abcdef0123456789ABCDEF",
        ] {
            let why = refused(|ring| ring[kind][0]["key"] = key(text)).await;
            assert_eq!(why, "a key is printable text", "{kind}");
        }
    }
}

#[tokio::test]
async fn a_retired_key_is_looked_at_as_closely() {
    for kind in ["sealing", "names"] {
        let why = refused(|ring| {
            let mut old = ring[kind][0].clone();
            old["kid"] = json!("old");
            old["state"] = json!("retired");
            old["key"] = key(&[7]);
            ring[kind].as_array_mut().expect("keys").push(old);
        });
        assert_eq!(why.await, "a key repeats itself", "{kind}");
    }
}

#[tokio::test]
async fn two_keys_of_one_id_are_refused() {
    let another = ring()["ring"]["sealing"][0].clone();
    let why = refused(|ring| {
        let mut another = another.clone();
        another["kid"] = ring["sealing"][0]["kid"].clone();
        another["state"] = json!("retired");
        ring["sealing"].as_array_mut().expect("keys").push(another);
    });
    assert_eq!(why.await, "two keys have one id");
    let why = refused(|ring| ring["names"][0]["kid"] = ring["sealing"][0]["kid"].clone());
    assert_eq!(why.await, "two keys have one id");
}

#[tokio::test]
async fn a_key_id_that_could_not_stand_in_a_sealed_hash_is_refused() {
    for kid in ["", "a.b", "a b", "\u{e9}", &"k".repeat(65)] {
        let why = refused(|ring| ring["sealing"][0]["kid"] = json!(kid)).await;
        assert_eq!(why, "a key id has other characters", "{kid:?}");
    }
}

#[tokio::test]
async fn exactly_one_key_of_a_kind_is_active() {
    for kind in ["sealing", "names"] {
        for state in ["next", "retired"] {
            let why = refused(|ring| ring[kind][0]["state"] = json!(state)).await;
            assert_eq!(why, "not exactly one key is active", "{kind} {state}");
        }
        let why = refused(|ring| ring[kind] = json!([])).await;
        assert_eq!(why, "not exactly one key is active", "{kind}");
        let second = ring()["ring"][kind][0].clone();
        let why = refused(|ring| ring[kind].as_array_mut().expect("keys").push(second));
        assert_eq!(why.await, "not exactly one key is active", "{kind}");
    }
}

#[tokio::test]
async fn a_secret_of_another_shape_is_refused_without_being_quoted() {
    for change in [
        json!("canary"),
        json!({"version": "canary"}),
        json!(["canary"]),
    ] {
        let why = refused(|ring| *ring = change).await;
        assert_eq!(why, "the secret's text is not a ring");
    }
    let why = refused(|ring| ring["sealing"][0]["state"] = json!("canary")).await;
    assert_eq!(why, "the secret's text is not a ring");
}

#[tokio::test]
async fn keys_are_remembered_for_a_minute_and_for_a_quarter_of_an_hour_in_an_outage() {
    let secret = FakeSecret::holding(&ring().to_string());
    let passwords = secret.passwords(CHEAP);
    passwords.keys(NOW).await.expect("keys");
    passwords.keys(NOW.plus_seconds(59)).await.expect("keys");
    assert_eq!(secret.reads(), 1);
    passwords.keys(NOW.plus_seconds(60)).await.expect("keys");
    assert_eq!(secret.reads(), 2);
    secret.set(None);
    passwords
        .keys(NOW.plus_seconds(60 + 899))
        .await
        .expect("keys");
    let error = passwords.keys(NOW.plus_seconds(60 + 900)).await.err();
    assert_eq!(error, Some(KeyError::Unavailable));
}

#[tokio::test]
async fn a_hash_under_an_unknown_key_has_the_secret_read_again_once() {
    let (old, new) = (ring(), ring());
    let user = UserId::from("alice");
    let sealed = load(&new).await.expect("keys").seal(&user, "phc");
    let secret = FakeSecret::holding(&old.to_string());
    let passwords = secret.passwords(CHEAP);
    passwords.keys(NOW).await.expect("keys");
    secret.set(Some(&new.to_string()));
    let later = NOW.plus_seconds(40);
    passwords.keys_for(later, None).await.expect("keys");
    assert_eq!(secret.reads(), 1);
    let keys = passwords
        .keys_for(later, Some(&sealed))
        .await
        .expect("keys");
    assert!(keys.open(&user, &sealed).is_ok());
    assert_eq!(secret.reads(), 2);
    for _ in 0..3 {
        let unknown = passwords.keys_for(later, Some("unknown.AAAA")).await;
        unknown.expect("the keys that are there");
    }
    assert_eq!(secret.reads(), 2);
}
