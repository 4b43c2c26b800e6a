//! How a list of keys of one sort is turned: which key is promoted, which is made, which leaves.

use serde::{Deserialize, Serialize};

use super::{KeyError, State};
use crate::clock::Timestamp;

/// A key of a ring, whatever it is for.
pub(crate) trait RingKey {
    /// Its id.
    fn kid(&self) -> &str;
    /// Where it stands in its life.
    fn life(&self) -> &Life;
    /// As [`RingKey::life`], to be changed.
    fn life_mut(&mut self) -> &mut Life;
    /// Forgets what only a key that is used needs.
    fn forget(&mut self) {}

    /// From now on it is the one that is used.
    fn activate(&mut self, now: Timestamp) {
        let life = self.life_mut();
        life.state = State::Active;
        life.activated_at = Some(now);
    }

    /// From now on it is only looked back at.
    fn retire(&mut self, now: Timestamp) {
        let life = self.life_mut();
        life.state = State::Retired;
        life.retired_at = Some(now);
        self.forget();
    }
}

/// Where a key stands in its life, and since when: members of the key wherever it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Its state.
    pub state: State,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it began to be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated_at: Option<Timestamp>,
    /// When it ceased to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<Timestamp>,
}

impl Life {
    /// The life of a key that is made now.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            state: State::Next,
            created_at: now,
            activated_at: None,
            retired_at: None,
        }
    }
}

/// What decides over the keys of one sort.
pub(crate) struct Rules<'a, K> {
    /// The time.
    pub now: Timestamp,
    /// How many seconds a retired key stays; `None` is for good.
    pub stays: Option<i64>,
    /// Whether a key of this kid must go, whatever its state.
    pub is_revoked: &'a dyn Fn(&str) -> bool,
    /// Whether everybody knows the next key by now.
    pub is_known: &'a dyn Fn(&K) -> bool,
}

/// Turns the keys of one sort, and says whether that changed anything. Of an empty list it makes the
/// first two keys. A list without a next key gets one, and none is promoted then; a list that has lost
/// its active key promotes the next one, whatever its age.
///
/// # Errors
///
/// That of `make`.
pub(crate) fn turn<K: RingKey>(
    keys: &mut Vec<K>,
    rules: &Rules<'_, K>,
    make: impl Fn() -> Result<K, KeyError>,
) -> Result<bool, KeyError> {
    let now = rules.now;
    let before = keys.len();
    keys.retain(|key| !(rules.is_revoked)(key.kid()) && !is_over(key.life(), rules.stays, now));
    let mut changed = keys.len() != before;
    let active = place(keys, State::Active);
    let next = place(keys, State::Next);
    match (active, next) {
        (None, Some(next)) => {
            keys[next].activate(now);
            changed = true;
        }
        (None, None) => {
            let mut key = make()?;
            key.activate(now);
            keys.push(key);
        }
        (Some(active), Some(next)) if (rules.is_known)(&keys[next]) => {
            keys[active].retire(now);
            keys[next].activate(now);
            changed = true;
        }
        (Some(_), _) => {}
    }
    if place(keys, State::Next).is_none() {
        keys.push(make()?);
        changed = true;
    }
    Ok(changed)
}

fn place<K: RingKey>(keys: &[K], state: State) -> Option<usize> {
    keys.iter().position(|key| key.life().state == state)
}

/// Whether nothing that a retired key has made can still be good.
fn is_over(life: &Life, stays: Option<i64>, now: Timestamp) -> bool {
    let (Some(stays), Some(retired_at)) = (stays, life.retired_at) else {
        return false;
    };
    life.state == State::Retired && retired_at.plus_seconds(stays) <= now
}

/// The id of the active key.
pub(crate) fn active_kid<K: RingKey>(keys: &[K]) -> Option<String> {
    place(keys, State::Active).map(|active| keys[active].kid().to_owned())
}

/// Puts the next key in the place of the active one, whatever its age.
pub(crate) fn advance<K: RingKey>(keys: &mut [K], now: Timestamp) {
    for key in keys {
        match key.life().state {
            State::Active => key.retire(now),
            State::Next => key.activate(now),
            State::Retired => {}
        }
    }
}
