//! A session: one line of refresh tokens from one login. Its generation is the only token that can
//! be refreshed; nothing in the row lets its reader make one.

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::key::{Key, client_sessions_partition, sessions_partition};
use super::write::{Change, Written};
use super::{Store, StoreError, parse};
use crate::clock::Timestamp;
use crate::id::{ClientId, KeyId, PrincipalId, SessionId, UserId};
use crate::scope::Scope;

/// How long the row of a session that was ended is kept.
const ENDED_KEPT_SECONDS: i64 = 86_400;

/// A session's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Whose it is.
    #[serde(flatten)]
    pub owner: Owner,
    /// Its id.
    pub id: SessionId,
    /// The client that the tokens were issued to.
    pub client_id: String,
    /// Of a client's session: the API key that it signed in by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_id: Option<KeyId>,
    /// Of a client's session: what it was granted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scope: Option<Scope>,
    /// The login that made it.
    pub created_at: Timestamp,
    /// Counts its refresh tokens: only this one can be used.
    pub generation: u64,
    /// The MAC key of the refresh token of this generation; absent where there are none.
    #[serde(default)]
    pub mac_kid: Option<String>,
    /// When this generation was issued.
    pub rotated_at: Timestamp,
    /// When the refresh token of this generation ends, in Unix seconds; absent where there is none.
    #[serde(default)]
    pub refresh_expires_at: Option<i64>,
    /// When the session ends, however often it is refreshed, in Unix seconds.
    pub ends_at: i64,
    /// Its owner's epoch when it was made, or moved to by its own password change.
    pub epoch: u64,
    /// When the last of its tokens ends, or a day after it was ended, in Unix seconds; TTL removes the
    /// row later.
    pub expires_at: i64,
    /// The address of its last refresh.
    pub ip: String,
    /// The program of its last refresh.
    pub user_agent: String,
    /// When it was ended.
    #[serde(default)]
    pub revoked_at: Option<Timestamp>,
}

/// Whose a session is, in its row and in its refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "sub", rename_all = "snake_case")]
pub enum Owner {
    /// A user's.
    User(UserId),
    /// A client's own.
    Client(ClientId),
}

impl Owner {
    /// The key of this owner's session.
    #[must_use]
    pub fn session(&self, id: &SessionId) -> Key {
        match self {
            Self::User(user) => Key::session(user, id),
            Self::Client(client) => Key::client_session(client, id),
        }
    }

    /// The partition key of this owner's sessions.
    #[must_use]
    pub fn sessions(&self) -> String {
        match self {
            Self::User(user) => sessions_partition(user),
            Self::Client(client) => client_sessions_partition(client),
        }
    }
}

impl From<&Owner> for PrincipalId {
    fn from(owner: &Owner) -> Self {
        match owner {
            Owner::User(user) => user.into(),
            Owner::Client(client) => client.into(),
        }
    }
}

/// A new session, with the event of the login.
#[derive(Serialize)]
struct SessionRow<'a> {
    #[serde(flatten)]
    session: &'a Session,
    event: &'a Event,
}

/// One generation of a session's refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its number; the first is 1.
    pub number: u64,
    /// The MAC key of its refresh token; `None` where there is none.
    pub mac_kid: Option<String>,
    /// When its refresh token ends, in Unix seconds; `None` where there is none.
    pub refresh_expires_at: Option<i64>,
    /// When the last token issued with it ends, in Unix seconds.
    pub expires_at: i64,
}

/// The condition on which a session moves on.
#[derive(Clone, Copy, Debug)]
pub struct RotationGuard {
    /// The epoch of its user.
    pub epoch: u64,
    /// Sessions made earlier are dead.
    pub not_before: Timestamp,
}

/// How a refresh of a session ended.
#[derive(Debug)]
pub enum Rotated {
    /// The session has moved on to the next generation, and is now as here.
    Done(Box<Session>),
    /// It has not, and why is for the row to say, if there is one.
    Refused {
        /// The session as it stands.
        session: Option<Box<Session>>,
        /// Whether it was this very event that moved it on: an answer was lost and the SDK repeated.
        ours: bool,
    },
}

