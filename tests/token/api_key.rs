//! API keys.

use std::collections::BTreeSet;

use proptest::prelude::*;
use shared::api_key::{ApiKey, NoApiKey};
use shared::id::KeyId;

const ID: &str = "NudgeScribeDemo0000001";
const SECRET: &str = "OfTheLocalStackAloneAndWorthNothingElsewher";
/// Its last part is what zlib's crc32 gives for the rest, 282,829,084, in six digits.
const TEXT: &str =
    "gatehouse_NudgeScribeDemo0000001_OfTheLocalStackAloneAndWorthNothingElsewher_4ShVXm";

#[test]
fn a_key_is_four_parts_and_the_last_is_the_crc_32_of_the_rest() {
    let key = ApiKey::of(ID, SECRET).expect("the form of a key's");
    assert_eq!(key.text().as_str(), TEXT);
    let read = ApiKey::parse(TEXT).expect("a key");
    assert_eq!(read.id(), &KeyId::from(ID));
    assert!(read.hash() == key.hash());
    let other = ApiKey::of(ID, &SECRET.replace("Worth", "Earth")).expect("a key");
    assert!(other.hash() != key.hash());
}

#[test]
fn new_keys_are_read_again_and_none_is_like_another() {
    let keys: Vec<ApiKey> = (0..500).map(|_| ApiKey::random()).collect();
    let texts: BTreeSet<String> = keys.iter().map(|key| key.text().to_string()).collect();
    let ids: BTreeSet<&str> = keys.iter().map(|key| key.id().as_str()).collect();
    assert_eq!((texts.len(), ids.len()), (500, 500));
    // The second part of 256 random bits takes all 62 digits, and begins with any below 2^256.
    let secrets = texts
        .iter()
        .map(|text| text.split('_').nth(2).expect("one"));
    let digits: BTreeSet<char> = secrets.flat_map(str::chars).collect();
    assert_eq!(digits.len(), 62);
    for key in &keys {
        let text = key.text();
        assert_eq!(text.len(), 83);
        let read = ApiKey::parse(&text).expect("a key");
        assert_eq!(read.id(), key.id());
        assert!(read.hash() == key.hash());
    }
}

#[test]
fn nothing_but_the_id_shows_in_a_log() {
    let key = ApiKey::of(ID, SECRET).expect("a key");
    assert_eq!(
        format!("{key:?}"),
        format!("ApiKey {{ id: KeyId({ID:?}), .. }}")
    );
    assert_eq!(format!("{:?}", key.hash()), "SecretHash");
}

#[test]
fn another_form_is_no_key_and_has_no_id() {
    let long = format!("{TEXT}_{}", "0".repeat(100_000));
    for wrong in [
        "",
        "gatehouse",
        "gatehouse___",
        "_",
        ID,
        &TEXT.to_uppercase(),
        &TEXT.replace("gatehouse", "gatehous"),
        &TEXT.replace("gatehouse", "gatehouse_"),
        &TEXT.replace('_', "-"),
        &TEXT.replace("0000001", "000001"),
        &TEXT.replace("0000001", "00000001"),
        &TEXT.replace("Worth", "Wort"),
        &TEXT.replace("Worth", "Wörth"),
        &TEXT.replace("Worth", "Wort "),
        &long,
        "gatehouse_NudgeScribeDemo0000001_OfTheLocalStackAloneAndWorthNothingElsewher",
    ] {
        assert_eq!(
            ApiKey::parse(wrong).err(),
            Some(NoApiKey(None)),
            "{wrong:?}"
        );
    }
    for wrong in [
        ("", SECRET),
        (ID, ""),
        (SECRET, ID),
        ("Nudge_cribeDemo0000001", SECRET),
    ] {
        assert!(ApiKey::of(wrong.0, wrong.1).is_none(), "{wrong:?}");
    }
}

#[test]
fn another_checksum_is_no_key_and_names_the_one_that_was_tried() {
    let tried = Some(NoApiKey(Some(KeyId::from(ID))));
    for checksum in [
        "", "4ShVX", "4ShVXm0", "04ShVXm", "4ShVXn", "4shvxm", "4ShVXm\n", "4ShVXm ",
    ] {
        let wrong = TEXT.replace("4ShVXm", checksum);
        assert_eq!(ApiKey::parse(&wrong).err(), tried, "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn a_key_with_another_character_is_none(place in 0..83_usize, with in "[0-9A-Za-z_]") {
        let mut text = ApiKey::random().text().to_string();
        prop_assume!(text[place..=place] != with);
        text.replace_range(place..=place, &with);
        prop_assert!(ApiKey::parse(&text).is_err());
    }

    #[test]
    fn a_key_with_two_neighbours_changed_about_is_none(place in 0..82_usize) {
        let text = ApiKey::random().text().to_string();
        let mut bytes = text.clone().into_bytes();
        bytes.swap(place, place + 1);
        let swapped = String::from_utf8(bytes).expect("ASCII");
        prop_assume!(swapped != text);
        prop_assert!(ApiKey::parse(&swapped).is_err());
    }

    #[test]
    fn whatever_is_read_is_the_text_of_what_it_is_read_as(text in "(gatehouse_)?[0-9A-Za-z_]{0,90}") {
        if let Ok(key) = ApiKey::parse(&text) {
            prop_assert_eq!(key.text().to_string(), text);
        }
    }

    #[test]
    fn anything_is_read_or_refused(text in ".*") {
        let _ = ApiKey::parse(&text);
    }
}
