//! The ring as the secret holds it, in JSON.

use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::Jwk;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::turn::{Life, RingKey};
use super::{SigningAlgorithm, signing};

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Published, and promoted when its time comes.
    Next,
    /// The one that signs.
    Active,
    /// Signs no more, and still verifies what it has signed.
    Retired,
}

impl State {
    /// Its name, as the secret has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

/// The value of `ring` in the secret `keys`.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct StoredRing {
    /// Grows by 1 with every change of the ring.
    pub version: u64,
    pub signing: Vec<StoredSigningKey>,
    pub refresh: Vec<StoredMacKey>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredSigningKey {
    /// The public key's thumbprint (RFC 7638).
    pub kid: String,
    pub alg: SigningAlgorithm,
    #[serde(flatten)]
    pub life: Life,
    /// PKCS#8 in base64; a retired key has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<SecretText>,
    #[serde(deserialize_with = "signing::public_jwk")]
    pub public: Jwk,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredMacKey {
    /// Random: a thumbprint would be a hash of the key, and kids are no secret.
    pub kid: String,
    pub alg: Algorithm,
    #[serde(flatten)]
    pub life: Life,
    /// The key in base64url without padding.
    pub key: SecretText,
}

impl RingKey for StoredSigningKey {
    fn kid(&self) -> &str {
        &self.kid
    }

    fn life(&self) -> &Life {
        &self.life
    }

    fn life_mut(&mut self) -> &mut Life {
        &mut self.life
    }

    // Nobody may sign with it any more, whoever reads the secret.
    fn forget(&mut self) {
        self.private = None;
    }
}

impl RingKey for StoredMacKey {
    fn kid(&self) -> &str {
        &self.kid
    }

    fn life(&self) -> &Life {
        &self.life
    }

    fn life_mut(&mut self) -> &mut Life {
        &mut self.life
    }
}

/// Text that is wiped when dropped and has no `Debug`.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub(super) struct SecretText(pub String);
