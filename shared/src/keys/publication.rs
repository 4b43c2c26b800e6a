//! The row that publishes a ring: pure rules, no AWS.

use super::published::{KeysRow, PublishedKey};
use super::rotation::SIGNING_STAYS;
use super::secret;
use super::stored::{StoredRing, StoredSigningKey};
use super::turn::Life;
use super::{KeyError, State};
use crate::clock::Timestamp;

/// The row that publishes the ring in `text` beside what it has: it only gains keys, one per kid, and
/// what no ring has any more leaves by age. `revoked` and `not_before` stay as they are.
///
/// # Errors
///
/// [`KeyError::Refused`] for a text that is no ring.
pub fn publish(row: Option<KeysRow>, text: &str, now: Timestamp) -> Result<KeysRow, KeyError> {
    let ring: StoredRing = secret::parse(text)?;
    let mut row = row.unwrap_or_else(KeysRow::empty);
    for key in &ring.signing {
        let mut entries = row.keys.iter_mut();
        match entries.find(|entry| entry.kid() == Some(&key.kid)) {
            // An older ring takes nothing back.
            Some(entry) if entry.life.state > key.life.state => {}
            Some(entry) => {
                entry.life = Life {
                    created_at: entry.life.created_at,
                    ..key.life
                };
            }
            None => row.keys.push(entry(key, now)),
        }
    }
    let has = |kid: Option<&str>| ring.signing.iter().any(|key| Some(&*key.kid) == kid);
    for entry in &mut row.keys {
        // Dropped: it was revoked.
        if entry.life.state == State::Active && !has(entry.kid()) {
            entry.life.state = State::Retired;
            entry.life.retired_at = Some(now);
        }
    }
    row.keys
        .retain(|entry| has(entry.kid()) || now < entry.last_known().plus_seconds(SIGNING_STAYS));
    row.version = row.version.max(ring.version);
    Ok(row)
}

/// The row made anew from the ring in `text`, after a restore of the table: keys that were dropped
/// since the backup was made are in it as good ones. What it revokes stays revoked.
///
/// # Errors
///
/// As [`publish`].
pub fn publish_anew(mut row: KeysRow, text: &str, now: Timestamp) -> Result<KeysRow, KeyError> {
    let ring: StoredRing = secret::parse(text)?;
    row.keys.retain(|entry| {
        ring.signing
            .iter()
            .any(|key| Some(&*key.kid) == entry.kid())
    });
    publish(Some(row), text, now)
}

fn entry(key: &StoredSigningKey, now: Timestamp) -> PublishedKey {
    PublishedKey {
        jwk: key.public.clone(),
        life: key.life,
        published_at: Some(now),
    }
}

impl KeysRow {
    /// A row before its first write.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            version: 0,
            keys: Vec::new(),
            revoked: Vec::new(),
            not_before: Timestamp::from_millis(0),
            revision: 0,
        }
    }

    /// Whether no reader may trust a key of this kid any more.
    #[must_use]
    pub fn revokes(&self, kid: &str) -> bool {
        self.revoked.iter().any(|gone| gone == kid)
    }

    /// Whether a key of this kid is or was among those that it publishes.
    #[must_use]
    pub fn knows(&self, kid: &str) -> bool {
        let mut keys = self.keys.iter();
        keys.any(|key| key.kid() == Some(kid)) || self.revokes(kid)
    }
}

impl PublishedKey {
    /// Its id.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.jwk.common.key_id.as_deref()
    }

    pub(super) fn known_since(&self) -> Timestamp {
        self.published_at.unwrap_or(self.life.created_at)
    }

    /// The last that was heard of it.
    fn last_known(&self) -> Timestamp {
        let times = [
            self.life.activated_at,
            self.life.retired_at,
            self.published_at,
        ];
        let times = times.into_iter().flatten();
        times.fold(self.life.created_at, Timestamp::max)
    }
}

/// Whether the row has every key of the ring in `text`, and revokes none.
///
/// # Errors
///
/// [`KeyError::Refused`] for a text that is no ring.
pub fn is_published(row: &KeysRow, text: &str) -> Result<bool, KeyError> {
    let ring: StoredRing = secret::parse(text)?;
    let kids = row.keys.iter().filter_map(PublishedKey::kid);
    let published: Vec<&str> = kids.collect();
    let refresh = ring.refresh.iter().map(|key| &key.kid);
    let mut kids = ring.signing.iter().map(|key| &key.kid).chain(refresh);
    let all = ring
        .signing
        .iter()
        .all(|key| published.contains(&&*key.kid));
    Ok(all && !kids.any(|kid| row.revokes(kid)))
}
