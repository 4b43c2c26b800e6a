//! API keys: `gatehouse_<key id>_<secret>_<checksum>`, all base62. The checksum tells a key from
//! chance, to secret scanners and to us: what fails it never reaches the table.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::id::KeyId;
use crate::random;

const PREFIX: &str = "gatehouse";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Of 128 bits.
const ID_DIGITS: usize = 22;
/// Of 256 bits.
const SECRET_DIGITS: usize = 43;
/// Of a CRC-32.
const CHECKSUM_DIGITS: usize = 6;

/// An API key: an id, which is no secret, and a secret, which nobody keeps but its client.
pub struct ApiKey {
    id: KeyId,
    secret: Zeroizing<String>,
}

/// What is kept of a key's secret, in its row: SHA-256 is enough for 256 random bits.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(String);

/// Not a key that we could have made. The id that it has all the same, where its parts have the right
/// form and only the checksum is another's: for the audit log alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoApiKey(pub Option<KeyId>);

impl ApiKey {
    /// A new key of 256 random bits.
    #[must_use]
    pub fn random() -> Self {
        let mut id = random::bytes::<16>();
        let mut secret = Zeroizing::new(random::bytes::<32>());
        Self {
            id: KeyId::from(base62(&mut id, ID_DIGITS).as_str()),
            secret: base62(&mut *secret, SECRET_DIGITS),
        }
    }

    /// The key with this id and this secret; `None` where they are not in the form of a key's.
    #[must_use]
    pub fn of(id: &str, secret: &str) -> Option<Self> {
        (is_base62(id, ID_DIGITS) && is_base62(secret, SECRET_DIGITS)).then(|| Self {
            id: KeyId::from(id),
            secret: Zeroizing::new(secret.to_owned()),
        })
    }

    /// Reads a key. Says nothing of whether there is one.
    ///
    /// # Errors
    ///
    /// [`NoApiKey`] for another form, or another checksum.
    pub fn parse(text: &str) -> Result<Self, NoApiKey> {
        let parts: Vec<&str> = text.splitn(5, '_').collect();
        let [PREFIX, id, secret, _] = parts[..] else {
            return Err(NoApiKey(None));
        };
        let key = Self::of(id, secret).ok_or(NoApiKey(None))?;
        if *key.text() != *text {
            return Err(NoApiKey(Some(key.id)));
        }
        Ok(key)
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The whole key, for its client and for nobody else.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let checked = Zeroizing::new(format!("{PREFIX}_{}_{}", self.id, *self.secret));
        let checksum = crc32fast::hash(checked.as_bytes());
        let checksum = base62(&mut checksum.to_be_bytes(), CHECKSUM_DIGITS);
        Zeroizing::new(format!("{}_{}", *checked, *checksum))
    }

    /// What its row keeps of its secret.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        let digest = digest(&SHA256, self.secret.as_bytes());
        SecretHash(BASE64_URL_SAFE_NO_PAD.encode(digest))
    }
}

/// In constant time.
impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), other.0.as_bytes()).is_ok()
    }
}

/// Without the secret.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash")
    }
}

/// A number, of big-endian bytes, in so many digits; zero is left of it.
fn base62(number: &mut [u8], digits: usize) -> Zeroizing<String> {
    let mut text = Zeroizing::new(vec![0; digits]);
    for digit in text.iter_mut().rev() {
        let mut rest = 0_u16;
        for byte in number.iter_mut() {
            let value = rest << 8 | u16::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            rest = value % 62;
        }
        *digit = DIGITS[usize::from(rest)];
    }
    let text = String::from_utf8_lossy(&text);
    Zeroizing::new(text.into_owned())
}

fn is_base62(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
