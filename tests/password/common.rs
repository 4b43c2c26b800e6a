//! The list of common passwords that zxcvbn lets pass.

use std::collections::BTreeSet;

use shared::password::policy::{PasswordPolicy, check, guessable};

const LIST: &str = include_str!("../../shared/src/password/common/list.txt");

#[test]
fn the_list_is_sorted_in_lower_case_and_a_few_kilobytes_long() {
    let lines: Vec<&str> = LIST.lines().collect();
    assert_eq!(lines.len(), 502);
    assert!(lines.is_sorted_by(|one, next| one < next));
    assert!(lines.iter().all(|line| line.to_lowercase() == *line));
    assert!(lines.iter().all(|line| line.chars().count() >= 8));
    assert!(LIST.len() < 8 * 1024);
}

#[test]
fn what_is_on_the_list_is_refused_though_zxcvbn_lets_it_pass() {
    let policy = PasswordPolicy {
        min_length: 8,
        ..PasswordPolicy::default()
    };
    let allowed: Vec<&str> = LIST
        .lines()
        .filter(|line| check(&policy, line, &[]).is_ok())
        .collect();
    assert_eq!(allowed, Vec::<&str>::new());
    // zxcvbn measures dates by their distance from this year, so a few may cross over with time.
    let guessed = LIST.lines().filter(|line| guessable(line, &[]).is_some());
    assert!(guessed.count() < 10);
}

#[test]
fn letter_case_does_not_help_a_common_password() {
    let policy = PasswordPolicy {
        min_length: 8,
        ..PasswordPolicy::default()
    };
    let common = LIST.lines().find(|line| line.contains("rostik"));
    let shouted = common.expect("a password with letters").to_uppercase();
    assert_eq!(guessable(&shouted, &[]), None);
    let refusal = check(&policy, &shouted, &[]).expect_err("it is common");
    assert!(refusal.starts_with("This is a very common password."));
}

#[test]
#[ignore = "writes the list; shared/src/password/common/make.py calls it"]
fn the_list_is_made_anew_from_its_source() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let candidates = std::fs::read_to_string(format!("{root}/target/common-passwords.txt"))
        .expect("make.py has written the candidates");
    let list: BTreeSet<String> = candidates
        .lines()
        .filter(|candidate| guessable(candidate, &[]).is_none())
        .map(str::to_lowercase)
        .collect();
    let lines: Vec<&str> = list.iter().map(String::as_str).collect();
    std::fs::write(
        format!("{root}/shared/src/password/common/list.txt"),
        lines.join("\n") + "\n",
    )
    .expect("the list can be written");
}
