//! Access tokens.

use serde_json::{Value, json};
use shared::clock::Timestamp;
use shared::id::{SessionId, TenantId, UserId};
use shared::keys::SigningKey;
use shared::keys::published::Published;
use shared::store::session::Owner;
use shared::token::access::{AccessClaims, Claims, Expected, TokenError, sign, verify};

use super::{BY, NOW, forge, keys};

const EXPECTED: Expected<'static> = Expected {
    issuer: "https://auth.example",
    audience: "https://api.example",
};

pub(super) fn claims() -> Claims {
    Claims::User(user_claims())
}

fn user_claims() -> AccessClaims {
    AccessClaims {
        iss: EXPECTED.issuer.to_owned(),
        aud: EXPECTED.audience.to_owned(),
        sub: UserId::from("user-123456"),
        client_id: "gatehouse".to_owned(),
        sid: SessionId::from("session-1"),
        jti: "token-1".to_owned(),
        iat: NOW.seconds(),
        exp: NOW.seconds() + 900,
        email: "doctor.smith@example.com".to_owned(),
        tenant_id: TenantId::from("nuxera"),
        role: "physician".to_owned(),
    }
}

fn signer() -> &'static SigningKey {
    keys()
        .ring
        .signer(&keys().published)
        .expect("there is a signer")
}

pub(super) fn token() -> String {
    sign(&claims(), signer()).expect("the key signs")
}

pub(super) fn verify_now(token: &str) -> Result<Claims, TokenError> {
    verify(token, &keys().published, &EXPECTED, NOW)
}

/// Every test here, to be repeated by each algorithm.
pub(super) const ALL: [fn(); 16] = [
    a_signed_token_verifies_to_the_claims_that_were_signed,
    a_token_names_its_type_algorithm_and_key_and_exactly_the_claims_of_the_contract,
    a_token_ends_at_exp_without_leeway,
    a_token_is_called_expired_only_where_all_else_is_good,
    iat_and_nbf_may_be_60_seconds_ahead_and_no_more,
    times_are_integers,
    times_at_the_end_of_the_scale_neither_overflow_nor_pass,
    issuer_and_audience_are_one_exact_string_each,
    every_claim_must_be_there_once_and_of_its_type,
    claims_that_are_no_object_are_refused,
    a_clients_own_token_is_a_clients_and_one_issued_to_another_client_is_nobodys,
    a_token_of_another_type_opens_nothing,
    a_token_names_a_key_of_ours,
    a_token_of_a_revoked_key_is_one_of_an_unknown_key,
    a_token_made_before_not_before_is_refused,
    claims_are_shown_without_the_e_mail_address,
];

/// The claims with one member changed, well signed; a null takes the member away.
fn with(member: &str, value: Value) -> String {
    let mut claims = serde_json::to_value(claims()).expect("claims are JSON");
    claims[member] = value;
    if claims[member].is_null() {
        claims.as_object_mut().expect("an object").remove(member);
    }
    signed(&claims.to_string())
}

pub(super) fn signed(payload: &str) -> String {
    forge(&header("at+jwt"), payload, signer())
}

fn header(typ: &str) -> String {
    json!({ "alg": BY.get(), "typ": typ, "kid": signer().kid() }).to_string()
}

#[test]
fn a_signed_token_verifies_to_the_claims_that_were_signed() {
    assert_eq!(verify_now(&token()), Ok(claims()));
}

#[test]
fn a_token_names_its_type_algorithm_and_key_and_exactly_the_claims_of_the_contract() {
    use base64::Engine;
    let token = token();
    let part = |index| -> Value {
        let part = token.split('.').nth(index).expect("it has parts");
        let json = base64::prelude::BASE64_URL_SAFE_NO_PAD
            .decode(part)
            .expect("base64url");
        serde_json::from_slice(&json).expect("JSON")
    };
    assert_eq!(
        part(0),
        json!({ "typ": "at+jwt", "alg": BY.get(), "kid": signer().kid() })
    );
    assert_eq!(
        part(1),
        json!({
            "iss": "https://auth.example", "aud": "https://api.example", "sub": "user-123456",
            "client_id": "gatehouse", "sid": "session-1", "jti": "token-1",
            "iat": 1_740_806_922, "exp": 1_740_807_822, "email": "doctor.smith@example.com",
            "tenant_id": "nuxera", "role": "physician",
        })
    );
}

#[test]
fn a_token_ends_at_exp_without_leeway() {
    let token = token();
    let end = Timestamp::from_seconds(user_claims().exp);
    let verify_at = |now| verify(&token, &keys().published, &EXPECTED, now);
    assert_eq!(
        verify_at(Timestamp::from_millis(end.millis() - 1)),
        Ok(claims())
    );
    let expired = Err(TokenError::Expired(Box::new(claims())));
    assert_eq!(verify_at(end), expired);
    assert_eq!(verify_at(end.plus_seconds(86_400)), expired);
}

