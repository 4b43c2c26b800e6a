//! Loading the published keys from the table's row.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, ThumbprintHash};
use serde_json::{Value, json};
use shared::keys::KeyError;
use shared::keys::published::{KeysRow, Published};

use super::{base64url, keys};

/// What the loader says of a row whose only key has this modulus; the rest of it is right.
fn load_modulus(modulus: &[u8]) -> Result<Published, KeyError> {
    let jwk =
        json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "e": "AQAB", "n": base64url(modulus) });
    load(jwk)
}

pub(super) fn load(jwk: Value) -> Result<Published, KeyError> {
    let mut row = keys().row.clone();
    row.keys.truncate(1);
    row.keys[0].jwk = with_thumbprint(jwk);
    Published::from_row(row)
}

fn with_thumbprint(jwk: Value) -> Jwk {
    let mut jwk: Jwk = serde_json::from_value(jwk).expect("a JWK");
    jwk.common.key_id = jwk.thumbprint(ThumbprintHash::SHA256).ok();
    jwk
}

fn first_jwk() -> Value {
    serde_json::to_value(&keys().row.keys[0].jwk).expect("a JWK is JSON")
}

/// An odd number of so many bits, in bytes.
fn modulus(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0x5a; bits.div_ceil(8)];
    let top = (bits - 1) % 8;
    modulus[0] = 1 << top;
    *modulus.last_mut().expect("it has bytes") |= 1;
    modulus
}

#[test]
fn an_rsa_key_has_2048_3072_or_4096_bits() {
    for bits in [2048, 3072, 4096] {
        assert!(load_modulus(&modulus(bits)).is_ok(), "{bits}");
    }
    let why = KeyError::Refused("an RSA key is not of 2048, 3072 or 4096 bits");
    for bits in [1, 512, 1024, 2047, 2049, 3071, 3073, 4095, 4097, 8192] {
        assert_eq!(
            load_modulus(&modulus(bits)).err(),
            Some(why.clone()),
            "{bits}"
        );
    }
    assert_eq!(load_modulus(&[]).err(), Some(why.clone()));
    let padded = [vec![0], modulus(2048)].concat();
    assert_eq!(load_modulus(&padded).err(), Some(why));
}

#[test]
fn an_rsa_keys_exponent_is_65537() {
    for exponent in [vec![1], vec![3], vec![1, 0, 0], vec![0, 1, 0, 1], vec![]] {
        let mut jwk = first_jwk();
        jwk["e"] = json!(base64url(&exponent));
        let why = KeyError::Refused("an RSA key's exponent is not 65537");
        assert_eq!(load(jwk).err(), Some(why), "{exponent:?}");
    }
}

#[test]
fn a_modulus_is_canonical_base64url() {
    let n = first_jwk()["n"].as_str().expect("text").to_owned();
    for wrong in [
        format!("{n}="),
        format!("{}B", &n[..n.len() - 1]),
        n.replacen(&n[..1], "+", 1),
    ] {
        let mut jwk = first_jwk();
        jwk["n"] = json!(wrong);
        let why = KeyError::Refused("an RSA key's modulus is not base64url");
        assert_eq!(load(jwk).err(), Some(why));
    }
}

#[test]
fn a_key_for_another_algorithm_or_use_is_refused() {
    let with = |member: &str, value: Value| {
        let mut jwk = first_jwk();
        jwk[member] = value;
        load(jwk).err()
    };
    assert_eq!(with("use", json!("sig")), None);
    assert_eq!(with("key_ops", json!(["verify"])), None);
    let other_use = Some(KeyError::Refused("a signing key is meant for another use"));
    assert_eq!(with("use", json!("enc")), other_use);
    assert_eq!(with("use", json!("")), other_use);
    assert_eq!(with("key_ops", json!(["encrypt"])), other_use);
    assert_eq!(with("key_ops", json!(["verify", "encrypt"])), other_use);
    assert_eq!(with("key_ops", json!([])), other_use);
    let other_algorithm = Some(KeyError::Refused(
        "a signing key is for no algorithm of ours",
    ));
    for alg in ["HS256", "RS512", "PS256", "ES384", "RSA1_5", "none", ""] {
        assert_eq!(with("alg", json!(alg)), other_algorithm, "{alg}");
    }
    assert_eq!(with("alg", Value::Null), other_algorithm);
}

