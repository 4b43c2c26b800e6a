//! Which new passwords are refused (NIST SP 800-63B: length and guessability, no composition rule).

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

/// A tenant's rules for new passwords.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordPolicy {
    /// The fewest characters, counted in code points (12).
    pub min_length: u32,
    /// Whether passwords that are easy to guess or common are refused (true).
    pub check_strength: bool,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            min_length: 12,
            check_strength: true,
        }
    }
}

/// The common passwords that zxcvbn lets pass; `common/README.md` says where they come from.
const COMMON: &str = include_str!("common/list.txt");

/// How many code points zxcvbn is shown.
const SHOWN: usize = 64;

/// zxcvbn's own words for lack of others.
const ADVICE: &str = "Add another word or two. Uncommon words are better.";

/// Checks a new password of at most 1,024 bytes. `words` are those that a guesser would try first:
/// the names of the tenant, the user and their organization.
///
/// # Errors
///
/// The reason and what would help, in words for the user that never quote the password.
pub fn check(policy: &PasswordPolicy, password: &str, words: &[&str]) -> Result<(), String> {
    let least = policy.min_length;
    if password.chars().count() < usize::try_from(least).unwrap_or(usize::MAX) {
        return Err(format!(
            "The password must have at least {least} characters."
        ));
    }
    if !policy.check_strength {
        return Ok(());
    }
    if let Some(advice) = guessable(password, words) {
        return Err(advice);
    }
    if is_common(password) {
        return Err(format!("This is a very common password. {ADVICE}"));
    }
    Ok(())
}

/// zxcvbn's advice on a password that it scores below 3 of 4. It is shown the first 64 code points
/// alone: of 100 letters in the worst choice of lookalikes (`4@8({[<3…`) it makes 0.8 s of work, of
/// 64 0.3 s, and what is left out can only make a password stronger.
#[must_use]
pub fn guessable(password: &str, words: &[&str]) -> Option<String> {
    let start = Zeroizing::new(password.chars().take(SHOWN).collect::<String>());
    let estimate = zxcvbn(&start, &parts(words));
    if estimate.score() >= Score::Three {
        return None;
    }
    let advice = estimate
        .feedback()
        .map(|feedback| feedback.to_string().trim().to_owned());
    Some(advice.unwrap_or_else(|| ADVICE.to_owned()))
}

/// The product's name, and each word whole and in its parts: zxcvbn finds in a password only what
/// is there as given, and of `john.doe@example.com` people use `john` and `doe`.
fn parts<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let split = |word: &'w str| word.split(|c: char| !c.is_alphanumeric());
    let mut parts = vec!["gatehouse"];
    parts.extend(words.iter().filter(|word| !word.is_empty()));
    parts.extend(
        words
            .iter()
            .copied()
            .flat_map(split)
            .filter(|part| part.len() > 2),
    );
    parts
}

fn is_common(password: &str) -> bool {
    let lower = Zeroizing::new(password.to_lowercase());
    COMMON.lines().any(|common| common == *lower)
}
