//! Which new passwords are refused.

use proptest::prelude::*;
use shared::password::policy::{PasswordPolicy, check};

fn default() -> PasswordPolicy {
    PasswordPolicy::default()
}

#[test]
fn a_policy_without_members_asks_for_twelve_characters_and_strength() {
    let policy: PasswordPolicy = serde_json::from_str("{}").expect("a policy");
    assert_eq!(policy, default());
    assert_eq!((policy.min_length, policy.check_strength), (12, true));
}

#[test]
fn eleven_characters_are_refused_and_twelve_are_not() {
    let refusal = check(&default(), "vQz8-kW2mXa", &[]);
    let text = "The password must have at least 12 characters.";
    assert_eq!(refusal, Err(text.to_owned()));
    assert_eq!(check(&default(), "vQz8-kW2mXa!", &[]), Ok(()));
}

#[test]
fn characters_are_code_points_and_not_bytes() {
    // 11 code points in 44 bytes, then 12; an accent of its own counts.
    let eleven = "😀🦀🎻🧊🪁🛶🧭🪵🍋🫐🦉";
    assert!(check(&default(), eleven, &[]).is_err());
    assert_eq!(check(&default(), &format!("{eleven}\u{301}"), &[]), Ok(()));
}

#[test]
fn a_password_of_64_characters_and_one_of_1024_bytes_are_accepted() {
    let long = "correct mule battery staple and seven grey owls over the harbour ".repeat(16);
    assert_eq!(check(&default(), &long[..64], &[]), Ok(()));
    assert_eq!(check(&default(), &long[..1024], &[]), Ok(()));
}

#[test]
fn no_composition_is_asked_for() {
    assert_eq!(check(&default(), "mauve tractor oversleeps", &[]), Ok(()));
    assert_eq!(check(&default(), "70916358240173", &[]), Ok(()));
}

#[test]
fn what_is_easy_to_guess_is_refused_with_advice() {
    let refusal = check(&default(), "aaaaaaaaaaaaaaa", &[]).expect_err("it repeats");
    assert_eq!(
        refusal,
        "Repeats like \"aaa\" are easy to guess. Add another word or two. Uncommon words are \
         better. Avoid repeated words and characters."
    );
    assert!(check(&default(), "password1234", &[]).is_err());
    assert!(check(&default(), "qwertyuiop[]", &[]).is_err());
}

#[test]
fn the_products_and_the_callers_words_count_as_guessed() {
    assert!(check(&default(), "gatehouse2024!", &[]).is_err());
    let password = "zybrinkowitsch42";
    assert_eq!(check(&default(), password, &[]), Ok(()));
    assert!(check(&default(), password, &["Zybrinkowitsch"]).is_err());
    assert!(check(&default(), password, &["zybrinkowitsch@example.com"]).is_err());
}

#[test]
fn a_tenant_without_the_strength_check_has_its_length_alone() {
    let nuxera = PasswordPolicy {
        min_length: 7,
        check_strength: false,
    };
    assert_eq!(check(&nuxera, "1234Acd", &[]), Ok(()));
    assert!(check(&nuxera, "1234Ac", &[]).is_err());
}

#[test]
fn the_strength_is_that_of_the_first_64_characters() {
    let start = "mauve tractor oversleeps";
    assert_eq!(
        check(&default(), &format!("{start}{}", "a".repeat(1000)), &[]),
        Ok(())
    );
    assert!(check(&default(), &format!("{}{start}", "a".repeat(64)), &[]).is_err());
    assert_eq!(
        check(&default(), &format!("{}{start}", "a".repeat(40)), &[]),
        Ok(())
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_refusal_quotes_the_password(password in "\\PC{12,40}") {
        if let Err(refusal) = check(&default(), &password, &["acme"]) {
            prop_assert!(!refusal.contains(&password));
        }
    }
}
