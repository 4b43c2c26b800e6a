//! What a rotation makes of a ring: pure rules, no AWS.
//!
//! A key is published as `next` long before it signs, so that whoever verifies knows it by then:
//! API Gateway remembers published keys for two hours. It stays, retired, for longer than anything
//! that it has signed can live. What a rotation makes is pending until it takes the place of the very
//! version that it derives from ([`Origin`]): so a key that was revoked meanwhile cannot come back.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::generate::{mac_key, signing_key};
use super::published::KeysRow;
use super::ring::Ring;
use super::secret::{self, Envelope, Version};
use super::stored::{StoredMacKey, StoredRing, StoredSigningKey};
use super::turn::{Life, RingKey, Rules, active_kid, advance, turn};
use super::{KeyError, SigningAlgorithm};
use crate::clock::Timestamp;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// How long a key is published before it signs.
pub(crate) const KNOWN_SECONDS: i64 = 3 * HOUR;
/// How long a retired signing key stays: access tokens live for 14 days at most.
pub(super) const SIGNING_STAYS: i64 = 16 * DAY;
/// How long a retired MAC key stays: refresh tokens live for 90 days at most.
const MAC_STAYS: i64 = 91 * DAY;
/// A pending ring that is older is given up: its keys are published from when it takes its place on,
/// and their age is counted from when they were made.
pub(crate) const PENDING_SECONDS: i64 = HOUR;
/// The largest text of a secret that a rotation makes, in bytes.
pub const LARGEST_TEXT: usize = 48 * 1024;
/// The largest that Secrets Manager takes, in bytes: room for a revocation where a rotation has none.
pub(crate) const LARGEST_SECRET: usize = 64 * 1024;

/// Where a version of a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The version that it may take the place of, and no other.
    pub derives_from: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// What is another than in that version; none where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<RingChange>,
}

/// What a rotation or a revocation has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingChange {
    /// `first_ring`, `promoted`, or `renewed`: a next key made or old ones left.
    pub reason: String,
    /// The kid of the key that signed, or sealed, before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// And that of the one after.
    pub to: String,
}

impl RingChange {
    /// What became of the active key.
    fn of(before: Option<String>, after: String) -> Self {
        let reason = match &before {
            None => "first_ring",
            Some(before) if *before == after => "renewed",
            Some(_) => "promoted",
        };
        Self {
            reason: reason.to_owned(),
            from: before,
            to: after,
        }
    }
}

impl Origin {
    /// Of what is made from `current` now; where it is `changed`, from one active key to another.
    pub(crate) fn new(
        current: &Version,
        changed: bool,
        (before, after): (Option<String>, Option<String>),
        now: Timestamp,
    ) -> Self {
        Self {
            derives_from: current.id.clone(),
            made_at: now,
            change: changed.then(|| RingChange::of(before, after.unwrap_or_default())),
        }
    }

    /// Why this version cannot take the place of `current` any more, if it cannot.
    #[must_use]
    pub fn is_stale(&self, current: &str, now: Timestamp) -> Option<&'static str> {
        if self.derives_from != current {
            return Some("the secret has another current version than the one it derives from");
        }
        let over = now >= self.made_at.plus_seconds(PENDING_SECONDS);
        over.then_some("it is over an hour old")
    }
}

/// The text of a first ring, of no origin, whose keys sign by `algorithm`.
///
/// # Errors
///
/// [`KeyError::Refused`] when a key cannot be made.
pub fn first(algorithm: SigningAlgorithm, now: Timestamp) -> Result<Zeroizing<String>, KeyError> {
    let mut ring = StoredRing::default();
    turn_ring(&mut ring, algorithm, None, false, now)?;
    let origin = None;
    let ring = Some(ring);
    secret::write(&Envelope { ring, origin }, LARGEST_TEXT)
}

/// The text that a rotation puts in the place of `current`, which may have no ring yet. `row` is the
/// `KEYS` row, if there is one: what it does not have is not promoted, and what it revokes goes. A new
/// signing key is for `algorithm`; those that are there stay what they are.
///
/// # Errors
///
/// [`KeyError::Refused`] for a ring that is not fit for use, and for one that would be above
/// [`LARGEST_TEXT`].
pub fn rotate(
    current: &Version,
    algorithm: SigningAlgorithm,
    row: Option<&KeysRow>,
    now: Timestamp,
) -> Result<Zeroizing<String>, KeyError> {
    next_text(current, algorithm, row, true, now)
}

/// As [`rotate`], to have what `row` revokes gone at once, promoting no key but in place of one that
/// goes. `None` where the ring has nothing of it.
///
/// # Errors
///
/// As [`rotate`], but for a ring up to the 64 KiB that Secrets Manager takes.
pub fn revoke(
    current: &Version,
    algorithm: SigningAlgorithm,
    row: &KeysRow,
    now: Timestamp,
) -> Result<Option<Zeroizing<String>>, KeyError> {
    if !has_revoked(&current.text, row)? {
        return Ok(None);
    }
    next_text(current, algorithm, Some(row), false, now).map(Some)
}

