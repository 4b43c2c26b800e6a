//! Hashing and verifying: argon2id, one hash for every verdict, stronger at the next login.

use shared::config::Argon2Cost;
use shared::error::Error;
use shared::id::UserId;
use shared::password::{MAX_BYTES, PasswordError, Verdict};

use super::secret::{CHEAP, is_malformed, ready};

const RIGHT: Verdict = Verdict::Right { weaker: false };

/// From the test of the reference implementation (phc-winner-argon2, test.c).
const REFERENCE: [&str; 2] = [
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
];

fn user() -> UserId {
    UserId::from("user-123456")
}

#[tokio::test]
async fn a_new_hash_has_the_least_cost_that_is_accepted_and_a_salt_of_its_own() {
    let (passwords, keys) = ready(Argon2Cost::LEAST).await;
    let open = |sealed: &str| keys.open(&user(), sealed).expect("it opens").to_string();
    let one = open(
        &passwords
            .hash(&keys, &user(), "one password")
            .expect("a hash"),
    );
    let other = open(
        &passwords
            .hash(&keys, &user(), "one password")
            .expect("a hash"),
    );
    for phc in [&one, &other] {
        let parts: Vec<&str> = phc.split('$').collect();
        assert_eq!(parts[..4], ["", "argon2id", "v=19", "m=19456,t=2,p=1"]);
        // 16 and 32 bytes in base64.
        assert_eq!((parts[4].len(), parts[5].len()), (22, 43));
    }
    assert_ne!(one.split('$').nth(4), other.split('$').nth(4));
    let sealed = keys.seal(&user(), &one);
    let verdict = passwords.verify(&keys, &user(), Some(&sealed), "one password");
    assert_eq!(verdict, Ok(RIGHT));
    assert_eq!(passwords.hashes(), 3);
}

#[tokio::test]
async fn the_reference_implementations_hashes_verify() {
    let (passwords, keys) = ready(CHEAP).await;
    for phc in REFERENCE {
        let sealed = keys.seal(&user(), phc);
        let verdict = |password| passwords.verify(&keys, &user(), Some(&sealed), password);
        assert!(matches!(verdict("password"), Ok(Verdict::Right { .. })));
        assert_eq!(verdict("Password"), Ok(Verdict::Wrong));
    }
}

#[tokio::test]
async fn a_password_counts_byte_for_byte() {
    let (passwords, keys) = ready(CHEAP).await;
    let hashed = |password: &str| passwords.hash(&keys, &user(), password).expect("a hash");
    let others = [
        // Never normalised, folded, trimmed, or cut at a NUL.
        ("ren\u{e9}", "rene\u{301}"),
        ("Password", "password"),
        ("password ", "password"),
        (" password", "password"),
        ("pass\0word", "pass"),
        ("pass\0word", "pass\0Word"),
        ("\u{ff4b}elvin", "kelvin"),
    ];
    for (password, other) in others {
        let sealed = hashed(password);
        let verdict = |password| passwords.verify(&keys, &user(), Some(&sealed), password);
        assert_eq!(verdict(password), Ok(RIGHT), "{password:?}");
        assert_eq!(verdict(other), Ok(Verdict::Wrong), "{password:?} {other:?}");
    }
}

#[tokio::test]
async fn the_last_byte_of_a_long_password_counts() {
    let (passwords, keys) = ready(CHEAP).await;
    for length in [64, 73, MAX_BYTES] {
        let password = "x".repeat(length);
        let sealed = passwords.hash(&keys, &user(), &password).expect("a hash");
        let verdict = |password: &str| passwords.verify(&keys, &user(), Some(&sealed), password);
        assert_eq!(verdict(&password), Ok(RIGHT));
        assert_eq!(verdict(&password[1..]), Ok(Verdict::Wrong));
        assert_eq!(verdict(&format!("{}y", &password[1..])), Ok(Verdict::Wrong));
    }
}

#[tokio::test]
async fn every_verdict_costs_one_hash_for_unknown_users_too() {
    let (passwords, keys) = ready(CHEAP).await;
    let sealed = passwords.hash(&keys, &user(), "secret").expect("a hash");
    assert_eq!(passwords.hashes(), 1);
    let unknown = passwords.verify(&keys, &user(), None, "secret");
    assert_eq!((unknown, passwords.hashes()), (Ok(Verdict::Wrong), 2));
    let wrong = passwords.verify(&keys, &user(), Some(&sealed), "other");
    assert_eq!((wrong, passwords.hashes()), (Ok(Verdict::Wrong), 3));
    let right = passwords.verify(&keys, &user(), Some(&sealed), "secret");
    assert_eq!((right, passwords.hashes()), (Ok(RIGHT), 4));
}

