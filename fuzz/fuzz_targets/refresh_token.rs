//! Refresh tokens: no text is one, and of those that are well MACed only what will end.
#![no_main]

use fuzz::{KEYS, NOW, forged, two_parts};
use libfuzzer_sys::fuzz_target;
use shared::token::refresh::{is_one, sign, verify};

// Two lines, a header and a payload. A header that is empty is ours.
fuzz_target!(|data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        let _ = is_one(text);
        assert!(
            verify(text, &KEYS.ring, NOW).is_err(),
            "a token without our MAC is taken"
        );
    }
    let key = KEYS.ring.mac();
    let (header, payload) = two_parts(data);
    let ours = format!(r#"{{"typ":"rt+jwt","alg":"HS256","kid":"{}"}}"#, key.kid());
    let header = if header.is_empty() {
        ours.as_bytes()
    } else {
        header
    };
    let token = forged(header, payload, key);
    if let Ok(claims) = verify(&token, &KEYS.ring, NOW) {
        assert!(claims.exp > NOW.seconds());
        let again = sign(&claims, key).expect("the key signs");
        assert_eq!(verify(&again, &KEYS.ring, NOW), Ok(claims));
    }
});
