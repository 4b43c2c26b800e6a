//! What a rotation makes of the ring of the secret `passwords`: pure rules, no AWS.
//!
//! Sealing keys are turned as signing keys are. A retired one stays for good: hashes are sealed under
//! it until their users sign in, and nobody may read all rows to find out who has not yet. The
//! HMAC key of names is not turned: failures are counted under what it makes of a name, and another
//! key would forget all of them, waits included, for whoever guesses at that moment.

use zeroize::Zeroizing;

use super::keys::PasswordKeys;
use super::ring::{Entry, Ring};
use crate::clock::Timestamp;
use crate::id::UserId;
use crate::keys::KeyError;
use crate::keys::rotation::{KNOWN_SECONDS, KeyNote, LARGEST_TEXT, Origin};
use crate::keys::secret::{Envelope, Version, parse, parse_any, write};
use crate::keys::turn::{RingKey, Rules, active_kid, advance, turn};

/// The text of a new secret `passwords`, with an active and a next sealing key.
///
/// # Errors
///
/// [`KeyError::Refused`] when a random key happens to look like text: make another.
pub fn first(now: Timestamp) -> Result<Zeroizing<String>, KeyError> {
    let mut ring = Ring::default();
    turn_ring(&mut ring, now)?;
    PasswordKeys::new(&ring)?;
    let origin = None;
    let ring = Some(ring);
    write(&Envelope { ring, origin }, LARGEST_TEXT)
}

/// The text that a rotation puts in the place of `current`, which may have no ring yet.
///
/// # Errors
///
/// [`KeyError::Refused`] for a ring that is not fit for use, and for one that would be above 48 KiB.
pub fn rotate(current: &Version, now: Timestamp) -> Result<Zeroizing<String>, KeyError> {
    let ring = parse_any::<Ring>(&current.text)?.ring;
    if let Some(ring) = &ring {
        PasswordKeys::new(ring)?;
    }
    let mut ring = ring.unwrap_or_default();
    let before = active_kid(&ring.sealing);
    let changed = turn_ring(&mut ring, now)?;
    PasswordKeys::new(&ring)?;
    let active = (before, active_kid(&ring.sealing));
    let origin = Origin::new(current, changed, active, now);
    let envelope = Envelope {
        ring: Some(ring),
        origin: Some(origin),
    };
    write(&envelope, LARGEST_TEXT)
}

fn turn_ring(ring: &mut Ring, now: Timestamp) -> Result<bool, KeyError> {
    let rules = Rules {
        now,
        stays: None,
        is_revoked: &|_: &str| false,
        is_known: &|key: &Entry| key.life().created_at.plus_seconds(KNOWN_SECONDS) <= now,
    };
    let changed = turn(&mut ring.sealing, &rules, || Ok(Entry::random(now)))?;
    if ring.names.is_empty() {
        let mut names = Entry::random(now);
        names.activate(now);
        ring.names.push(names);
    }
    if changed {
        ring.version += 1;
    }
    Ok(changed)
}

/// Whether the keys in `text` seal and open again what they seal, each of them, and nothing else.
///
/// # Errors
///
/// [`KeyError::Refused`] where they do not, and for a ring that is not fit for use.
pub fn try_out(text: &str) -> Result<(), KeyError> {
    const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo";
    let refused = KeyError::Refused("a sealing key does not open what it has sealed");
    let mut ring: Ring = parse(text)?;
    let (user, other) = (UserId::random(), UserId::random());
    // As it will seal from now on, and after the next rotation.
    for _ in 0..2 {
        let keys = PasswordKeys::new(&ring)?;
        let sealed = keys.seal(&user, PHC);
        let opened = keys.open(&user, &sealed);
        if opened.is_err() || opened.is_ok_and(|opened| *opened != PHC) {
            return Err(refused);
        }
        if keys.open(&other, &sealed).is_ok() {
            return Err(refused);
        }
        advance(&mut ring.sealing, Timestamp::from_millis(0));
    }
    Ok(())
}

/// What may be told of the keys of the ring in `text`; none where it has no ring yet.
///
/// # Errors
///
/// [`KeyError::Refused`] for a text that is no ring.
pub fn notes(text: &str) -> Result<Vec<KeyNote>, KeyError> {
    let ring = parse_any::<Ring>(text)?.ring.unwrap_or_default();
    let sealing = ring.sealing.iter();
    let sealing = sealing.map(|key| KeyNote::of(key, "sealing", "A256GCM"));
    let names = ring.names.iter();
    let names = names.map(|key| KeyNote::of(key, "names", "HS256"));
    Ok(sealing.chain(names).collect())
}
