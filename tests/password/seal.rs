//! Sealed hashes: a hash copied to another row opens nothing, and keys rotate without a login.

use serde_json::{Value, json};
use shared::id::UserId;
use shared::password::PasswordError;

use super::secret::{is_malformed, load, ring};

const PHC: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1b";

fn alice() -> UserId {
    UserId::from("alice")
}

/// The secret with its sealing key in another state, and a new active one beside it.
fn rotated(mut secret: Value, state: &str) -> Value {
    let new = ring()["ring"]["sealing"][0].clone();
    let sealing = secret["ring"]["sealing"].as_array_mut().expect("keys");
    sealing[0]["state"] = json!(state);
    sealing.insert(1, new);
    secret
}

#[tokio::test]
async fn what_was_sealed_for_a_user_opens_for_that_user_alone() {
    let keys = load(&ring()).await.expect("keys");
    let sealed = keys.seal(&alice(), PHC);
    assert_eq!(
        keys.open(&alice(), &sealed).expect("it opens").as_str(),
        PHC
    );
    for other in ["bob", "Alice", "alice ", ""] {
        assert!(
            is_malformed(&keys.open(&UserId::from(other), &sealed)),
            "{other}"
        );
    }
}

#[tokio::test]
async fn a_sealed_hash_is_a_key_id_and_base64url_and_never_the_same_twice() {
    let secret = ring();
    let keys = load(&secret).await.expect("keys");
    let (one, other) = (keys.seal(&alice(), PHC), keys.seal(&alice(), PHC));
    assert_ne!(one, other);
    let (kid, text) = one.split_once('.').expect("two parts");
    assert_eq!(secret["ring"]["sealing"][0]["kid"], kid);
    // 12 bytes of nonce, as many as the text has, 16 of tag.
    assert_eq!(text.len(), ((12 + PHC.len() + 16) * 4).div_ceil(3));
    assert!(!one.contains("argon2"));
}

#[tokio::test]
async fn a_sealed_hash_that_was_changed_anywhere_does_not_open() {
    let keys = load(&ring()).await.expect("keys");
    let sealed = keys.seal(&alice(), PHC);
    let start = sealed.find('.').expect("a dot") + 1;
    for position in start..sealed.len() {
        let mut bytes = sealed.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("text");
        assert!(is_malformed(&keys.open(&alice(), &changed)), "{position}");
    }
    let (kid, text) = sealed.split_once('.').expect("two parts");
    for changed in [
        String::new(),
        text.to_owned(),
        format!("{kid}."),
        format!("{kid}.AAAA"),
        format!("{sealed}="),
        format!("{sealed}."),
        format!("{sealed}AAAA"),
        sealed[..sealed.len() - 4].to_owned(),
        format!("{kid}.{text}\n"),
    ] {
        assert!(is_malformed(&keys.open(&alice(), &changed)), "{changed:?}");
    }
}

#[tokio::test]
async fn a_key_that_is_not_there_is_told_apart_from_a_hash_that_does_not_open() {
    let sealed = load(&ring()).await.expect("keys").seal(&alice(), PHC);
    let others = load(&ring()).await.expect("keys");
    assert_eq!(
        others.open(&alice(), &sealed),
        Err(PasswordError::UnknownKey)
    );
}

#[tokio::test]
async fn a_retired_key_opens_and_the_active_one_seals() {
    let before = ring();
    let sealed = load(&before).await.expect("keys").seal(&alice(), PHC);
    let after = rotated(before.clone(), "retired");
    let keys = load(&after).await.expect("keys");
    assert_eq!(
        keys.open(&alice(), &sealed).expect("it opens").as_str(),
        PHC
    );
    let kid = |sealed: &str| sealed.split_once('.').map(|(kid, _)| json!(kid));
    assert_eq!(
        kid(&sealed),
        Some(before["ring"]["sealing"][0]["kid"].clone())
    );
    let again = keys.seal(&alice(), PHC);
    assert_eq!(
        kid(&again),
        Some(after["ring"]["sealing"][1]["kid"].clone())
    );
}

#[tokio::test]
async fn a_next_key_opens_what_an_instance_that_knew_of_the_promotion_first_sealed() {
    let next = ring();
    let sealed = load(&next).await.expect("keys").seal(&alice(), PHC);
    let keys = load(&rotated(next, "next")).await.expect("keys");
    assert_eq!(
        keys.open(&alice(), &sealed).expect("it opens").as_str(),
        PHC
    );
}

#[tokio::test]
async fn names_and_addresses_have_macs_that_differ_by_kind_and_key() {
    let secret = ring();
    let keys = load(&secret).await.expect("keys");
    let mac = keys.name_mac("john");
    assert_eq!(mac.len(), 43);
    assert_eq!(mac, load(&secret).await.expect("keys").name_mac("john"));
    assert_ne!(mac, keys.address_mac("john"));
    assert_ne!(mac, keys.name_mac("jane"));
    assert_ne!(mac, load(&ring()).await.expect("keys").name_mac("john"));
    // Sealing keys rotate without making anybody's failures forgotten.
    let rotated = load(&rotated(secret, "retired")).await.expect("keys");
    assert_eq!(mac, rotated.name_mac("john"));
}
