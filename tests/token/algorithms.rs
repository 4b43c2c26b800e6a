//! Each algorithm that access tokens may be signed by, and no key's but its own.

use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::signature::Signer as _;
use shared::keys::{SigningAlgorithm, SigningKey};
use shared::token::jws::{Malformed, parse};

use super::{BY, access, forge, keys, mutation};

fn signer() -> &'static SigningKey {
    keys().ring.signer(&keys().published).expect("a signer")
}

/// Does this by each algorithm; the test's thread goes back to the default.
fn by_each(test: impl Fn(SigningAlgorithm)) {
    for algorithm in SigningAlgorithm::ALL {
        BY.set(algorithm);
        test(algorithm);
    }
    BY.set(SigningAlgorithm::Rs256);
}

#[test]
fn every_test_of_access_tokens_holds_by_each_algorithm() {
    by_each(|_| {
        for test in access::ALL.iter().chain(&mutation::ALL) {
            test();
        }
    });
}

#[test]
fn a_header_with_another_algorithm_than_the_keys_is_refused() {
    by_each(|algorithm| {
        let public = keys().published.find(signer().kid()).expect("published");
        assert_eq!(public.signs_by(), algorithm);
        assert_eq!(
            JwtSigner::algorithm(signer()),
            JwtVerifier::algorithm(public)
        );
        for alg in ["RS256", "ES256", "EdDSA", "HS256", "ES384", "PS256"] {
            let header = format!(r#"{{"alg":"{alg}","typ":"t"}}"#);
            let token = forge(&header, "{}", signer());
            let verified = parse(&token, Some("t")).and_then(|token| token.verify(public));
            let expected = if alg == algorithm.name() {
                Ok(b"{}".to_vec())
            } else {
                Err(Malformed)
            };
            assert_eq!(verified, expected, "{alg} by {algorithm}");
        }
    });
}

#[test]
fn a_signature_by_one_kind_of_key_is_none_by_another() {
    let mut tokens = Vec::new();
    for algorithm in SigningAlgorithm::ALL {
        BY.set(algorithm);
        let header = format!(r#"{{"alg":"{algorithm}","typ":"t"}}"#);
        tokens.push((algorithm, forge(&header, "{}", signer())));
    }
    by_each(|verifier| {
        let public = keys().published.find(signer().kid()).expect("published");
        for (algorithm, token) in &tokens {
            let verified = parse(token, Some("t")).and_then(|token| token.verify(public));
            assert_eq!(
                verified.is_ok(),
                *algorithm == verifier,
                "{algorithm} {verifier}"
            );
        }
    });
}

#[test]
fn only_es256_signs_the_same_message_otherwise_each_time() {
    by_each(|algorithm| {
        let sign = || signer().try_sign(b"message").expect("it signs");
        let same = sign() == sign();
        assert_eq!(same, algorithm != SigningAlgorithm::Es256, "{algorithm}");
        let length = if algorithm == SigningAlgorithm::Rs256 {
            256
        } else {
            64
        };
        assert_eq!(sign().len(), length, "{algorithm}");
    });
}

#[test]
fn names_are_those_of_the_registry_and_no_symmetric_one_is_among_them() {
    let names = SigningAlgorithm::ALL.map(SigningAlgorithm::name);
    assert_eq!(names, ["RS256", "ES256", "EdDSA"]);
    for name in names {
        assert_eq!(name.parse::<SigningAlgorithm>().unwrap().name(), name);
    }
    for other in ["HS256", "none", "", "rs256", "RS512", "Ed25519"] {
        assert!(other.parse::<SigningAlgorithm>().is_err(), "{other}");
    }
    assert_eq!(SigningAlgorithm::default(), SigningAlgorithm::Rs256);
}
