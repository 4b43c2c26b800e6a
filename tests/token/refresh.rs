//! Refresh tokens.

use serde_json::{Value, json};
use shared::clock::Timestamp;
use shared::id::{SessionId, TenantId, UserId};
use shared::store::session::Owner;
use shared::token::refresh::{RefreshClaims, RefreshTokenError, sign, verify};

use super::{NOW, access, forge, keys, load_ring, stored_ring};

pub(super) fn claims() -> RefreshClaims {
    RefreshClaims {
        owner: Owner::User(UserId::from("user-123456")),
        key_id: None,
        tenant_id: TenantId::from("nuxera"),
        sid: SessionId::from("session-1"),
        generation: 7,
        exp: NOW.seconds() + 1_296_000,
        session_exp: NOW.seconds() + 7_776_000,
    }
}

pub(super) fn token() -> String {
    sign(&claims(), keys().ring.mac()).expect("the key signs")
}

pub(super) fn verify_now(token: &str) -> Result<RefreshClaims, RefreshTokenError> {
    verify(token, &keys().ring, NOW)
}

fn header(typ: &str) -> String {
    json!({ "alg": "HS256", "typ": typ, "kid": keys().ring.mac().kid() }).to_string()
}

fn with(member: &str, value: Value) -> String {
    let mut claims = serde_json::to_value(claims()).expect("claims are JSON");
    claims[member] = value;
    forge(&header("rt+jwt"), &claims.to_string(), keys().ring.mac())
}

#[test]
fn a_signed_refresh_token_verifies_to_the_claims_that_were_signed() {
    assert_eq!(verify_now(&token()), Ok(claims()));
}

#[test]
fn the_same_claims_and_key_give_the_same_refresh_token_byte_for_byte() {
    let ring = load_ring(&stored_ring()).expect("the ring is fit for use");
    assert_eq!(sign(&claims(), ring.mac()).expect("the key signs"), token());
    let by_kid = ring
        .mac_by_kid(keys().ring.mac().kid())
        .expect("the key is there");
    assert_eq!(sign(&claims(), by_kid).expect("the key signs"), token());
    let later = RefreshClaims {
        generation: 8,
        ..claims()
    };
    assert_ne!(sign(&later, ring.mac()).expect("the key signs"), token());
}

#[test]
fn a_refresh_token_ends_at_exp_without_leeway() {
    let end = Timestamp::from_seconds(claims().exp);
    let verify_at = |now| verify(&token(), &keys().ring, now);
    assert_eq!(
        verify_at(Timestamp::from_millis(end.millis() - 1)),
        Ok(claims())
    );
    assert_eq!(
        verify_at(end),
        Err(RefreshTokenError::Expired(Box::new(claims())))
    );
}

#[test]
fn every_member_of_a_refresh_token_must_be_there_and_of_its_type() {
    assert!(verify_now(&with("generation", json!(u64::MAX))).is_ok());
    for (member, wrong) in [
        ("kind", json!("robot")),
        ("kind", json!("User")),
        ("kind", Value::Null),
        ("generation", json!(-1)),
        ("generation", json!(7.0)),
        ("generation", json!("7")),
        ("exp", json!(1_740_900_000.0)),
        ("exp", json!("1740900000")),
        ("exp", Value::Null),
        ("sub", json!(7)),
        ("tenant_id", Value::Null),
        ("sid", json!(["session-1"])),
    ] {
        let refused = verify_now(&with(member, wrong.clone()));
        assert_eq!(refused, Err(RefreshTokenError::Invalid), "{member} {wrong}");
    }
}

#[test]
fn a_refresh_token_and_an_access_token_do_not_open_each_others_doors() {
    assert_eq!(
        verify_now(&access::token()),
        Err(RefreshTokenError::Invalid)
    );
    assert!(access::verify_now(&token()).is_err());
    let claims = serde_json::to_string(&claims()).expect("claims are JSON");
    assert!(verify_now(&forge(&header("rt+jwt"), &claims, keys().ring.mac())).is_ok());
    for typ in ["at+jwt", "JWT", "RT+JWT", ""] {
        let token = forge(&header(typ), &claims, keys().ring.mac());
        assert_eq!(verify_now(&token), Err(RefreshTokenError::Invalid), "{typ}");
    }
}

#[test]
fn a_refresh_token_names_a_mac_key_of_the_ring() {
    let claims = serde_json::to_string(&claims()).expect("claims are JSON");
    let signer = keys()
        .ring
        .signer(&keys().published)
        .expect("there is a signer");
    for kid in ["", "unknown", signer.kid()] {
        let header = json!({ "alg": "HS256", "typ": "rt+jwt", "kid": kid }).to_string();
        let token = forge(&header, &claims, keys().ring.mac());
        assert_eq!(
            verify_now(&token),
            Err(RefreshTokenError::UnknownKey),
            "{kid}"
        );
    }
    let nameless = r#"{"alg":"HS256","typ":"rt+jwt"}"#;
    let token = forge(nameless, &claims, keys().ring.mac());
    assert_eq!(verify_now(&token), Err(RefreshTokenError::Invalid));
}

#[test]
fn a_retired_mac_key_still_verifies_what_it_has_signed() {
    let mut stored = stored_ring();
    stored["refresh"][0]["state"] = json!("retired");
    stored["refresh"][1]["state"] = json!("active");
    let ring = load_ring(&stored).expect("the ring is fit for use");
    assert_ne!(ring.mac().kid(), keys().ring.mac().kid());
    assert_eq!(verify(&token(), &ring, NOW), Ok(claims()));
}

#[test]
fn the_key_of_one_ring_makes_no_token_of_another() {
    let mut stored = stored_ring();
    stored["refresh"][0]["key"] = stored["refresh"][1]["key"].clone();
    let other = load_ring(&stored).expect("the ring is fit for use");
    let token = sign(&claims(), other.mac()).expect("the key signs");
    assert_eq!(verify_now(&token), Err(RefreshTokenError::Invalid));
}
