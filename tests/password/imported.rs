//! Hashes that other systems have made: each verifies as there, and is made anew at the first right
//! password.

use serde::Deserialize;
use shared::id::UserId;
use shared::password::keys::PasswordKeys;
use shared::password::{PasswordError, Passwords, Verdict};

use super::secret::{CHEAP, is_malformed, ready};

const FOREIGN: Verdict = Verdict::Right { weaker: true };

/// Made by the libraries themselves: `tests/vectors/passwords/make.py`.
const LIBRARIES: &str = include_str!("../vectors/passwords/hashes.json");

/// From the schemes' own documents: RFC 7914 section 12 in Django's spelling, RFC 6070 in passlib's, and the
/// vectors of jBCrypt, `crypt_blowfish` and passlib's documentation.
const PUBLISHED: [(&str, &str); 12] = [
    (
        "password",
        "scrypt$1024$NaCl$8$16$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA==",
    ),
    ("password", "$pbkdf2$1$c2FsdA$DGDID5YfDnHzqbUkr2ASBi/gN6Y"),
    ("password", "$pbkdf2$2$c2FsdA$6mwBTcctb4zNHtkqzh1B8NjeiVc"),
    (
        "password",
        "$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE",
    ),
    (
        "passwordPASSWORDpassword",
        "$pbkdf2$4096$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$PS7sT.QchJuAyNg2YsDkSospGpY",
    ),
    (
        "",
        "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
    ),
    (
        "a",
        "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
    ),
    (
        "abcdefghijklmnopqrstuvwxyz",
        "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.",
    ),
    (
        "U*U",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ),
    (
        "U*U*U",
        "$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
    ),
    (
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    ),
    (
        "password",
        "$argon2i$v=19$m=512,t=2,p=2$aI2R0hpDyLm3ltLa+1/rvQ$LqPKjd6n8yniKtAithoR7A",
    ),
];

#[derive(Deserialize)]
pub struct Vectors {
    pub made: Vec<Vector>,
    pub defaults: Vec<Vector>,
}

#[derive(Clone, Deserialize)]
pub struct Vector {
    pub source: String,
    pub password: String,
    pub hash: String,
}

pub fn vectors() -> Vectors {
    serde_json::from_str(LIBRARIES).expect("vectors")
}

fn user() -> UserId {
    UserId::from("user-123456")
}

pub fn verdict(
    (passwords, keys): (&Passwords, &PasswordKeys),
    hash: &str,
    password: &str,
) -> Result<Verdict, PasswordError> {
    let sealed = keys.seal(&user(), hash);
    passwords.verify(keys, &user(), Some(&sealed), password)
}

/// The hash with one character of its output otherwise.
fn altered(hash: &str) -> String {
    let at = hash.len() - 6;
    let other = if &hash[at..=at] == "a" { "b" } else { "a" };
    format!("{}{other}{}", &hash[..at], &hash[at + 1..])
}

#[tokio::test]
async fn every_librarys_hashes_verify_and_only_by_their_own_password() {
    let (passwords, keys) = ready(CHEAP).await;
    let by = (&passwords, &*keys);
    let vectors = vectors().made;
    assert!(vectors.len() > 60, "{}", vectors.len());
    for Vector {
        source,
        password,
        hash,
    } in &vectors
    {
        let ours = hash.starts_with("$argon2id$v=19$");
        let right = verdict(by, hash, password);
        let weaker = !ours || hash.contains("t=1");
        assert_eq!(right, Ok(Verdict::Right { weaker }), "{source}: {hash}");
        for wrong in ["other", "Correct horse", "correct hors", ""] {
            assert_eq!(verdict(by, hash, wrong), Ok(Verdict::Wrong), "{hash}");
        }
        let other = altered(hash);
        assert_eq!(verdict(by, &other, password), Ok(Verdict::Wrong), "{other}");
    }
}

#[tokio::test]
async fn the_published_vectors_verify() {
    let (passwords, keys) = ready(CHEAP).await;
    let by = (&passwords, &*keys);
    for (password, hash) in PUBLISHED {
        assert_eq!(verdict(by, hash, password), Ok(FOREIGN), "{hash}");
        let other = format!("{}x", password.get(..5).unwrap_or(password));
        assert_eq!(verdict(by, hash, &other), Ok(Verdict::Wrong), "{hash}");
    }
}

#[tokio::test]
async fn bcrypt_takes_the_first_72_bytes_and_no_nul() {
    let (passwords, keys) = ready(CHEAP).await;
    let by = (&passwords, &*keys);
    let vectors = vectors().made;
    let of = |source: &str, password: &str| {
        let mut found = vectors.iter().filter(|vector| vector.source == source);
        let found = found.find(|vector| password.is_empty() || vector.password == password);
        found.expect("a vector").clone()
    };
    let long = of("bcrypt, of a longer password", "");
    let seen = &long.password[..72];
    assert_eq!(verdict(by, &long.hash, seen), Ok(FOREIGN));
    let other_end = format!("{seen} and another end");
    assert_eq!(verdict(by, &long.hash, &other_end), Ok(FOREIGN));
    assert_eq!(verdict(by, &long.hash, &seen[..71]), Ok(Verdict::Wrong));
    // Django's digest takes all of it.
    let digested = of("Django bcrypt_sha256, of a longer password", "");
    assert_eq!(verdict(by, &digested.hash, seen), Ok(Verdict::Wrong));
    // Without the rule, `a`, `a\0` and `a\0a` would have one hash.
    let short = of("bcrypt", "a");
    for password in ["a\0", "a\0a", "a\0b"] {
        assert_eq!(verdict(by, &short.hash, password), Ok(Verdict::Wrong));
    }
}

#[tokio::test]
async fn another_salt_is_another_hash() {
    let (passwords, keys) = ready(CHEAP).await;
    let by = (&passwords, &*keys);
    for (old, new) in [
        ("NaCl", "NaCm"),
        ("$NaCl12345678", "$NaCl12345679"),
        ("CCCCC.", "CCCDC."),
        ("$c2FsdA$", "$c2FsdB$"),
    ] {
        let published = PUBLISHED
            .iter()
            .map(|(word, hash)| (*word, (*hash).to_owned()));
        let made = vectors().made;
        let made = made.iter().map(|made| (&*made.password, made.hash.clone()));
        let mut found = published.chain(made).filter(|(_, hash)| hash.contains(old));
        let (password, hash) = found.next().expect("a vector with this salt");
        let other = hash.replacen(old, new, 1);
        // A salt that base64 writes otherwise is no salt.
        let refused = verdict(by, &other, password);
        assert!(
            refused == Ok(Verdict::Wrong) || is_malformed(&refused),
            "{other}"
        );
    }
}

#[tokio::test]
async fn hashes_of_many_schemes_take_turns_in_one_memory() {
    let (passwords, keys) = ready(CHEAP).await;
    let vectors = vectors().made;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for vector in vectors.iter().step_by(3) {
                    let verdict = verdict((&passwords, &keys), &vector.hash, &vector.password);
                    assert!(
                        matches!(verdict, Ok(Verdict::Right { .. })),
                        "{}",
                        vector.source
                    );
                }
            });
        }
    });
}
