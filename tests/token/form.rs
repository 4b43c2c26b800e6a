//! The form that every token must have, through `shared::token::jws`.

use serde_json::json;
use shared::token::jws::{LONGEST, Malformed, parse};

use super::{base64url, forge, keys};

fn header(extra: &str) -> String {
    format!(r#"{{"alg":"HS256","typ":"t","kid":"k"{extra}}}"#)
}

/// Whether a token with this header, well signed, is taken and verified.
fn is_accepted(header: &str) -> bool {
    let mac = keys().ring.mac();
    let token = forge(header, "{}", mac);
    parse(&token, Some("t"))
        .and_then(|token| token.verify(mac))
        .is_ok()
}

#[test]
fn a_token_of_three_canonical_parts_is_taken() {
    assert!(is_accepted(&header("")));
    assert!(is_accepted(" {\"typ\" : \"t\",\n\t\"alg\":\"HS256\"}\r\n"));
}

#[test]
fn a_token_may_have_8_kib_and_no_byte_more() {
    let mac = keys().ring.mac();
    // Base64 has no part of one character more than whole fours: a space in the header evens out.
    let of_length = |length| {
        let headers = [header(""), header("") + " "];
        let tokens = headers.iter().flat_map(|header| {
            (6000..6100).map(|payload| forge(header, &"p".repeat(payload), mac))
        });
        tokens
            .filter(|token| token.len() == length)
            .map(|token| parse(&token, Some("t")).is_ok())
            .next()
    };
    assert_eq!(of_length(LONGEST), Some(true));
    assert_eq!(of_length(LONGEST + 1), Some(false));
}

#[test]
fn anything_but_three_parts_is_refused() {
    let token = forge(&header(""), "{}", keys().ring.mac());
    let parts: Vec<&str> = token.split('.').collect();
    let [head, payload, signature] = parts[..] else {
        panic!("three parts");
    };
    for wrong in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        head.to_owned(),
        format!("{head}.{payload}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{head}..{payload}.{signature}"),
        format!(" {token}"),
        format!("{token}\n"),
    ] {
        assert_eq!(parse(&wrong, Some("t")).err(), Some(Malformed), "{wrong:?}");
    }
}

#[test]
fn a_part_in_other_than_canonical_base64url_is_refused() {
    let mac = keys().ring.mac();
    // A payload of one byte leaves four unused bits, and one of 0xfb 0xff needs both odd letters.
    let token = forge(&header(""), "p", mac);
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts[1], "cA");
    for payload in [
        "cB", "cA==", "cA=", "c A", "cA\n", "c", "+/8", "-_8=", "c\u{e9}",
    ] {
        let wrong = format!("{}.{payload}.{}", parts[0], parts[2]);
        assert_eq!(
            parse(&wrong, Some("t")).err(),
            Some(Malformed),
            "{payload:?}"
        );
    }
    let right = format!("{}.-_8.{}", parts[0], parts[2]);
    assert!(parse(&right, Some("t")).is_ok());
    for wrong in [format!("{}=", parts[0]), format!("{}==", parts[0])] {
        let wrong = format!("{wrong}.cA.{}", parts[2]);
        assert_eq!(parse(&wrong, Some("t")).err(), Some(Malformed));
    }
    assert_eq!(
        parse(&format!("{token}="), Some("t")).err(),
        Some(Malformed)
    );
}

#[test]
fn a_header_that_is_no_json_object_is_refused() {
    for header in [
        "",
        "null",
        "[]",
        r#"["HS256","t","k"]"#,
        r#""HS256""#,
        "{}",
        "{",
        r#"{"alg":"HS256","typ":"t","kid":"k"}}"#,
        r#"{"alg":"HS256","typ":"t","kid":"k"} {}"#,
        "\u{feff}{\"alg\":\"HS256\",\"typ\":\"t\",\"kid\":\"k\"}",
        r#"{"alg":"HS256","typ":"t","kid":7}"#,
        r#"{"alg":["HS256"],"typ":"t","kid":"k"}"#,
        r#"{"typ":"t","kid":"k"}"#,
    ] {
        assert!(!is_accepted(header), "{header}");
    }
}

