//! Names are canonical once, and lookalikes belong to nobody.

use std::collections::HashSet;

use proptest::prelude::*;
use shared::auth::login_name::LoginName;
use shared::error::Error;

fn name(text: &str) -> LoginName {
    LoginName::parse("username", text).expect("a name")
}

fn refusal(text: &str) -> String {
    match LoginName::parse("email", text) {
        Err(Error::BadRequest(what)) => what,
        other => panic!("expected a bad request, got {other:?}"),
    }
}

#[test]
fn letter_case_and_composition_make_no_other_name() {
    assert_eq!(name("Alice@Acme.FR"), name("alice@acme.fr"));
    assert_eq!(name("Ren\u{e9}"), name("rene\u{301}"));
    assert_eq!(name("REN\u{c9}"), name("rene\u{301}"));
    // One character only in lower case.
    assert_eq!(name("H\u{331}"), name("\u{1e96}"));
    assert_ne!(name("rene"), name("ren\u{e9}"));
}

#[test]
fn the_hash_is_sha_256_of_the_canonical_name_in_hex() {
    assert_eq!(name("John").canonical(), "john");
    assert_eq!(
        name("John").hash(),
        "96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a"
    );
}

#[test]
fn a_name_has_at_most_254_bytes() {
    assert_eq!(name(&"n".repeat(254)).canonical().len(), 254);
    assert_eq!(
        refusal(&"n".repeat(255)),
        "email must be at most 254 bytes long"
    );
    // Bytes, not characters.
    assert!(LoginName::parse("email", &"\u{e9}".repeat(127)).is_ok());
    assert!(LoginName::parse("email", &"\u{e9}".repeat(128)).is_err());
}

#[test]
fn spaces_and_control_characters_are_refused_and_not_trimmed() {
    let spaces = [
        " ", "\t", "\n", "\0", "\u{7f}", "\u{85}", "\u{a0}", "\u{2003}", "\u{2028}", "\u{3000}",
    ];
    for space in spaces {
        for text in [
            format!("{space}john"),
            format!("john{space}"),
            format!("jo{space}hn"),
        ] {
            assert_eq!(
                refusal(&text),
                "email must have no spaces and no control characters"
            );
        }
    }
}

#[test]
fn a_name_has_one_at_sign_or_none() {
    assert_eq!(
        refusal("john@doe@example.com"),
        "email must have at most one @"
    );
    assert_eq!(name("@").canonical(), "@");
}

#[test]
fn an_empty_name_is_refused() {
    assert_eq!(refusal(""), "email must not be empty");
}

#[test]
fn a_lookalike_of_ascii_belongs_to_nobody() {
    let lookalikes = [
        ("kelvin", "\u{212a}elvin"),
        ("john@example.com", "john\u{ff20}example.com"),
        ("fire", "\u{fb01}re"),
        ("istanbul", "\u{130}stanbul"),
        ("john2", "john\u{b2}"),
        ("alice", "\u{ff41}lice"),
    ];
    for (real, lookalike) in lookalikes {
        let nobody = name(lookalike);
        assert_ne!(nobody.hash(), name(real).hash());
        assert_eq!(nobody.hash().len(), 64);
        // No name that is accepted has a canonical text with a space.
        assert!(nobody.canonical().starts_with(' '));
    }
}

#[test]
fn of_all_characters_exactly_those_that_give_ascii_are_nobodys() {
    // Ideographs and Hangul left out: a hundred thousand that all do the same.
    let blocks = [
        '\u{80}'..='\u{33ff}',
        '\u{a000}'..='\u{abff}',
        '\u{e000}'..='\u{1ffff}',
        '\u{2f800}'..='\u{2fa1f}',
        '\u{e0000}'..='\u{e01ef}',
    ];
    let mut nobodys = 0;
    for c in blocks.into_iter().flatten() {
        if c.is_whitespace() || c.is_control() {
            continue;
        }
        let text = c.to_string();
        let canonical = name(&text).canonical().to_owned();
        if canonical.is_ascii() || canonical.contains(|c: char| c.is_ascii()) {
            assert!(canonical.starts_with(' '), "U+{:04X}", u32::from(c));
            nobodys += 1;
        } else {
            assert_eq!(
                name(&canonical).canonical(),
                canonical,
                "U+{:04X}",
                u32::from(c)
            );
        }
    }
    assert!((1000..3000).contains(&nobodys), "{nobodys}");
}

#[test]
fn a_name_is_shown_by_no_debug_output() {
    assert_eq!(format!("{:?}", name("alice@acme.fr")), "LoginName(..)");
}

proptest! {
    #[test]
    fn the_canonical_name_is_its_own(text in "\\PC{1,20}") {
        let Ok(once) = LoginName::parse("username", &text) else { return Ok(()) };
        if !once.canonical().starts_with(' ') {
            let twice = LoginName::parse("username", once.canonical());
            // Only its length can refuse it: some characters come apart into many.
            if let Ok(twice) = twice {
                prop_assert_eq!(twice, once);
            }
        }
    }

    #[test]
    fn no_refusal_quotes_the_name(text in "[a-z]{6,12}@[a-z]{3}@[a-z]{3}") {
        prop_assert!(!refusal(&text).contains(&text));
    }
}

#[test]
fn names_that_differ_have_hashes_that_differ() {
    let names = [
        "john",
        "john@example.com",
        "\u{212a}",
        "k",
        "\u{ff4b}",
        "\u{17f}",
        "s",
    ];
    let hashes: HashSet<String> = names.iter().map(|text| name(text).hash()).collect();
    // The Kelvin sign and the full-width k are nobody's alike.
    assert_eq!(hashes.len(), names.len() - 1);
}