#[test]
fn a_token_is_called_expired_only_where_all_else_is_good() {
    let end = Timestamp::from_seconds(user_claims().exp);
    for wrong in [
        with("iss", json!("https://other.example")),
        with("client_id", json!("other")),
        with("iat", json!(end.seconds() + 61)),
        with("email", Value::Null),
        token().replace('.', "..").replacen("..", ".", 1),
        format!("{}AAAA", &token()[..token().len() - 4]),
    ] {
        let refused = verify(&wrong, &keys().published, &EXPECTED, end);
        assert_eq!(refused, Err(TokenError::Invalid));
    }
}

#[test]
fn iat_and_nbf_may_be_60_seconds_ahead_and_no_more() {
    for member in ["iat", "nbf"] {
        let ahead = |seconds| with(member, json!(NOW.seconds() + seconds));
        assert!(verify_now(&ahead(60)).is_ok(), "{member}");
        assert_eq!(verify_now(&ahead(61)), Err(TokenError::Invalid), "{member}");
        let nearly = Timestamp::from_millis(NOW.millis() + 999);
        let refused = verify(&ahead(61), &keys().published, &EXPECTED, nearly);
        assert_eq!(refused, Err(TokenError::Invalid), "{member}");
    }
}

#[test]
fn times_are_integers() {
    for member in ["exp", "iat", "nbf"] {
        let seconds = if member == "exp" {
            NOW.seconds() + 9
        } else {
            NOW.seconds()
        };
        assert!(
            verify_now(&with(member, json!(seconds))).is_ok(),
            "{member}"
        );
        let claims = serde_json::to_string(&claims()).expect("claims are JSON");
        let claims = match member {
            "exp" => claims.replace("1740807822", "TIME"),
            "iat" => claims.replace("1740806922", "TIME"),
            _ => claims.replace("\"exp\"", "\"nbf\":TIME,\"exp\""),
        };
        assert!(verify_now(&signed(&claims.replace("TIME", &seconds.to_string()))).is_ok());
        for wrong in [
            format!("{seconds}.0"),
            format!("{seconds}.5"),
            format!("\"{seconds}\""),
            "1e9".to_owned(),
            "9223372036854775808".to_owned(),
            "null".to_owned(),
            "true".to_owned(),
            format!("[{seconds}]"),
        ] {
            let token = signed(&claims.replace("TIME", &wrong));
            assert_eq!(
                verify_now(&token),
                Err(TokenError::Invalid),
                "{member} {wrong}"
            );
        }
    }
}

#[test]
fn times_at_the_end_of_the_scale_neither_overflow_nor_pass() {
    assert!(verify_now(&with("exp", json!(i64::MAX))).is_ok());
    assert!(matches!(
        verify_now(&with("exp", json!(i64::MIN))),
        Err(TokenError::Expired(_))
    ));
    assert_eq!(
        verify_now(&with("iat", json!(i64::MAX))),
        Err(TokenError::Invalid)
    );
    assert_eq!(
        verify_now(&with("iat", json!(i64::MIN))),
        Err(TokenError::Invalid)
    );
}

#[test]
fn issuer_and_audience_are_one_exact_string_each() {
    for (member, right) in [("iss", EXPECTED.issuer), ("aud", EXPECTED.audience)] {
        assert!(verify_now(&with(member, json!(right))).is_ok());
        for wrong in [
            json!([right]),
            json!([right, "https://other.example"]),
            json!(""),
            json!(format!("{right}/")),
            json!(right.to_uppercase()),
            json!({ "0": right }),
            Value::Null,
        ] {
            let refused = verify_now(&with(member, wrong.clone()));
            assert_eq!(refused, Err(TokenError::Invalid), "{member} {wrong}");
        }
    }
}

#[test]
fn every_claim_must_be_there_once_and_of_its_type() {
    let claims = serde_json::to_value(claims()).expect("claims are JSON");
    for member in claims.as_object().expect("an object").keys() {
        assert_eq!(
            verify_now(&with(member, Value::Null)),
            Err(TokenError::Invalid),
            "{member}"
        );
        assert_eq!(
            verify_now(&with(member, json!({}))),
            Err(TokenError::Invalid),
            "{member}"
        );
        let text = claims.to_string();
        let twice = text.replacen('{', &format!("{{\"{member}\":{},", claims[member]), 1);
        assert_eq!(
            verify_now(&signed(&twice)),
            Err(TokenError::Invalid),
            "{member}"
        );
    }
}

