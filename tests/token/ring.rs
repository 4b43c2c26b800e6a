//! Loading the ring from its secret.

use serde_json::{Value, json};
use shared::keys::generate::new_ring;
use shared::keys::published::Published;
use shared::keys::ring::Ring;
use shared::keys::{KeyError, SigningAlgorithm};

use super::{NOW, base64url, keys, load_ring, stored_ring};

fn refusal(ring: &Value) -> &'static str {
    match load_ring(ring) {
        Err(KeyError::Refused(why)) => why,
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => panic!("the ring is loaded"),
    }
}

/// Why a ring with this value at this place is refused.
fn refusal_of(place: &str, value: Value) -> &'static str {
    let mut ring = stored_ring();
    *ring.pointer_mut(place).expect("the place is there") = value;
    refusal(&ring)
}

/// What the loader says of a ring whose active MAC key is this one.
fn load_mac(key: &[u8]) -> Result<Ring, KeyError> {
    let mut ring = stored_ring();
    ring["refresh"][0]["key"] = json!(base64url(key));
    load_ring(&ring)
}

/// Bytes without a pattern, from a linear congruence.
fn random_looking(length: usize) -> Vec<u8> {
    let next = |seed: &u32| Some(seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let seeds = std::iter::successors(Some(1_u32), next).skip(1);
    seeds
        .map(|seed| seed.to_be_bytes()[0])
        .take(length)
        .collect()
}

#[test]
fn a_new_ring_has_an_active_and_a_next_key_of_each_sort() {
    let ring = stored_ring();
    for sort in ["signing", "refresh"] {
        let keys = ring[sort].as_array().expect("a list");
        let states: Vec<&Value> = keys.iter().map(|key| &key["state"]).collect();
        assert_eq!(states, ["active", "next"]);
        assert_eq!(keys[0]["created_at"], json!(NOW.millis()));
        assert_eq!(keys[0]["activated_at"], json!(NOW.millis()));
        assert_eq!(keys[1].get("activated_at"), None);
    }
    assert_eq!(keys().ring.version(), keys().row.version);
}

#[test]
fn two_new_rings_share_no_key() {
    let (other, _) = new_ring(SigningAlgorithm::Rs256, NOW).expect("keys can be made");
    for sort in ["signing", "refresh"] {
        for key in stored_ring()[sort].as_array().expect("a list") {
            let secret = key.get("private").unwrap_or(&key["key"]);
            assert!(!other.contains(key["kid"].as_str().expect("text")));
            assert!(!other.contains(secret.as_str().expect("text")));
        }
    }
}

#[test]
fn a_ring_that_is_not_made_yet_is_told_from_a_broken_one() {
    let load = |text: &str| Ring::from_secret(text).err();
    assert_eq!(load(r#"{"ring": null}"#), Some(KeyError::NotMade));
    let broken = Some(KeyError::Refused("the secret's text is not a ring"));
    for text in [
        "",
        "null",
        "[]",
        r#"{"ring": []}"#,
        r#"{"ring": {"version": 1}}"#,
    ] {
        assert_eq!(load(text), broken, "{text}");
    }
}

#[test]
fn exactly_one_key_of_each_sort_is_active() {
    let signing = "not exactly one signing key is active";
    assert_eq!(refusal_of("/signing/1/state", json!("active")), signing);
    assert_eq!(refusal_of("/signing/0/state", json!("next")), signing);
    assert_eq!(refusal_of("/signing", json!([])), signing);
    let refresh = "not exactly one MAC key is active";
    assert_eq!(refusal_of("/refresh/1/state", json!("active")), refresh);
    assert_eq!(refusal_of("/refresh/0/state", json!("retired")), refresh);
    assert_eq!(refusal_of("/refresh", json!([])), refresh);
    assert_eq!(
        refusal_of("/signing/0/state", json!("revoked")),
        "the secret's text is not a ring"
    );
}

#[test]
fn two_keys_of_one_kid_are_refused() {
    let why = "two keys have the same kid";
    let ring = stored_ring();
    assert_eq!(refusal_of("/signing/1", ring["signing"][0].clone()), why);
    assert_eq!(
        refusal_of("/refresh/1/kid", ring["refresh"][0]["kid"].clone()),
        why
    );
    assert_eq!(
        refusal_of("/refresh/1/kid", ring["signing"][0]["kid"].clone()),
        why
    );
}

#[test]
fn a_signing_keys_kid_is_its_thumbprint() {
    let why = "a signing key's kid is not its thumbprint";
    assert_eq!(refusal_of("/signing/0/kid", json!("other")), why);
    assert_eq!(refusal_of("/signing/0/public/kid", json!("other")), why);
}

#[test]
fn a_private_key_must_be_that_of_its_public_key() {
    let other = stored_ring()["signing"][1]["private"].clone();
    assert_eq!(
        refusal_of("/signing/0/private", other),
        "a private key does not match its public key"
    );
    let unreadable = "an RSA private key cannot be read";
    assert_eq!(refusal_of("/signing/0/private", json!("AAAA")), unreadable);
    assert_eq!(refusal_of("/signing/0/private", json!("")), unreadable);
    assert_eq!(
        refusal_of("/signing/0/private", json!("not base64")),
        "a private key is not base64"
    );
}

#[test]
fn only_a_retired_signing_key_lacks_its_private_half() {
    let missing = "a signing key has no private half";
    assert_eq!(refusal_of("/signing/0/private", Value::Null), missing);
    assert_eq!(refusal_of("/signing/1/private", Value::Null), missing);
    let kept = "a retired signing key still has its private half";
    assert_eq!(refusal_of("/signing/1/state", json!("retired")), kept);
    let mut ring = stored_ring();
    ring["signing"][1]["state"] = json!("retired");
    ring["signing"][1]["private"].take();
    assert!(load_ring(&ring).is_ok());
}

#[test]
fn a_wrong_algorithm_or_use_is_refused() {
    assert_eq!(
        refusal_of("/signing/0/alg", json!("HS256")),
        "the secret's text is not a ring"
    );
    assert_eq!(
        refusal_of("/signing/0/alg", json!("ES256")),
        "a signing key is for another algorithm than its public half"
    );
    assert_eq!(
        refusal_of("/signing/0/public/alg", json!("PS256")),
        "a signing key is for no algorithm of ours"
    );
    assert_eq!(
        refusal_of("/signing/1/public/use", json!("enc")),
        "a signing key is meant for another use"
    );
    assert_eq!(
        refusal_of("/refresh/1/alg", json!("HS512")),
        "a MAC key is not for HS256"
    );
    assert_eq!(
        refusal_of("/refresh/1/alg", json!("RS256")),
        "a MAC key is not for HS256"
    );
}

#[test]
fn a_mac_key_has_at_least_32_bytes() {
    assert!(load_mac(&random_looking(32)).is_ok());
    assert!(load_mac(&random_looking(64)).is_ok());
    let why = KeyError::Refused("a MAC key is under 32 bytes");
    assert_eq!(load_mac(&random_looking(31)).err(), Some(why.clone()));
    assert_eq!(load_mac(&[]).err(), Some(why));
    assert_eq!(
        refusal_of("/refresh/0/key", json!("=")),
        "a MAC key is not base64url"
    );
}

#[test]
fn a_mac_key_of_a_repeated_pattern_is_refused() {
    let why = KeyError::Refused("a key repeats itself");
    for period in [1, 2, 3, 5, 16] {
        let pattern = random_looking(period);
        let key: Vec<u8> = pattern.iter().copied().cycle().take(32).collect();
        assert_eq!(load_mac(&key).err(), Some(why.clone()), "{period}");
    }
    assert_eq!(load_mac(&[0; 64]).err(), Some(why));
    // Seventeen random bytes and fifteen of them again are no pattern that a mistake would leave.
    let key: Vec<u8> = random_looking(17)
        .iter()
        .copied()
        .cycle()
        .take(32)
        .collect();
    assert!(load_mac(&key).is_ok());
}

#[test]
fn a_mac_key_of_printable_text_is_refused() {
    let why = KeyError::Refused("a key is printable text");
    let text = "correct horse battery staple, 32+";
    for text in [
        text,
        "ZmFpcmx5IGxvbmcgYmFzZTY0IHRleHQgdG9v",
        "ein sch\u{f6}nes langes Pa\u{df}wort,\n ja",
    ] {
        assert_eq!(load_mac(text.as_bytes()).err(), Some(why.clone()), "{text}");
    }
    assert!(load_mac(&[text.as_bytes(), &[0xff]].concat()).is_ok());
    assert!(load_mac(&[text.as_bytes(), &[0x00]].concat()).is_ok());
}

#[test]
fn the_signer_is_the_active_key_and_neither_revoked_nor_unpublished() {
    let keys = keys();
    let active = stored_ring()["signing"][0]["kid"].clone();
    let signer = keys
        .ring
        .signer(&keys.published)
        .expect("there is a signer");
    assert_eq!(json!(signer.kid()), active);

    let why = KeyError::Refused("the active signing key is revoked or not published");
    let mut row = keys.row.clone();
    row.revoked.push(signer.kid().to_owned());
    let published = Published::from_row(row).expect("the row is fit for use");
    assert_eq!(keys.ring.signer(&published).err(), Some(why.clone()));

    let mut row = keys.row.clone();
    row.keys.remove(0);
    let published = Published::from_row(row).expect("the row is fit for use");
    assert_eq!(keys.ring.signer(&published).err(), Some(why));
}

#[test]
fn the_mac_key_is_the_active_one_and_each_is_found_by_its_kid() {
    let ring = &keys().ring;
    let stored = stored_ring();
    let kid = |index: usize| stored["refresh"][index]["kid"].as_str().expect("text");
    assert_eq!(ring.mac().kid(), kid(0));
    for index in [0, 1] {
        let found = ring.mac_by_kid(kid(index)).map(shared::keys::MacKey::kid);
        assert_eq!(found, Some(kid(index)));
    }
    assert!(ring.mac_by_kid("unknown").is_none());
}

#[test]
fn neither_a_ring_nor_a_refusal_shows_a_secret() {
    let keys = keys();
    let signer = keys.ring.signer(&keys.published);
    let shown = format!("{:?} {signer:?} {:?}", keys.ring, keys.ring.mac());
    assert!(shown.contains(keys.ring.mac().kid()));
    let mut secrets = Vec::new();
    for (sort, member) in [("signing", "private"), ("refresh", "key")] {
        for key in stored_ring()[sort].as_array().expect("a list") {
            secrets.push(key[member].as_str().expect("text").to_owned());
        }
    }
    assert_eq!(secrets.len(), 4);
    for secret in secrets {
        assert!(!shown.contains(&secret));
        // serde would quote a value of the wrong type or place.
        let mut ring = stored_ring();
        ring["version"] = json!(secret);
        let error = load_ring(&ring).expect_err("a version is a number");
        assert!(!format!("{error} {error:?}").contains(&secret));
    }
}
