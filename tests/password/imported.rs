//! Hashes that other systems have made: each verifies as there, is made anew at the first right password,
//! and none can cost more than its bound.

use serde::Deserialize;
use shared::clock::Clock;
use shared::config::Argon2Cost;
use shared::id::UserId;
use shared::password::keys::PasswordKeys;
use shared::password::{PasswordError, Passwords, Verdict};

use super::secret::{CHEAP, is_malformed, ready};

const FOREIGN: Verdict = Verdict::Right { weaker: true };

/// Made by the libraries themselves: `tests/vectors/passwords/make.py`.
const LIBRARIES: &str = include_str!("../vectors/passwords/hashes.json");

/// From the schemes' own documents: RFC 7914 section 12 and RFC 6070, in passlib's spelling, and the
/// vectors of jBCrypt, crypt_blowfish and passlib's documentation.
const PUBLISHED: [(&str, &str); 13] = [
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
        "$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdeA$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M",
    ),
    (
        "password",
        "$argon2i$v=19$m=512,t=2,p=2$aI2R0hpDyLm3ltLa+1/rvQ$LqPKjd6n8yniKtAithoR7A",
    ),
];

#[derive(Deserialize)]
struct Vectors {
    made: Vec<Vector>,
    defaults: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    source: String,
    password: String,
    hash: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(LIBRARIES).expect("vectors")
}

fn user() -> UserId {
    UserId::from("user-123456")
}

