//! What follows from events that have happened: their rows in the audit log, when a user or a key was
//! seen last, until some time after their end, and that a user's oldest sessions end where there are
//! too many. All of it may be done again.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use futures_util::stream::iter;

use crate::app::Verifying;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::{EventId, KeyId, UserId};
use crate::store::event::{Event, EventType, Outcome};
use crate::store::key::Key;

/// A user has at most so many live sessions.
const MOST_SESSIONS: usize = 100;
/// So many requests are made at a time.
const AT_ONCE: usize = 8;

/// Records events, none of which stands twice.
///
/// # Errors
///
/// When DynamoDB does not answer. Part of it may be done then.
pub async fn record(app: &Verifying, events: &[Event], now: Timestamp) -> Result<(), Error> {
    let retention_days = app.config.audit_retention_days;
    app.store.put_audit(events, retention_days).await?;
    let (users, keys) = last_seen(events);
    let users = users
        .into_iter()
        .map(|(user, login)| Seen::User(user, login));
    let keys = keys.into_iter().map(|(key, at)| Seen::Key(key, at));
    let notes: Vec<_> = users.chain(keys).map(|seen| note(app, seen, now)).collect();
    let mut noted = iter(notes).buffer_unordered(AT_ONCE);
    while let Some(noted) = noted.next().await {
        noted?;
    }
    // Last, since only a row that is there is made to go.
    for event in events {
        if let Some(seen) = ended(event) {
            app.store.forget_seen(seen, event.time).await?;
        }
    }
    Ok(())
}

/// Where it says when somebody was seen whom the event ends: a user or a key.
fn ended(event: &Event) -> Option<Key> {
    match (event.kind, event.outcome) {
        (EventType::UserDeleted, Outcome::Success) => {
            let user = event.subject.as_ref()?;
            Some(Key::seen(&UserId::from(user.as_str())))
        }
        (EventType::AuthnTokenRevoked, Outcome::Success) => {
            event.key_id.as_ref().map(Key::key_seen)
        }
        _ => None,
    }
}

/// Who was seen.
enum Seen<'a> {
    User(UserId, &'a Event),
    Key(KeyId, Timestamp),
}

/// The last login of each user, and the last use of each key.
fn last_seen(events: &[Event]) -> (BTreeMap<UserId, &Event>, BTreeMap<KeyId, Timestamp>) {
    let mut users: BTreeMap<UserId, &Event> = BTreeMap::new();
    let mut keys: BTreeMap<KeyId, Timestamp> = BTreeMap::new();
    let logins = events.iter();
    for event in logins.filter(|event| event.kind == EventType::AuthnLoginSuccess) {
        // A client signs in by a key, a user without one.
        match (&event.key_id, &event.subject) {
            (Some(key), _) => {
                let at = keys.entry(key.clone()).or_insert(event.time);
                *at = event.time.max(*at);
            }
            (None, Some(user)) => {
                let last = users.entry(UserId::from(user.as_str())).or_insert(event);
                if last.time < event.time {
                    *last = event;
                }
            }
            (None, None) => {}
        }
    }
    (users, keys)
}

async fn note(app: &Verifying, seen: Seen<'_>, now: Timestamp) -> Result<(), Error> {
    match seen {
        Seen::Key(key, at) => app.store.saw_key(&key, at).await?,
        Seen::User(user, login) => {
            app.store.saw_login(&user, login.time).await?;
            end_surplus(app, &user, login, now).await?;
        }
    }
    Ok(())
}

/// Ends the oldest sessions of a user with too many, because of a login.
async fn end_surplus(
    app: &Verifying,
    user: &UserId,
    login: &Event,
    now: Timestamp,
) -> Result<(), Error> {
    let mut live = app.store.open_sessions(user, now).await?;
    // Sessions of an earlier epoch are dead. The user's row has the epoch; but where it is beyond
    // that of all sessions, none of them is live.
    let epoch = live.iter().map(|session| session.epoch).max();
    live.retain(|session| Some(session.epoch) == epoch);
    let surplus = live.len().saturating_sub(MOST_SESSIONS);
    live.sort_unstable_by(|one, other| {
        (one.created_at, &one.id).cmp(&(other.created_at, &other.id))
    });
    for session in &live[..surplus] {
        let event = Event {
            id: EventId::random(),
            kind: EventType::SessionExpired,
            outcome: Outcome::Success,
            time: now,
            actor: None,
            ..login.clone()
        };
        let key = Key::session(user, &session.id);
        app.store.revoke(key, &event.because("limit")).await?;
    }
    Ok(())
}