#[test]
fn a_key_of_another_type_is_refused() {
    let why = Some(KeyError::Refused("a signing key is not an RSA key"));
    let oct = json!({ "kty": "oct", "alg": "RS256", "use": "sig", "k": base64url([7; 32]) });
    assert_eq!(load(oct).err(), why);
    let (x, y) = (base64url([7; 32]), base64url([9; 32]));
    let ec = json!({ "kty": "EC", "crv": "P-256", "alg": "RS256", "use": "sig", "x": x, "y": y });
    assert_eq!(load(ec).err(), why);
}

#[test]
fn a_published_kid_is_its_keys_thumbprint_and_there_once() {
    let mut row = keys().row.clone();
    row.keys[0].jwk.common.key_id = Some("other".to_owned());
    let why = KeyError::Refused("a signing key's kid is not its thumbprint");
    assert_eq!(Published::from_row(row.clone()).err(), Some(why.clone()));
    row.keys[0].jwk.common.key_id = None;
    assert_eq!(Published::from_row(row).err(), Some(why));

    let mut row = keys().row.clone();
    row.keys[1] = row.keys[0].clone();
    let why = KeyError::Refused("two keys have the same kid");
    assert_eq!(Published::from_row(row.clone()).err(), Some(why.clone()));
    // Revoking does not hide it.
    row.revoked = row.keys[0].jwk.common.key_id.iter().cloned().collect();
    assert_eq!(Published::from_row(row).err(), Some(why));
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638() {
    // The example of section 3.1.
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_\
             BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0\
             _FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWh\
             AI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let published = load(json!({ "kty": "RSA", "alg": "RS256", "n": n, "e": "AQAB" }));
    let published = published.expect("the key is fit for use");
    assert!(
        published
            .find("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
            .is_some()
    );
}

#[test]
fn the_set_of_keys_lists_public_members_alone_and_no_revoked_key() {
    let mut row = keys().row.clone();
    let published = Published::from_row(row.clone()).expect("the row is fit for use");
    let listed = |row: &KeysRow, index: usize| {
        let jwk = &row.keys[index].jwk;
        let AlgorithmParameters::RSA(rsa) = &jwk.algorithm else {
            panic!("an RSA key");
        };
        json!({ "kty": "RSA", "kid": jwk.common.key_id, "use": "sig", "alg": "RS256", "n": rsa.n, "e": "AQAB" })
    };
    assert_eq!(
        published.jwks(),
        json!({ "keys": [listed(&row, 0), listed(&row, 1)] })
    );

    // What else the row may say of a key is not passed on.
    row.keys[1].jwk.common.x509_url = Some("https://attacker.example".to_owned());
    row.revoked = row.keys[0].jwk.common.key_id.iter().cloned().collect();
    let published = Published::from_row(row.clone()).expect("the row is fit for use");
    assert_eq!(published.jwks(), json!({ "keys": [listed(&row, 1)] }));
    assert!(published.has_key());

    row.revoked.extend(row.keys[1].jwk.common.key_id.clone());
    let published = Published::from_row(row).expect("the row is fit for use");
    assert_eq!(published.jwks(), json!({ "keys": [] }));
    assert!(!published.has_key());
}

#[test]
fn the_row_goes_through_the_table_unchanged() {
    let mut row = keys().row.clone();
    row.revoked.push("gone".to_owned());
    row.keys[1].life.retired_at = Some(super::NOW);
    let mut item: serde_dynamo::Item = serde_dynamo::to_item(&row).expect("the row is an item");
    // The table's own keys stand beside.
    let key = || serde_dynamo::AttributeValue::S("KEYS".to_owned());
    let mut members: std::collections::HashMap<_, _> = item.into_inner();
    members.insert("pk".to_owned(), key());
    members.insert("sk".to_owned(), key());
    item = members.into();
    let back: KeysRow = serde_dynamo::from_item(item).expect("the item is a row");
    let json = |row: &KeysRow| serde_json::to_value(row).expect("the row is JSON");
    assert_eq!(json(&back), json(&row));
    assert!(Published::from_row(back).is_ok());
}
