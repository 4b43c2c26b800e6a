//! What is no hash, and what would cost too much, is refused before anything is spent.

use shared::config::Argon2Cost;
use shared::password::Verdict;

use super::imported::{Vector, vectors, verdict};
use super::secret::{CHEAP, is_malformed, ready};

/// Whoever raises a bound too little or lowers it too far locks somebody out.
#[tokio::test]
async fn what_the_libraries_make_unasked_is_within_the_bounds() {
    let (passwords, _) = ready(Argon2Cost::LEAST).await;
    for vector in vectors().defaults {
        assert!(passwords.stored(&vector.hash).is_ok(), "{}", vector.source);
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

/// How long this thread has been on a CPU, in milliseconds: on a busy machine the clock says nothing. `None`
/// where the system does not tell.
fn cpu_ms() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = text.split(' ').next()?.parse().ok()?;
    Some(nanoseconds / 1_000_000)
}

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
        let scheme = passwords.stored(&hash).expect("within bounds").scheme();
        let began = cpu_ms();
        let verdict = verdict((&passwords, &keys), &hash, "password");
        let took = cpu_ms().zip(began).map(|(ended, began)| ended - began);
        assert_eq!(verdict, Ok(Verdict::Wrong));
        println!("{scheme}: {took:?} ms at its bound");
        assert!(took.is_none_or(|took| took < 8000), "{scheme}: {took:?} ms");
    }
}
