//! The secret `passwords` as text: its keys, and which of them are refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::clock::Timestamp;
use crate::keys::mac::is_random;
use crate::keys::turn::{Life, RingKey};
use crate::keys::{KeyError, State};
use crate::random;

/// The length of every key, in bytes.
const KEY_BYTES: usize = 32;

/// The ring as the secret holds it.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Ring {
    /// Counts the changes of the ring.
    pub(super) version: u64,
    /// AES-256 keys. A retired one stays for good: hashes may be sealed under it.
    pub(super) sealing: Vec<Entry>,
    /// HMAC keys. Where the active one changes, failures are counted anew.
    pub(super) names: Vec<Entry>,
}

impl Ring {
    /// Looks at every key, whatever its state.
    pub(super) fn check(&self) -> Result<(), KeyError> {
        let mut kids = Vec::with_capacity(self.sealing.len() + self.names.len());
        for entry in self.sealing.iter().chain(&self.names) {
            if !is_kid(&entry.kid) {
                return Err(KeyError::Refused("a key id has other characters"));
            }
            if kids.contains(&&entry.kid) {
                return Err(KeyError::Refused("two keys have one id"));
            }
            kids.push(&entry.kid);
            entry.key_bytes()?;
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Entry {
    #[zeroize(skip)]
    pub(super) kid: String,
    #[zeroize(skip)]
    #[serde(flatten)]
    life: Life,
    /// 32 bytes, base64url without padding.
    key: String,
}

impl Entry {
    /// A new key, which is not used yet.
    pub(super) fn random(now: Timestamp) -> Self {
        let key = Zeroizing::new(random::bytes::<KEY_BYTES>());
        Self {
            kid: URL_SAFE_NO_PAD.encode(random::bytes::<9>()),
            life: Life::new(now),
            key: URL_SAFE_NO_PAD.encode(key.as_slice()),
        }
    }

    /// The place of the one active key.
    pub(super) fn only_active(entries: &[Self]) -> Result<usize, KeyError> {
        let is_active = |entry: &Self| entry.life.state == State::Active;
        let first = entries.iter().position(is_active);
        let last = entries.iter().rposition(is_active);
        first
            .filter(|_| first == last)
            .ok_or(KeyError::Refused("not exactly one key is active"))
    }

    pub(super) fn key_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let key = URL_SAFE_NO_PAD
            .decode(&self.key)
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Refused("a key is not base64url"))?;
        if key.len() != KEY_BYTES {
            return Err(KeyError::Refused("a key is not 32 bytes"));
        }
        is_random(&key)?;
        Ok(key)
    }
}

impl RingKey for Entry {
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

/// A key id stands before the dot of a sealed hash.
fn is_kid(kid: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&kid.len()) && kid.bytes().all(allowed)
}