impl Session {
    /// Whether the row itself allows its use at `now`; epoch, user and tenant are for others to say.
    #[must_use]
    pub fn is_open(&self, now: Timestamp, not_before: Timestamp) -> bool {
        self.revoked_at.is_none()
            && now < Timestamp::from_seconds(self.expires_at)
            && self.created_at >= not_before
    }

    /// The change that makes the session, in a transaction whose event another of its changes carries.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn made(&self) -> Result<Change, StoreError> {
        let change = Change::put(self.owner.session(&self.id), self)?;
        Ok(change.when("attribute_not_exists(pk)"))
    }

    /// The change that carries the session over to the epoch that its own password change began.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn moved_to(&self, epoch: u64) -> Result<Change, StoreError> {
        Change::update(self.owner.session(&self.id), "SET epoch = :next")
            .when("attribute_exists(pk) AND attribute_not_exists(revoked_at) AND epoch = :epoch")
            .value(":next", epoch)?
            .value(":epoch", self.epoch)
    }
}

impl Store {
    /// Makes a session.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or there is such a session already.
    pub async fn put_session(&self, session: &Session, event: &Event) -> Result<(), StoreError> {
        let key = session.owner.session(&session.id);
        let change =
            Change::put(key, &SessionRow { session, event })?.when("attribute_not_exists(pk)");
        if self.make(&[change], event).await? {
            return Ok(());
        }
        Err(StoreError::Malformed("a session of a new id"))
    }

    /// Moves a session from the generation before `next` on to it, by the call that `event` is of: if
    /// it is live by its row, was made after `not_before`, and is of its user's epoch.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or the row is malformed.
    pub async fn rotate(
        &self,
        session: Key,
        next: &Generation,
        guard: RotationGuard,
        event: &Event,
    ) -> Result<Rotated, StoreError> {
        let change = Change::update(
            session,
            "SET generation = :next, mac_kid = :mac_kid, rotated_at = :now, \
             refresh_expires_at = :refresh_expires_at, expires_at = :expires_at, ip = :ip, \
             user_agent = :user_agent, #event = :event",
        )
        .when(
            "generation = :generation AND attribute_not_exists(revoked_at) AND epoch = :epoch \
             AND expires_at > :seconds AND created_at >= :not_before",
        )
        .value(":next", next.number)?
        .value(":mac_kid", &next.mac_kid)?
        .value(":now", event.time)?
        .value(":refresh_expires_at", next.refresh_expires_at)?
        .value(":expires_at", next.expires_at)?
        .value(":ip", &event.ip)?
        .value(":user_agent", &event.user_agent)?
        .value(":event", event)?
        .value(":generation", next.number - 1)?
        .value(":epoch", guard.epoch)?
        .value(":seconds", event.time.seconds())?
        .value(":not_before", guard.not_before)?
        .returning_all();
        match self.write(&change).await? {
            Written::Done(row) => Ok(Rotated::Done(Box::new(parse(row, "session")?))),
            Written::Refused(row) => {
                let ours = event.is_in(row.as_ref());
                let session = row
                    .map(|row| parse(row, "session").map(Box::new))
                    .transpose()?;
                Ok(Rotated::Refused { session, ours })
            }
        }
    }

    /// Ends a session; its row goes a day later, since whoever lists sessions reads the dead ones too.
    /// `false` where there is none to end, or it has ended before: an update never makes a row.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn revoke(&self, session: Key, event: &Event) -> Result<bool, StoreError> {
        let set = "SET revoked_at = :now, expires_at = :expires_at, #event = :event";
        let expires_at = event.time.plus_seconds(ENDED_KEPT_SECONDS).seconds();
        let change = Change::update(session, set)
            .when("attribute_exists(pk) AND attribute_not_exists(revoked_at)")
            .value(":now", event.time)?
            .value(":expires_at", expires_at)?
            .value(":event", event)?;
        self.make(&[change], event).await
    }
}
