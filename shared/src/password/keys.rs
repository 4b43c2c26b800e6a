//! The secret `passwords`: the keys that seal password hashes, and those of the failure rows' names.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::PasswordError;
use super::ring::{Entry, Ring};
use crate::id::UserId;
use crate::keys::turn::RingKey as _;
use crate::keys::{KeyError, State};
use crate::random;

/// The keys of the secret `passwords`, ready for use.
///
/// A sealed hash is `<kid>.<base64url of nonce, ciphertext and tag>`: the PHC string under
/// AES-256-GCM with a random nonce of 96 bits and the user's id as associated data.
pub struct PasswordKeys {
    sealing: Vec<(String, LessSafeKey)>,
    active: usize,
    /// The kids of those that were active before.
    retired: Vec<String>,
    names: hmac::Key,
}

impl PasswordKeys {
    /// Takes the keys of a ring.
    ///
    /// # Errors
    ///
    /// [`KeyError::Refused`] for a key that is not 32 bytes, repeats itself or is printable text,
    /// for a key id that is given twice or could not stand in a sealed hash, and where not exactly
    /// one key of a kind is active.
    pub(super) fn new(ring: &Ring) -> Result<Self, KeyError> {
        ring.check()?;
        let names = &ring.names[Entry::only_active(&ring.names)?];
        let mut sealing = Vec::with_capacity(ring.sealing.len());
        let mut retired = Vec::new();
        for entry in &ring.sealing {
            let key = UnboundKey::new(&AES_256_GCM, &entry.key_bytes()?)
                .map_err(|_| KeyError::Refused("a key is not 32 bytes"))?;
            if entry.life().state == State::Retired {
                retired.push(entry.kid.clone());
            }
            sealing.push((entry.kid.clone(), LessSafeKey::new(key)));
        }
        Ok(Self {
            sealing,
            active: Entry::only_active(&ring.sealing)?,
            retired,
            names: hmac::Key::new(hmac::HMAC_SHA256, &names.key_bytes()?),
        })
    }

    /// Seals the PHC string of a user's password under the active key.
    ///
    /// # Panics
    ///
    /// Never: AES-GCM refuses texts of 64 GiB, and nothing shorter.
    #[must_use]
    pub fn seal(&self, user: &UserId, phc: &str) -> String {
        let (kid, key) = &self.sealing[self.active];
        let nonce: [u8; NONCE_LEN] = random::bytes();
        let mut text = phc.as_bytes().to_vec();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(user.as_str()),
            &mut text,
        )
        .expect("a PHC string is shorter than 64 GiB");
        format!(
            "{kid}.{}",
            URL_SAFE_NO_PAD.encode([&nonce, &text[..]].concat())
        )
    }

    /// Opens what [`PasswordKeys::seal`] made for this user, under an active or a retired key.
    ///
    /// # Errors
    ///
    /// [`PasswordError::UnknownKey`] when the ring has no key of that id, and
    /// [`PasswordError::Malformed`] for anything that was not sealed for this user.
    pub fn open(&self, user: &UserId, sealed: &str) -> Result<Zeroizing<String>, PasswordError> {
        let malformed = PasswordError::Malformed("a sealed password hash does not open");
        let (kid, text) = sealed.split_once('.').ok_or(malformed.clone())?;
        let (_, key) = self
            .sealing
            .iter()
            .find(|(known, _)| known == kid)
            .ok_or(PasswordError::UnknownKey)?;
        let mut bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map(Zeroizing::new)
            .map_err(|_| malformed.clone())?;
        let (nonce, text) = bytes
            .split_first_chunk_mut::<NONCE_LEN>()
            .ok_or(malformed.clone())?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let phc = key
            .open_in_place(nonce, Aad::from(user.as_str()), text)
            .map_err(|_| malformed.clone())?;
        let phc = str::from_utf8(phc).map_err(|_| malformed)?;
        Ok(Zeroizing::new(phc.to_owned()))
    }

    /// Seals under the active key what is sealed under a retired one; `None` where it is not. A key
    /// that these keys do not know as active yet is another instance's active one, and stays.
    ///
    /// # Errors
    ///
    /// As [`PasswordKeys::open`].
    #[must_use]
    pub fn reseal(&self, user: &UserId, sealed: &str) -> Option<Result<String, PasswordError>> {
        let (kid, _) = sealed.split_once('.')?;
        let is_retired = self.retired.iter().any(|retired| retired == kid);
        is_retired.then(|| Ok(self.seal(user, &self.open(user, sealed)?)))
    }

    /// Whether the ring has the key that `sealed` names.
    pub(super) fn knows(&self, sealed: &str) -> bool {
        let kid = sealed.split_once('.').map_or("", |(kid, _)| kid);
        self.sealing.iter().any(|(known, _)| known == kid)
    }

    /// What stands for a canonical login name in the key of its failures row (HMAC-SHA-256,
    /// base64url): what somebody typed as a name is stored nowhere in the clear.
    #[must_use]
    pub fn name_mac(&self, canonical: &str) -> String {
        self.mac("name", canonical)
    }

    /// What stands for a client's address (IPv6: its /64) in the key of a failures row.
    #[must_use]
    pub fn address_mac(&self, address: &str) -> String {
        self.mac("address", address)
    }

    /// The NUL ends the kind, so that no text of one kind has the MAC of another kind's.
    fn mac(&self, kind: &str, text: &str) -> String {
        let mut mac = hmac::Context::with_key(&self.names);
        mac.update(kind.as_bytes());
        mac.update(b"\0");
        mac.update(text.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.sign())
    }
}

/// A key appears nowhere, not even in a failed test.
impl fmt::Debug for PasswordKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordKeys(..)")
    }
}