fn verdict(
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

/// Whoever raises a bound too little or lowers it too far locks somebody out.
#[tokio::test]
async fn what_the_libraries_make_unasked_is_within_the_bounds() {
    let (passwords, _) = ready(Argon2Cost::LEAST).await;
    for vector in vectors().defaults {
        assert!(passwords.stored(&vector.hash).is_ok(), "{}", vector.source);
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
        found.expect("a vector").clone_of()
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

impl Vector {
    fn clone_of(&self) -> Self {
        Self {
            source: self.source.clone(),
            password: self.password.clone(),
            hash: self.hash.clone(),
        }
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
async fn what_is_cut_or_longer_or_written_otherwise_is_refused_without_a_hash() {
    let (passwords, keys) = ready(CHEAP).await;
    let by = (&passwords, &*keys);
    for Vector { hash, .. } in vectors().made {
        let argon2 = hash.contains("argon2");
        let phc_pbkdf2 = hash.contains("$i=");
        let mut others = vec![
            format!("{hash}$"),
            format!("{hash} "),
            format!(" {hash}"),
            format!("{hash}\n"),
            hash.replacen('$', "$$", 1),
            hash.to_uppercase(),
            format!("{hash}{}", "A".repeat(600)),
            hash[..hash.len() / 2].to_owned(),
            hash.rsplit_once('$').expect("parts").0.to_owned(),
        ];
        // Of these the length of the output is free, within bounds.
        if !argon2 && !phc_pbkdf2 && !hash.starts_with("$scrypt") {
            others.push(hash[..hash.len() - 4].to_owned());
            others.push(format!("{hash}AAAA"));
        }
        for other in others {
            let refused = verdict(by, &other, "correct horse");
            assert!(is_malformed(&refused), "{other} {refused:?}");
        }
    }
    assert_eq!(passwords.hashes(), 0);
}

#[tokio::test]
async fn no_scheme_that_is_unknown_broken_or_plain_is_taken() {
    let (passwords, keys) = ready(CHEAP).await;
    let by = (&passwords, &*keys);
    let hex = "0".repeat(128);
    for hash in [
        "",
        "password",
        "!",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "md5$salt$67a1e09bb1f83f5007dc119c14d663aa",
        "sha256$salt$13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322",
        "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$6$salt$x",
        "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
        "$2$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e.",
        "$2b$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW.",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKv\u{e9}eW",
        "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "pbkdf2:md5:9$salt$00",
        "pbkdf2:sha256$salt$00",
        "pbkdf2_sha256$9$salt$",
        "pbkdf2_sha512$9$salt$AAAA",
        "$pbkdf2-sha256$+9$c2FsdA$AAAA",
        "$pbkdf2-sha256$i=9,l=16$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$pbkdf2-sha256$i=9,x=32$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=6,r=8$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$r=8,ln=6,p=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &format!("scrypt:63:8:1$salt${hex}"),
        &format!("scrypt:0:8:1$salt${hex}"),
        &format!("scrypt:1:8:1$salt${hex}"),
        &format!("scrypt:64:0:1$salt${hex}"),
        &format!("scrypt:64:8:0$salt${hex}"),
        &format!("scrypt:64:8:1$${hex}"),
        &format!("scrypt:064:8:1$salt${hex}"),
        &format!("scrypt:64:8:1$salt${}", hex.replace('0', "A")),
    ] {
        let refused = verdict(by, hash, "password");
        assert!(is_malformed(&refused), "{hash} {refused:?}");
    }
    assert_eq!(passwords.hashes(), 0);
}

/// At the bound and beyond it; beyond, nothing may be spent, which these would show by never ending.
#[tokio::test]
async fn a_hash_beyond_its_bound_is_refused_before_anything_is_spent() {
    let (passwords, keys) = ready(Argon2Cost::LEAST).await;
    let by = (&passwords, &*keys);
    let argon2 = |cost: &str| {
        format!("$argon2id$v=19${cost}$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
    };
    let bcrypt =
        |cost: &str| format!("$2b${cost}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
    let scrypt = |cost: &str| format!("scrypt:{cost}$salt${}", "0".repeat(128));
    let phc = |ln: &str| {
        format!("$scrypt$ln={ln},r=8,p=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    };
    let pbkdf2 = |rounds: &str| format!("pbkdf2:sha256:{rounds}$salt${}", "0".repeat(64));
    let long = |rounds: &str| {
        let output = "A".repeat(86);
        format!("$pbkdf2-sha256$i={rounds},l=64$c2FsdHNhbHQ${output}")
    };
    let within = [
        argon2("m=262144,t=16,p=1"),
        argon2("m=41943,t=100,p=16"),
        bcrypt("14"),
        scrypt("131072:8:1"),
        scrypt("131072:8:4"),
        scrypt("4096:32:16"),
        phc("17"),
        pbkdf2("4000000"),
        long("2000000"),
    ];
    for hash in within {
        assert!(passwords.stored(&hash).is_ok(), "{hash}");
    }
    let beyond = [
        argon2("m=4194304,t=1,p=1"),
        argon2("m=262144,t=17,p=1"),
        argon2("m=19456,t=101,p=1"),
        argon2("m=19456,t=2,p=17"),
        argon2("m=4294967295,t=4294967295,p=16777215"),
        argon2("m=99999999999,t=2,p=1"),
        bcrypt("15"),
        bcrypt("31"),
        bcrypt("99"),
        scrypt("262144:8:1"),
        scrypt("131072:8:5"),
        scrypt("2:33:1"),
        scrypt("2:1:17"),
        scrypt("2147483648:1:1"),
        scrypt("2:4294967295:4294967295"),
        phc("18"),
        phc("63"),
        phc("64"),
        phc("255"),
        phc("4294967295"),
        pbkdf2("4000001"),
        pbkdf2("2147483648"),
        pbkdf2("4294967296"),
        pbkdf2("0"),
        long("2000001"),
    ];
    for hash in beyond {
        let refused = verdict(by, &hash, "password");
        assert!(is_malformed(&refused), "{hash} {refused:?}");
    }
    assert_eq!(passwords.hashes(), 0);
}

/// Printed, for `docs/import.md`; the assertion is the functions' deadline, far off.
#[tokio::test]
async fn the_costliest_hash_of_each_scheme_ends_well_within_a_functions_time() {
    let (passwords, keys) = ready(Argon2Cost::LEAST).await;
    let costliest = [
        "$argon2id$v=19$m=262144,t=16,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
            .to_owned(),
        "$2b$14$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".to_owned(),
        format!("scrypt:131072:8:4$salt${}", "0".repeat(128)),
        format!("pbkdf2:sha512:4000000$salt${}", "0".repeat(128)),
    ];
    for hash in costliest {
        let stored = passwords.stored(&hash).expect("within bounds");
        let began = Clock::System.now().millis();
        let verdict = verdict((&passwords, &keys), &hash, "password");
        let took = Clock::System.now().millis() - began;
        assert_eq!(verdict, Ok(Verdict::Wrong));
        println!("{}: {took} ms at its bound", stored.scheme());
        assert!(took < 12_000, "{}: {took} ms", stored.scheme());
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