#[tokio::test]
async fn a_hash_is_weaker_by_any_of_its_parameters() {
    let (passwords, keys) = ready(CHEAP).await;
    let costs = [
        (CHEAP, false),
        (
            Argon2Cost {
                memory_kib: 63,
                ..CHEAP
            },
            true,
        ),
        (
            Argon2Cost {
                iterations: 1,
                ..CHEAP
            },
            true,
        ),
        (
            Argon2Cost {
                parallelism: 1,
                ..CHEAP
            },
            true,
        ),
        (
            Argon2Cost {
                memory_kib: 65,
                ..CHEAP
            },
            false,
        ),
        (
            Argon2Cost {
                iterations: 3,
                ..CHEAP
            },
            false,
        ),
        (
            Argon2Cost {
                parallelism: 3,
                ..CHEAP
            },
            false,
        ),
        // More of one does not make up for less of another.
        (
            Argon2Cost {
                memory_kib: 1024,
                iterations: 1,
                parallelism: 2,
            },
            true,
        ),
    ];
    for (cost, weaker) in costs {
        let (then, _) = ready(cost).await;
        let sealed = then.hash(&keys, &user(), "secret").expect("a hash");
        let verdict = passwords.verify(&keys, &user(), Some(&sealed), "secret");
        assert_eq!(verdict, Ok(Verdict::Right { weaker }), "{cost:?}");
        // Whoever does not know the password learns nothing of its hash.
        let verdict = passwords.verify(&keys, &user(), Some(&sealed), "other");
        assert_eq!(verdict, Ok(Verdict::Wrong));
    }
}

#[tokio::test]
async fn a_malformed_hash_is_an_error_and_costs_no_hash() {
    let (passwords, keys) = ready(CHEAP).await;
    let salt_and_hash = "c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let hashes = [
        String::new(),
        "password".to_owned(),
        format!("$argon2$v=19$m=256,t=2,p=1${salt_and_hash}"),
        format!("$argon2ie$v=19$m=256,t=2,p=1${salt_and_hash}"),
        format!("$argon2id$v=17$m=256,t=2,p=1${salt_and_hash}"),
        format!("$argon2id$v=19$m=256,t=2${salt_and_hash}"),
        format!("$argon2id$v=19$m=256,t=2,p=1,t=2${salt_and_hash}"),
        format!("$argon2id$v=19$m=256,t=2,p=1,keyid=Zm9v${salt_and_hash}"),
        format!("$argon2id$v=19$m=-1,t=2,p=1${salt_and_hash}"),
        format!("$argon2id$v=19$m=256,t=2,p=1${salt_and_hash}$"),
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ".to_owned(),
        "$argon2id$v=19$m=256,t=2,p=1$c2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
            .to_owned(),
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65".to_owned(),
        // Beyond the caps.
        format!("$argon2id$v=19$m=262145,t=2,p=1${salt_and_hash}"),
        format!("$argon2id$v=19$m=256,t=101,p=1${salt_and_hash}"),
        format!("$argon2id$v=19$m=256,t=2,p=17${salt_and_hash}"),
    ];
    for phc in hashes {
        let sealed = keys.seal(&user(), &phc);
        let verdict = passwords.verify(&keys, &user(), Some(&sealed), "password");
        assert!(is_malformed(&verdict), "{phc} {verdict:?}");
    }
    assert_eq!(passwords.hashes(), 0);
}

#[tokio::test]
async fn a_cost_that_argon2id_does_not_have_is_an_error() {
    let (passwords, keys) = ready(CHEAP).await;
    for cost in [
        "m=7,t=1,p=1",
        "m=15,t=1,p=2",
        "m=256,t=0,p=1",
        "m=256,t=1,p=0",
    ] {
        let phc = REFERENCE[0].replace("m=256,t=2,p=1", cost);
        let sealed = keys.seal(&user(), &phc);
        assert!(is_malformed(&passwords.verify(
            &keys,
            &user(),
            Some(&sealed),
            "password"
        )));
    }
}

#[tokio::test]
async fn one_instance_hashes_correctly_for_many_threads_and_costs() {
    let (passwords, keys) = ready(CHEAP).await;
    let (large, _) = ready(Argon2Cost {
        memory_kib: 2048,
        ..CHEAP
    })
    .await;
    let small = passwords.hash(&keys, &user(), "secret").expect("a hash");
    let large = large.hash(&keys, &user(), "secret").expect("a hash");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for sealed in [&small, &large, &small] {
                    let verdict = |word| passwords.verify(&keys, &user(), Some(sealed), word);
                    assert_eq!(verdict("secret"), Ok(RIGHT));
                    assert_eq!(verdict("other"), Ok(Verdict::Wrong));
                }
            });
        }
    });
    assert_eq!(passwords.hashes(), 1 + 4 * 3 * 2);
}

#[test]
fn an_unknown_key_is_answered_503_and_a_malformed_hash_500() {
    assert!(matches!(
        Error::from(PasswordError::UnknownKey),
        Error::Unavailable(_)
    ));
    let malformed = PasswordError::Malformed("it is malformed");
    assert_eq!(
        Error::from(malformed),
        Error::Internal("it is malformed".to_owned())
    );
}

#[tokio::test]
async fn what_hashes_shows_no_key() {
    let (passwords, keys) = ready(CHEAP).await;
    assert_eq!(format!("{keys:?}"), "PasswordKeys(..)");
    let shown = format!("{passwords:?}");
    assert!(shown.starts_with("Passwords { cost: ") && !shown.contains("keys"));
}
