//! Keys of access tokens, parsed once. Each is pinned to one algorithm: no token chooses another.

use std::fmt;

use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey};
use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, Jwk, KeyOperations, PublicKeyUse, ThumbprintHash,
};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::{Map, Value};

use super::{KeyError, SigningAlgorithm, ecdsa, eddsa, rsa};

/// The members of a JWK that are secret (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1).
const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key that verifies access tokens.
pub struct VerifyingKey {
    jwk: Jwk,
    kid: String,
    algorithm: SigningAlgorithm,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    /// Takes a public key that is fit for use.
    ///
    /// # Errors
    ///
    /// Refuses what names none of our algorithms or is not of its algorithm's type, what is meant
    /// for another use, and a kid that is not the key's thumbprint. RSA keys have 2048, 3072 or 4096
    /// bits and the exponent 65537; others are points on P-256 or Ed25519.
    pub(super) fn new(jwk: Jwk) -> Result<Self, KeyError> {
        let algorithm = jwk.common.key_algorithm;
        let algorithm = algorithm
            .and_then(SigningAlgorithm::of_key)
            .ok_or(KeyError::Refused(
                "a signing key is for no algorithm of ours",
            ))?;
        let verifies = |uses: &[KeyOperations]| uses == [KeyOperations::Verify];
        if jwk
            .common
            .public_key_use
            .as_ref()
            .is_some_and(|usage| *usage != PublicKeyUse::Signature)
            || jwk
                .common
                .key_operations
                .as_deref()
                .is_some_and(|uses| !verifies(uses))
        {
            return Err(KeyError::Refused("a signing key is meant for another use"));
        }
        let key = match algorithm {
            SigningAlgorithm::Rs256 => rsa::public(&jwk.algorithm)?,
            SigningAlgorithm::Es256 => ecdsa::public(&jwk.algorithm)?,
            SigningAlgorithm::EdDsa => eddsa::public(&jwk.algorithm)?,
        };
        let said = jwk.common.key_id;
        let jwk = published(algorithm, jwk.algorithm)?;
        let kid = jwk.common.key_id.clone().unwrap_or_default();
        if said.as_ref() != Some(&kid) {
            return Err(KeyError::Refused(
                "a signing key's kid is not its thumbprint",
            ));
        }
        Ok(Self {
            jwk,
            kid,
            algorithm,
            key,
        })
    }

    /// The key's id, its thumbprint (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm that it is for.
    #[must_use]
    pub fn signs_by(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The key as a set of keys lists it (RFC 7517): `kty`, `kid`, `use`, `alg`, and `n` and `e`, or
    /// `crv`, `x` and `y`, or `crv` and `x` (RFC 8037).
    #[must_use]
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }
}

impl Verifier<Vec<u8>> for VerifyingKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        self.key
            .verify_sig(message, signature)
            .map_err(|_| Error::new())
    }
}

impl JwtVerifier for VerifyingKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm.of_tokens()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A private key that signs access tokens. AWS-LC wipes its memory when it is dropped.
pub struct SigningKey {
    kid: String,
    pair: Pair,
}

/// Both halves of a key.
pub(super) enum Pair {
    Rsa(KeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Pair {
    /// Reads a private key (PKCS#8, DER) of this algorithm.
    pub(super) fn read(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        match algorithm {
            SigningAlgorithm::Rs256 => rsa::pair(pkcs8).map(Self::Rsa),
            SigningAlgorithm::Es256 => ecdsa::pair(pkcs8).map(Self::Ecdsa),
            SigningAlgorithm::EdDsa => eddsa::pair(pkcs8).map(Self::Ed25519),
        }
    }

    fn algorithm(&self) -> SigningAlgorithm {
        match self {
            Self::Rsa(_) => SigningAlgorithm::Rs256,
            Self::Ecdsa(_) => SigningAlgorithm::Es256,
            Self::Ed25519(_) => SigningAlgorithm::EdDsa,
        }
    }

    /// The public half, as it is published.
    pub(super) fn public(&self) -> Result<Jwk, KeyError> {
        let parameters = match self {
            Self::Rsa(pair) => rsa::parameters(pair)?,
            Self::Ecdsa(pair) => ecdsa::parameters(pair)?,
            Self::Ed25519(pair) => eddsa::parameters(pair),
        };
        published(self.algorithm(), parameters)
    }
}

impl SigningKey {
    /// Takes the private half (PKCS#8, DER) of `public`.
    ///
    /// # Errors
    ///
    /// Refuses what is no key of its algorithm, or another one's.
    pub(super) fn new(pkcs8: &[u8], public: &VerifyingKey) -> Result<Self, KeyError> {
        let pair = Pair::read(public.algorithm, pkcs8)?;
        if pair.public()? != *public.jwk() {
            return Err(KeyError::Refused(
                "a private key does not match its public key",
            ));
        }
        let kid = public.kid.clone();
        Ok(Self { kid, pair })
    }

    /// The key's id, its thumbprint (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

impl Signer<Vec<u8>> for SigningKey {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = match &self.pair {
            Pair::Rsa(pair) => rsa::sign(pair, message),
            Pair::Ecdsa(pair) => ecdsa::sign(pair, message),
            Pair::Ed25519(pair) => eddsa::sign(pair, message),
        };
        signature.ok_or_else(Error::new)
    }
}

impl JwtSigner for SigningKey {
    fn algorithm(&self) -> Algorithm {
        self.pair.algorithm().of_tokens()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// Reads a public key, and refuses one with a member that no public key has.
pub(super) fn public_jwk<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Jwk, D::Error> {
    let members = Map::deserialize(deserializer)?;
    if SECRET.iter().any(|member| members.contains_key(*member)) {
        return Err(D::Error::custom("a public key has a secret member"));
    }
    // serde's own message would quote the value that is wrong.
    Jwk::deserialize(Value::Object(members)).map_err(|_| D::Error::custom("not a public key"))
}

/// A public key under its thumbprint (RFC 7638; RFC 8037, section 2, of Ed25519).
fn published(
    algorithm: SigningAlgorithm,
    parameters: AlgorithmParameters,
) -> Result<Jwk, KeyError> {
    let common = CommonParameters {
        public_key_use: Some(PublicKeyUse::Signature),
        key_algorithm: Some(algorithm.of_tokens().into()),
        ..Default::default()
    };
    let mut jwk = Jwk {
        common,
        algorithm: parameters,
    };
    let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256);
    let thumbprint = thumbprint.map_err(|_| KeyError::Refused("a key has no thumbprint"))?;
    jwk.common.key_id = Some(thumbprint);
    Ok(jwk)
}
