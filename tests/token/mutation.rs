//! No change of a token, however small, is accepted, and no input stops the parser.

use proptest::prelude::*;
use shared::token::jws::parse;

use super::{access, refresh};

/// The tests of access tokens, to be repeated by each algorithm.
pub(super) const ALL: [fn(); 6] = [
    no_changed_access_token_is_accepted,
    no_flipped_bit_of_an_access_token_is_accepted,
    no_mixture_of_two_tokens_is_accepted,
    no_text_is_a_token,
    no_header_and_payload_stop_the_parser,
    no_signed_payload_but_our_own_is_accepted,
];

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// The token with `removed` characters from `at` on replaced by `inserted`.
fn change(token: &str, at: prop::sample::Index, removed: usize, inserted: &str) -> String {
    let at = at.index(token.len() + 1);
    let end = (at + removed).min(token.len());
    format!("{}{inserted}{}", &token[..at], &token[end..])
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_changed_access_token_is_accepted(
        at: prop::sample::Index, removed in 0..4_usize, inserted in "[A-Za-z0-9_.=-]{0,3}"
    ) {
        let token = access::token();
        let changed = change(&token, at, removed, &inserted);
        prop_assume!(changed != token);
        prop_assert!(access::verify_now(&changed).is_err());
    }

    #[test]
    fn no_changed_refresh_token_is_accepted(
        at: prop::sample::Index, removed in 0..4_usize, inserted in "\\PC{0,3}"
    ) {
        let token = refresh::token();
        let changed = change(&token, at, removed, &inserted);
        prop_assume!(changed != token);
        prop_assert!(refresh::verify_now(&changed).is_err());
    }

    #[test]
    fn no_flipped_bit_of_an_access_token_is_accepted(at: prop::sample::Index, bit in 0..7_u32) {
        let mut changed = access::token().into_bytes();
        let at = at.index(changed.len());
        changed[at] ^= 1 << bit;
        let changed = String::from_utf8(changed).expect("still ASCII");
        prop_assert!(access::verify_now(&changed).is_err());
    }

    #[test]
    fn no_mixture_of_two_tokens_is_accepted(first in 0..3_usize, second in 0..3_usize) {
        let (access, refresh) = (access::token(), refresh::token());
        let (ours, theirs): (Vec<_>, Vec<_>) = (access.split('.').collect(), refresh.split('.').collect());
        let mut mixed = ours.clone();
        mixed[first] = theirs[second];
        prop_assert!(access::verify_now(&mixed.join(".")).is_err());
        prop_assert!(refresh::verify_now(&mixed.join(".")).is_err());
    }

    #[test]
    fn no_text_is_a_token(text in "\\PC*") {
        prop_assert!(parse(&text, Some("at+jwt")).is_err());
        prop_assert!(access::verify_now(&text).is_err());
        prop_assert!(refresh::verify_now(&text).is_err());
    }

    #[test]
    fn no_header_and_payload_stop_the_parser(
        header: Vec<u8>, payload: Vec<u8>, signature: Vec<u8>
    ) {
        let [header, payload, signature] = [header, payload, signature].map(super::base64url);
        let token = format!("{header}.{payload}.{signature}");
        prop_assert!(access::verify_now(&token).is_err());
    }

    #[test]
    fn no_signed_payload_but_our_own_is_accepted(
        payload in r#"(\{("[a-z_]{0,9}":(-?[0-9.e]{0,20}|"\PC{0,9}"|\[\{),?){0,9}\}?|\PC*)"#
    ) {
        prop_assert!(access::verify_now(&access::signed(&payload)).is_err());
    }
}
