//! The keys that verify, as the table's `KEYS` row publishes them.

use std::collections::HashSet;
use std::sync::Arc;

use jsonwebtoken::jwk::Jwk;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cache::Cache;
use super::turn::Life;
use super::{KeyError, SigningAlgorithm, VerifyingKey, signing};
use crate::clock::Timestamp;

/// The `KEYS` row, its keys in the table aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeysRow {
    /// The version of the ring that the keys are from.
    pub version: u64,
    /// Public keys, one per kid: the list only gains entries, which leave by age.
    pub keys: Vec<PublishedKey>,
    /// Kids that no reader may trust any more, whatever `keys` says.
    pub revoked: Vec<String>,
    /// Tokens and sessions made before are refused. A token says when it was made in whole seconds,
    /// rounded down, so a whole second here refuses none that was made after.
    pub not_before: Timestamp,
    /// Counts the changes of the row, each of which is conditional on the one before.
    #[serde(default)]
    pub revision: u64,
}

/// One key of the `KEYS` row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublishedKey {
    /// The public key; its `kid` is its thumbprint.
    #[serde(deserialize_with = "signing::public_jwk")]
    pub jwk: Jwk,
    /// Where it stands in its life.
    #[serde(flatten)]
    pub life: Life,
    /// When this row first had it: it signs no sooner than three hours later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
}

/// The published keys that are not revoked, parsed and found fit for use.
#[derive(Debug)]
pub struct Published {
    keys: Vec<VerifyingKey>,
    revoked: HashSet<String>,
    not_before: Timestamp,
}

impl Published {
    /// Takes the row.
    ///
    /// # Errors
    ///
    /// [`KeyError::Refused`] when any of its keys is not fit for use, or two have the same kid.
    pub fn from_row(row: KeysRow) -> Result<Self, KeyError> {
        let mut keys = Vec::with_capacity(row.keys.len());
        let mut kids = HashSet::new();
        for published in row.keys {
            let key = VerifyingKey::new(published.jwk)?;
            if !kids.insert(key.kid().to_owned()) {
                return Err(KeyError::Refused("two keys have the same kid"));
            }
            if !row.revoked.iter().any(|kid| kid == key.kid()) {
                keys.push(key);
            }
        }
        Ok(Self {
            keys,
            revoked: row.revoked.into_iter().collect(),
            not_before: row.not_before,
        })
    }

    /// The key of this kid; none where it is unknown or revoked.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| key.kid() == kid)
    }

    /// Whether the key of this kid, a MAC key too, may be trusted no more, wherever it comes from.
    #[must_use]
    pub fn is_revoked(&self, kid: &str) -> bool {
        self.revoked.contains(kid)
    }

    /// The set of keys (RFC 7517, section 5) that others verify our tokens with.
    #[must_use]
    pub fn jwks(&self) -> Value {
        let keys: Vec<&Jwk> = self.keys.iter().map(VerifyingKey::jwk).collect();
        json!({ "keys": keys })
    }

    /// What they sign by, each algorithm once.
    #[must_use]
    pub fn algorithms(&self) -> Vec<SigningAlgorithm> {
        let signs =
            |algorithm: &SigningAlgorithm| self.keys.iter().any(|key| key.signs_by() == *algorithm);
        SigningAlgorithm::ALL.into_iter().filter(signs).collect()
    }

    /// Tokens and sessions made before this moment are refused.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Whether there is any key to verify with.
    #[must_use]
    pub fn has_key(&self) -> bool {
        !self.keys.is_empty()
    }
}

/// The published keys of a deployment, remembered as [`Cache`] says.
#[derive(Debug, Default)]
pub struct PublicKeys(Cache<Published>);

impl PublicKeys {
    /// The keys as of `now`; `load` reads the row where what is remembered is not fresh.
    ///
    /// # Errors
    ///
    /// What `load` answered, or as [`Published::from_row`].
    pub async fn get(
        &self,
        now: Timestamp,
        load: impl AsyncFnOnce() -> Result<KeysRow, KeyError>,
    ) -> Result<Arc<Published>, KeyError> {
        let load = async || Published::from_row(load().await?);
        self.0.get(now, load).await
    }

    /// Reads the row again, because of a kid that the remembered keys do not know.
    ///
    /// # Errors
    ///
    /// As [`PublicKeys::get`].
    pub async fn reload(
        &self,
        now: Timestamp,
        load: impl AsyncFnOnce() -> Result<KeysRow, KeyError>,
    ) -> Result<Arc<Published>, KeyError> {
        let load = async || Published::from_row(load().await?);
        self.0.reload(now, load).await
    }
}
