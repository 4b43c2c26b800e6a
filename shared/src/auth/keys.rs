//! What the operator does to keys: revokes one, has everybody sign in again, and publishes them anew
//! after a restore of the table.

use super::admin::OPERATOR;
use crate::app::Verifying;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::keys::published::KeysRow;
use crate::keys::secret::{CURRENT, PENDING, Secret, Version, origin};
use crate::keys::{KeyError, publication, rotation};
use crate::random;
use crate::store::event::{Event, EventType, Outcome};
use zeroize::Zeroizing;

/// The stage of a version that a revocation is making.
const REVOKING: &str = "REVOKING";
/// So often a revocation is begun anew where a rotation moves the secret meanwhile.
const TRIES: u32 = 10;

/// Revokes a key that signs or that makes refresh tokens: from now on readers of `KEYS` refuse it. May
/// be done again; [`drop_revoked`] comes next. A key that the row has is revoked without a look at the
/// secret, which may be away.
///
/// # Errors
///
/// [`Error::NotFound`] for a kid that neither the row nor a ring knows; [`Error::Unavailable`].
pub async fn revoke(app: &Verifying, keys: &Secret, call: &Call, kid: &str) -> Result<(), Error> {
    let row = app.store.public_keys_if_any().await?;
    if !row.is_some_and(|row| row.knows(kid)) && !is_in_ring(keys, kid).await? {
        return Err(Error::NotFound("there is no such key"));
    }
    let add = |row: Option<KeysRow>| {
        let mut row = row.unwrap_or_else(KeysRow::empty);
        if !row.revokes(kid) {
            row.revoked.push(kid.to_owned());
        }
        Ok(row)
    };
    let mut event = by_operator(call, EventType::SysKeyRevoked);
    event.subject = Some(kid.into());
    app.store.change_public_keys(add, Some(&event)).await?;
    Ok(())
}

/// Whether the current ring or the pending one has the key: one that makes refresh tokens is published
/// nowhere.
async fn is_in_ring(keys: &Secret, kid: &str) -> Result<bool, KeyError> {
    let mut notes = rotation::notes(&keys.current().await?.text)?;
    if let Some(pending) = pending(keys).await? {
        notes.extend(rotation::notes(&pending.text)?);
    }
    Ok(notes.iter().any(|note| note.kid == kid))
}

/// Drops from the secret what is revoked; the next key takes the place of an active one. May be done
/// again.
///
/// # Errors
///
/// [`Error::Unavailable`]: what is revoked is refused all the same.
pub async fn drop_revoked(app: &Verifying, keys: &Secret, now: Timestamp) -> Result<(), Error> {
    drop_from_current(app, keys, now).await?;
    give_up_rotation(app, keys, now).await?;
    // A rotation that was about to end may have ended meanwhile.
    drop_from_current(app, keys, now).await
}

/// Puts a ring without the revoked keys in the place of the current one, whichever that is by then.
async fn drop_from_current(app: &Verifying, keys: &Secret, now: Timestamp) -> Result<(), Error> {
    let algorithm = app.config.signing_algorithm;
    for _ in 0..TRIES {
        let current = keys.current().await?;
        let row = app.store.public_keys().await?;
        let Some(text) = rotation::revoke(&current, algorithm, &row, now)? else {
            return Ok(());
        };
        let publish = |row| publication::publish(row, &text, now);
        app.store.change_public_keys(publish, None).await?;
        let version = Version {
            id: random::uuid(),
            text,
        };
        keys.put(&version, REVOKING).await?;
        // Only from the version that it was made of: else a rotation would be undone, or undo it.
        keys.move_stage(CURRENT, &current.id, Some(&version.id))
            .await?;
        keys.move_stage(REVOKING, &version.id, None).await?;
        // Whether that was done the next look at the current version shows.
    }
    Err(Error::Unavailable(
        "the secret moves all the time".to_owned(),
    ))
}

/// A rotation that is under way from a version that is current no more cannot end, and one whose ring
/// has a revoked key must not: so that it does not keep the next one from beginning.
async fn give_up_rotation(app: &Verifying, keys: &Secret, now: Timestamp) -> Result<(), Error> {
    let Some(pending) = pending(keys).await? else {
        return Ok(());
    };
    let row = app.store.public_keys().await?;
    let is_stale = origin(&pending.text)?.is_stale(&pending.current, now);
    if is_stale.is_some() || rotation::has_revoked(&pending.text, &row)? {
        keys.move_stage(PENDING, &pending.id, None).await?;
    }
    Ok(())
}

/// A ring that a rotation under way has made.
struct Pending {
    id: String,
    text: Zeroizing<String>,
    /// The version that is current.
    current: String,
}

async fn pending(keys: &Secret) -> Result<Option<Pending>, KeyError> {
    let described = keys.describe().await?;
    let (Some(current), Some(id)) = (described.version(CURRENT), described.version(PENDING)) else {
        return Ok(None);
    };
    if id == current {
        return Ok(None);
    }
    let text = keys.text(id).await?;
    Ok(text.map(|text| Pending {
        id: id.to_owned(),
        text,
        current: current.to_owned(),
    }))
}

/// Has every token and session refused that was made before `moment`, a whole second: everybody has to
/// sign in again.
///
/// # Errors
///
/// [`Error::Conflict`] where it is set to a later moment already; [`Error::Unavailable`].
pub async fn not_before(app: &Verifying, call: &Call, moment: Timestamp) -> Result<(), Error> {
    let mut event = by_operator(call, EventType::SessionExpired).because("not_before");
    event.to = Some(moment.to_string());
    let set = |row: Option<KeysRow>| {
        let row = row.ok_or(KeyError::NotMade)?;
        let not_before = row.not_before.max(moment);
        Ok(KeysRow { not_before, ..row })
    };
    let row = app.store.change_public_keys(set, Some(&event)).await?;
    if row.not_before > moment {
        return Err(Error::Conflict(
            "not-before is later already, and never moves back",
        ));
    }
    Ok(())
}

/// Writes `KEYS` anew from the secret, after a restore of the table. What it revokes stays revoked; of
/// a row that cannot be read too, as far as it can.
///
/// # Errors
///
/// [`Error::Unavailable`], also where there is no ring yet.
pub async fn publish(app: &Verifying, keys: &Secret, call: &Call) -> Result<KeysRow, Error> {
    let mut current = keys.current().await?;
    for _ in 0..TRIES {
        let event = by_operator(call, EventType::SysKeyRotated).because("published_anew");
        let anew = |row: Option<KeysRow>| {
            let row = row.unwrap_or_else(KeysRow::empty);
            publication::publish_anew(row, &current.text, call.now)
        };
        let row = app.store.restore_public_keys(anew, &event).await?;
        // A rotation that has ended meanwhile had published keys that this has dropped.
        let after = keys.current().await?;
        if after.id == current.id {
            return Ok(row);
        }
        current = after;
    }
    Err(Error::Unavailable(
        "the secret moves all the time".to_owned(),
    ))
}

fn by_operator(call: &Call, kind: EventType) -> Event {
    let mut event = call.event(kind, Outcome::Success);
    event.actor = Some(OPERATOR.into());
    event
}