/// Whether the ring in `text` has a key that `row` revokes.
///
/// # Errors
///
/// [`KeyError::NotMade`] where there is no ring yet, [`KeyError::Refused`] for a text that is no ring.
pub fn has_revoked(text: &str, row: &KeysRow) -> Result<bool, KeyError> {
    let ring: StoredRing = secret::parse(text)?;
    let signing = ring.signing.iter().map(|key| &key.kid);
    let mut kids = signing.chain(ring.refresh.iter().map(|key| &key.kid));
    Ok(kids.any(|kid| row.revokes(kid)))
}

fn next_text(
    current: &Version,
    algorithm: SigningAlgorithm,
    row: Option<&KeysRow>,
    promotes: bool,
    now: Timestamp,
) -> Result<Zeroizing<String>, KeyError> {
    let ring = secret::parse_any::<StoredRing>(&current.text)?.ring;
    if ring.is_some() {
        // Nothing is built on what is not fit for use.
        Ring::from_secret(&current.text)?;
    }
    let mut ring = ring.unwrap_or_default();
    let before = active_kid(&ring.signing);
    let changed = turn_ring(&mut ring, algorithm, row, promotes, now)?;
    let active = (before, active_kid(&ring.signing));
    let origin = Origin::new(current, changed, active, now);
    let envelope = Envelope {
        ring: Some(ring),
        origin: Some(origin),
    };
    let largest = if promotes {
        LARGEST_TEXT
    } else {
        LARGEST_SECRET
    };
    let text = secret::write(&envelope, largest)?;
    Ring::from_secret(&text)?;
    Ok(text)
}

fn turn_ring(
    ring: &mut StoredRing,
    algorithm: SigningAlgorithm,
    row: Option<&KeysRow>,
    promotes: bool,
    now: Timestamp,
) -> Result<bool, KeyError> {
    let is_revoked = |kid: &str| row.is_some_and(|row| row.revokes(kid));
    let long_ago = |at: Timestamp| promotes && at.plus_seconds(KNOWN_SECONDS) <= now;
    let entry = |kid: &str| {
        let mut entries = row.into_iter().flat_map(|row| &row.keys);
        entries.find(|entry| entry.kid() == Some(kid))
    };
    let signing = Rules {
        now,
        stays: Some(SIGNING_STAYS),
        is_revoked: &is_revoked,
        is_known: &|key: &StoredSigningKey| {
            long_ago(key.life.created_at)
                && entry(&key.kid).is_some_and(|entry| long_ago(entry.known_since()))
        },
    };
    let refresh = Rules {
        now,
        stays: Some(MAC_STAYS),
        is_revoked: &is_revoked,
        is_known: &|key: &StoredMacKey| long_ago(key.life.created_at),
    };
    let signing = turn(&mut ring.signing, &signing, || signing_key(algorithm, now))?;
    let refresh = turn(&mut ring.refresh, &refresh, || Ok(mac_key(now)))?;
    if signing || refresh {
        ring.version += 1;
    }
    Ok(signing || refresh)
}

/// What may be told of a key.
#[derive(Clone, Debug)]
pub struct KeyNote {
    /// Its id.
    pub kid: String,
    /// `signing`, `refresh`, `sealing` or `names`.
    pub kind: &'static str,
    /// What it is used by, by its name in JOSE.
    pub alg: String,
    /// Where it stands in its life.
    pub life: Life,
}

/// What may be told of the keys of the ring in `text`; none where it has no ring yet.
///
/// # Errors
///
/// [`KeyError::Refused`] for a text that is no ring.
pub fn notes(text: &str) -> Result<Vec<KeyNote>, KeyError> {
    let ring = secret::parse_any::<StoredRing>(text)?.ring;
    let ring = ring.unwrap_or_default();
    let signing = ring.signing.iter();
    let signing = signing.map(|key| KeyNote::of(key, "signing", key.alg.name()));
    let refresh = ring.refresh.iter();
    let refresh = refresh.map(|key| KeyNote::of(key, "refresh", &format!("{:?}", key.alg)));
    Ok(signing.chain(refresh).collect())
}

impl KeyNote {
    /// A key of a ring.
    pub(crate) fn of(key: &impl RingKey, kind: &'static str, alg: &str) -> Self {
        Self {
            kid: key.kid().to_owned(),
            kind,
            alg: alg.to_owned(),
            life: *key.life(),
        }
    }
}

/// The next key of the ring in `text` in the place of its active one: what a ring will be that is
/// turned once more, to be tried before it is needed.
///
/// # Errors
///
/// [`KeyError::Refused`] for a ring that is not fit for use.
pub fn ring_by_next(text: &str, now: Timestamp) -> Result<Ring, KeyError> {
    let mut envelope = secret::parse_any::<StoredRing>(text)?;
    let ring = envelope.ring.as_mut().ok_or(KeyError::NotMade)?;
    advance(&mut ring.signing, now);
    advance(&mut ring.refresh, now);
    Ring::from_secret(&secret::write(&envelope, LARGEST_SECRET)?)
}
