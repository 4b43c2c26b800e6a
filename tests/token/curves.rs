//! Loading keys on curves: P-256 and Ed25519.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared::keys::published::{KeysRow, Published};
use shared::keys::{KeyError, SigningAlgorithm};
use shared::token::jws::parse;

use super::published::load;
use super::{BY, base64url, forge, keys, load_ring, stored_ring};

/// A public key of this algorithm that is fit for use.
fn jwk(algorithm: SigningAlgorithm) -> Value {
    BY.set(algorithm);
    let jwk = serde_json::to_value(&keys().row.keys[0].jwk).expect("a JWK is JSON");
    BY.set(SigningAlgorithm::Rs256);
    jwk
}

fn p256() -> Value {
    jwk(SigningAlgorithm::Es256)
}

fn ed25519() -> Value {
    jwk(SigningAlgorithm::EdDsa)
}

/// Why this key with other values of these members is refused.
fn refusal(mut jwk: Value, members: &[(&str, Value)]) -> Option<&'static str> {
    for (member, value) in members {
        jwk[*member] = value.clone();
    }
    match load(jwk) {
        Err(KeyError::Refused(why)) => Some(why),
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => None,
    }
}

fn bytes(jwk: &Value, member: &str) -> Vec<u8> {
    let text = jwk[member].as_str().expect("text");
    BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

#[test]
fn a_p256_key_is_a_point_on_that_curve() {
    assert_eq!(refusal(p256(), &[]), None);
    let (x, y) = (p256()["x"].clone(), p256()["y"].clone());
    let off = Some("a P-256 key is no point on the curve");
    assert_eq!(refusal(p256(), &[("x", y.clone())]), off);
    assert_eq!(refusal(p256(), &[("x", y.clone()), ("y", x)]), off);
    let zeros = json!(base64url([0; 32]));
    assert_eq!(refusal(p256(), &[("x", zeros.clone()), ("y", zeros)]), off);
    let field = json!(base64url([0xff; 32]));
    assert_eq!(refusal(p256(), &[("x", field)]), off);
    let mut other = bytes(&p256(), "y");
    other[31] ^= 1;
    assert_eq!(refusal(p256(), &[("y", json!(base64url(other)))]), off);
    // The curve and the type are the algorithm's.
    let curve = Some("a signing key is not on P-256");
    for wrong in ["P-384", "P-521", "Ed25519"] {
        let mut jwk = p256();
        jwk["crv"] = json!(wrong);
        let Ok(jwk) = serde_json::from_value(jwk) else {
            continue;
        };
        let mut row = keys().row.clone();
        row.keys[0].jwk = jwk;
        assert_eq!(
            Published::from_row(row).err(),
            curve.map(KeyError::Refused),
            "{wrong}"
        );
    }
    assert_eq!(refusal(ed25519(), &[("alg", json!("ES256"))]), curve);
    let rsa = jwk(SigningAlgorithm::Rs256);
    assert_eq!(refusal(rsa, &[("alg", json!("ES256"))]), curve);
}

#[test]
fn a_p256_keys_coordinates_are_32_bytes_each() {
    let why = Some("a P-256 key's coordinate is not 32 bytes in base64url");
    for member in ["x", "y"] {
        let right = bytes(&p256(), member);
        for wrong in [
            base64url(&right[1..]),
            base64url([&[0], &right[..]].concat()),
            format!("{}=", base64url(&right)),
            String::new(),
        ] {
            assert_eq!(refusal(p256(), &[(member, json!(wrong))]), why, "{member}");
        }
    }
}

#[test]
fn an_ed25519_key_is_32_bytes_of_that_curve() {
    assert_eq!(refusal(ed25519(), &[]), None);
    let right = bytes(&ed25519(), "x");
    for wrong in [
        base64url(&right[1..]),
        base64url([&right[..], &[0]].concat()),
        format!("{}=", base64url(&right)),
        String::new(),
    ] {
        let why = Some("an Ed25519 key is not 32 bytes in base64url");
        assert_eq!(refusal(ed25519(), &[("x", json!(wrong))]), why);
    }
    let curve = Some("a signing key is not on Ed25519");
    let p256 = [("alg", json!("EdDSA"))];
    assert_eq!(refusal(self::p256(), &p256), curve);
    assert_eq!(refusal(jwk(SigningAlgorithm::Rs256), &p256), curve);
}

#[test]
fn an_ed25519_key_under_which_anybody_can_sign_is_refused() {
    let number = |low: u8, rest: u8, high: u8| {
        let mut point = [rest; 32];
        (point[0], point[31]) = (low, high);
        point
    };
    let order_8 = |text: &str| {
        let bytes = (0..32).map(|at| u8::from_str_radix(&text[2 * at..][..2], 16).expect("hex"));
        <[u8; 32]>::try_from(bytes.collect::<Vec<u8>>()).expect("32 bytes")
    };
    for point in [
        number(0, 0, 0),
        number(1, 0, 0),
        number(0xec, 0xff, 0x7f),
        // Not canonical: the prime and what lies above it.
        number(0xed, 0xff, 0x7f),
        number(0xee, 0xff, 0x7f),
        number(0xff, 0xff, 0x7f),
        order_8("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        order_8("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ] {
        for sign in [0, 0x80] {
            let mut point = point;
            point[31] |= sign;
            let why = Some("an Ed25519 key is a weak point");
            let refused = refusal(ed25519(), &[("x", json!(base64url(point)))]);
            assert_eq!(refused, why, "{point:?}");
        }
    }
}

#[test]
fn a_key_of_any_kind_for_another_use_is_refused() {
    for algorithm in SigningAlgorithm::ALL {
        let with = |member: &str, value: Value| refusal(jwk(algorithm), &[(member, value)]);
        let other_use = Some("a signing key is meant for another use");
        assert_eq!(with("use", json!("enc")), other_use, "{algorithm}");
        assert_eq!(with("key_ops", json!(["sign"])), other_use, "{algorithm}");
        assert_eq!(with("key_ops", json!(["verify"])), None, "{algorithm}");
    }
}

#[test]
fn a_published_key_with_a_secret_member_is_refused() {
    for algorithm in SigningAlgorithm::ALL {
        BY.set(algorithm);
        let row = serde_json::to_value(&keys().row).expect("the row is JSON");
        let mut stored = stored_ring();
        assert!(serde_json::from_value::<KeysRow>(row.clone()).is_ok());
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            let mut row = row.clone();
            row["keys"][1]["jwk"][member] = json!("AAAA");
            let read = serde_json::from_value::<KeysRow>(row);
            let error = read.expect_err("a secret member").to_string();
            assert!(error.contains("secret member"), "{error}");
            assert!(!error.contains("AAAA"));
        }
        stored["signing"][1]["public"]["d"] = json!("AAAA");
        let why = KeyError::Refused("the secret's text is not a ring");
        assert_eq!(load_ring(&stored).err(), Some(why));
        BY.set(SigningAlgorithm::Rs256);
    }
}

#[test]
fn a_private_half_on_a_curve_must_be_that_of_its_public_key() {
    for (algorithm, unreadable) in [
        (
            SigningAlgorithm::Es256,
            "a P-256 private key cannot be read",
        ),
        (
            SigningAlgorithm::EdDsa,
            "an Ed25519 private key cannot be read",
        ),
    ] {
        BY.set(algorithm);
        let refused = |private: Value| {
            let mut ring = stored_ring();
            ring["signing"][0]["private"] = private;
            load_ring(&ring).err()
        };
        let other = stored_ring()["signing"][1]["private"].clone();
        let differs = KeyError::Refused("a private key does not match its public key");
        assert_eq!(refused(other), Some(differs));
        let unreadable = Some(KeyError::Refused(unreadable));
        assert_eq!(refused(json!("AAAA")), unreadable);
        BY.set(SigningAlgorithm::Rs256);
        assert_eq!(refused_of(algorithm), unreadable);
    }
}

/// Why a ring of this algorithm is refused whose private half is an RSA key.
fn refused_of(algorithm: SigningAlgorithm) -> Option<KeyError> {
    let rsa = stored_ring()["signing"][0]["private"].clone();
    BY.set(algorithm);
    let mut ring = stored_ring();
    ring["signing"][0]["private"] = rsa;
    BY.set(SigningAlgorithm::Rs256);
    load_ring(&ring).err()
}

#[test]
fn an_ed25519_key_and_its_signatures_are_those_of_rfc_8037() {
    // Appendix A, which has the key of RFC 8032, section 7.1, test 1.
    let key = json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let published = load(key).expect("the key is fit for use");
    let key = published
        .find("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        .expect("its thumbprint");
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-\
                 09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let payload = parse(token, None).and_then(|token| token.verify(key));
    assert_eq!(payload, Ok(b"Example of Ed25519 signing".to_vec()));
}

#[test]
fn an_ed25519_signature_has_no_second_form() {
    // The order of the group, little-endian: S and S + L would be one number (RFC 8032, 5.1.7).
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    BY.set(SigningAlgorithm::EdDsa);
    let signer = keys().ring.signer(&keys().published).expect("a signer");
    let public = keys().published.find(signer.kid()).expect("published");
    let token = forge(r#"{"alg":"EdDSA"}"#, "{}", signer);
    let verifies = |token: &str| parse(token, None).is_ok_and(|token| token.verify(public).is_ok());
    assert!(verifies(&token));
    let (signed, signature) = token.rsplit_once('.').expect("parts");
    let mut signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        carry = sum >> 8;
        *byte = sum.to_le_bytes()[0];
    }
    assert_eq!(carry, 0);
    assert!(!verifies(&format!("{signed}.{}", base64url(signature))));
    BY.set(SigningAlgorithm::Rs256);
}