#[test]
fn a_header_of_invalid_utf_8_is_refused() {
    let header = base64url(b"{\"alg\":\"HS256\",\"typ\":\"t\",\"kid\":\"\xff\"}");
    assert_eq!(
        parse(&format!("{header}.e30.AA"), Some("t")).err(),
        Some(Malformed)
    );
}

#[test]
fn a_header_with_a_member_twice_is_refused() {
    for twice in [
        r#","alg":"HS256""#,
        r#","alg":"none""#,
        r#","typ":"t""#,
        r#","kid":"k""#,
        r#","\u006bid":"other""#,
    ] {
        assert!(!is_accepted(&header(twice)), "{twice}");
    }
}

#[test]
fn a_header_that_changes_the_rules_or_brings_a_key_is_refused() {
    let jwk = json!({ "kty": "oct", "k": base64url([7; 32]) });
    for extra in [
        r#","crit":["exp"]"#.to_owned(),
        r#","crit":["b64"],"b64":true"#.to_owned(),
        r#","crit":[]"#.to_owned(),
        r#","crit":null"#.to_owned(),
        r#","b64":false"#.to_owned(),
        r#","b64":true"#.to_owned(),
        r#","zip":"DEF""#.to_owned(),
        r#","jku":"https://attacker.example/keys""#.to_owned(),
        r#","x5u":"https://attacker.example/chain""#.to_owned(),
        r#","x5c":["MIIB"]"#.to_owned(),
        format!(r#","jwk":{jwk}"#),
    ] {
        assert!(!is_accepted(&header(&extra)), "{extra}");
    }
}

#[test]
fn only_the_algorithm_of_our_key_is_accepted() {
    for alg in [
        "none", "None", "NONE", "", "HS384", "HS512", "RS256", "ES256", "hs256",
    ] {
        let header = header("").replace("HS256", alg);
        assert!(!is_accepted(&header), "{alg}");
    }
}

#[test]
fn a_public_key_is_never_taken_for_a_mac_key() {
    let keys = keys();
    let signer = keys
        .ring
        .signer(&keys.published)
        .expect("there is a signer");
    let public = keys.published.find(signer.kid()).expect("it is published");
    // Signed by the MAC key, offered to the RSA key, and the reverse: the header does not choose.
    let header = header("");
    let token = forge(&header, "{}", keys.ring.mac());
    let unverified = parse(&token, Some("t")).expect("its form is good");
    assert_eq!(unverified.verify(public), Err(Malformed));
    let token = forge(&header.replace("HS256", "RS256"), "{}", signer);
    let unverified = parse(&token, Some("t")).expect("its form is good");
    assert_eq!(unverified.verify(keys.ring.mac()), Err(Malformed));
    let unverified = parse(&token, Some("t")).expect("its form is good");
    assert!(unverified.verify(public).is_ok());
}

#[test]
fn the_type_is_the_one_that_the_caller_expects() {
    let token = forge(&header(""), "{}", keys().ring.mac());
    assert!(parse(&token, Some("t")).is_ok());
    for other in [None, Some(""), Some("T"), Some("application/t")] {
        assert_eq!(parse(&token, other).err(), Some(Malformed), "{other:?}");
    }
}

#[test]
fn a_signature_of_another_length_is_refused() {
    let keys = keys();
    let token = forge(&header(""), "{}", keys.ring.mac());
    let (signed, signature) = token.rsplit_once('.').expect("it has parts");
    for wrong in [
        String::new(),
        signature[..40].to_owned(),
        format!("{signature}A"),
        "AA".into(),
    ] {
        let wrong = format!("{signed}.{wrong}");
        let verified = parse(&wrong, Some("t")).and_then(|token| token.verify(keys.ring.mac()));
        assert_eq!(verified, Err(Malformed));
    }
}
