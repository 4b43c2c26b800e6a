//! Access tokens: no text is one, and of those that are well signed only ours with its time to come.
#![no_main]

use fuzz::{AUDIENCE, ISSUER, KEYS, NOW, forged, two_parts};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use shared::token::access::{Expected, verify};

const EXPECTED: Expected<'static> = Expected {
    issuer: ISSUER,
    audience: AUDIENCE,
};

// Two lines, a header and a payload. A header that is empty is ours.
fuzz_target!(|data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        let verdict = verify(text, &KEYS.published, &EXPECTED, NOW);
        assert!(verdict.is_err(), "an unsigned token is taken");
    }
    let key = KEYS.ring.signer(&KEYS.published).expect("an active key");
    let (header, payload) = two_parts(data);
    let alg = jsonwebtoken::crypto::JwtSigner::algorithm(key);
    let ours = format!(
        r#"{{"typ":"at+jwt","alg":"{alg:?}","kid":"{}"}}"#,
        key.kid()
    );
    let header = if header.is_empty() {
        ours.as_bytes()
    } else {
        header
    };
    let token = forged(header, payload, key);
    let Ok(claims) = verify(&token, &KEYS.published, &EXPECTED, NOW) else {
        return;
    };
    let claims: Value = serde_json::to_value(claims).expect("JSON");
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], AUDIENCE);
    assert!(claims["exp"].as_i64() > Some(NOW.seconds()));
    assert!(claims["iat"].as_i64() <= Some(NOW.seconds() + 60));
    let own = claims["client_id"] == "gatehouse";
    assert_ne!(own, claims["sub"] == claims["client_id"]);
});