#[test]
fn claims_that_are_no_object_are_refused() {
    let values: Vec<Value> = serde_json::to_value(claims())
        .map(|claims| {
            claims
                .as_object()
                .expect("an object")
                .values()
                .cloned()
                .collect()
        })
        .expect("claims are JSON");
    for payload in [
        String::new(),
        "null".into(),
        "{}".into(),
        json!(values).to_string(),
    ] {
        assert_eq!(
            verify_now(&signed(&payload)),
            Err(TokenError::Invalid),
            "{payload}"
        );
    }
}

#[test]
fn a_clients_own_token_is_a_clients_and_one_issued_to_another_client_is_nobodys() {
    let mut client = serde_json::to_value(claims()).expect("claims are JSON");
    client["sub"] = json!("client-1");
    client["client_id"] = json!("client-1");
    assert_eq!(
        verify_now(&signed(&client.to_string())),
        Err(TokenError::Invalid),
        "without a scope"
    );
    // What makes a user's token makes none of a client's.
    client["scope"] = json!("read:users");
    let verified = verify_now(&signed(&client.to_string())).expect("a client's token");
    assert_eq!(verified.owner(), Owner::Client("client-1".into()));
    assert!(matches!(verified, Claims::Client(claims) if claims.scope.allows("read:users")));
    for (member, value) in [("client_id", "client-1"), ("sub", "gatehouse")] {
        assert_eq!(
            verify_now(&with(member, json!(value))),
            Err(TokenError::Invalid)
        );
    }
}

#[test]
fn a_token_of_another_type_opens_nothing() {
    let claims = serde_json::to_string(&claims()).expect("claims are JSON");
    assert!(verify_now(&forge(&header("at+jwt"), &claims, signer())).is_ok());
    for typ in [
        "JWT",
        "rt+jwt",
        "id+jwt",
        "AT+JWT",
        "application/at+jwt",
        "",
    ] {
        let token = forge(&header(typ), &claims, signer());
        assert_eq!(verify_now(&token), Err(TokenError::Invalid), "{typ}");
    }
    let untyped = json!({ "alg": BY.get(), "kid": signer().kid() }).to_string();
    assert_eq!(
        verify_now(&forge(&untyped, &claims, signer())),
        Err(TokenError::Invalid)
    );
}

#[test]
fn a_token_names_a_key_of_ours() {
    let claims = serde_json::to_string(&claims()).expect("claims are JSON");
    let nameless = json!({ "alg": BY.get(), "typ": "at+jwt" }).to_string();
    assert_eq!(
        verify_now(&forge(&nameless, &claims, signer())),
        Err(TokenError::Invalid)
    );
    for kid in [
        "",
        "unknown",
        "../../KEYS",
        "https://attacker.example/k",
        "' OR 1=1",
    ] {
        let header = json!({ "alg": BY.get(), "typ": "at+jwt", "kid": kid }).to_string();
        let token = forge(&header, &claims, signer());
        assert_eq!(verify_now(&token), Err(TokenError::UnknownKey), "{kid}");
    }
    // Another key of ours, which has not signed it.
    let next = keys().row.keys[1].jwk.common.key_id.clone();
    let header = json!({ "alg": BY.get(), "typ": "at+jwt", "kid": next }).to_string();
    assert_eq!(
        verify_now(&forge(&header, &claims, signer())),
        Err(TokenError::Invalid)
    );
}

#[test]
fn a_token_of_a_revoked_key_is_one_of_an_unknown_key() {
    let mut row = keys().row.clone();
    row.revoked = vec!["unrelated".to_owned()];
    let published = Published::from_row(row.clone()).expect("the row is fit for use");
    assert!(verify(&token(), &published, &EXPECTED, NOW).is_ok());
    row.revoked.push(signer().kid().to_owned());
    let published = Published::from_row(row).expect("the row is fit for use");
    assert_eq!(
        verify(&token(), &published, &EXPECTED, NOW),
        Err(TokenError::UnknownKey)
    );
}

#[test]
fn a_token_made_before_not_before_is_refused() {
    let with_not_before = |millis| {
        let mut row = keys().row.clone();
        row.not_before = Timestamp::from_millis(millis);
        Published::from_row(row).expect("the row is fit for use")
    };
    let published = with_not_before(NOW.millis());
    assert!(verify(&token(), &published, &EXPECTED, NOW).is_ok());
    let published = with_not_before(NOW.millis() + 1);
    assert_eq!(
        verify(&token(), &published, &EXPECTED, NOW),
        Err(TokenError::Invalid)
    );
}

#[test]
fn claims_are_shown_without_the_e_mail_address() {
    let shown = format!("{:?}", TokenError::Expired(Box::new(claims())));
    assert!(shown.contains("session-1"));
    assert!(!shown.contains("doctor.smith"));
}
