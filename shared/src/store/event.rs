//! Audit events: what happened, as the item's `event` attribute of the change it caused, or as a
//! row of its own where nothing changed. The `audit` function reads both from the table's stream.

use serde::{Deserialize, Serialize};

use super::key::Key;
use super::write::Change;
use super::{Item, Store, StoreError};
use crate::clock::Timestamp;
use crate::id::{EventId, KeyId, PrincipalId, TenantId};

/// What happened, by its name in the OWASP Logging Vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// A login, an accepted invite or a client's authentication that made a session.
    AuthnLoginSuccess,
    /// A wrong password or API key, a suspended user or client, an address not allowed.
    AuthnLoginFail,
    /// A failed login after which the name has to wait.
    AuthnLoginLock,
    /// A password changed by its user.
    AuthnPasswordChange,
    /// A password not changed: the current one was wrong, or the new one was rejected.
    AuthnPasswordChangeFail,
    /// A client or an API key made.
    AuthnTokenCreated,
    /// A refresh token replayed, its session ended.
    AuthnTokenReuse,
    /// A client ended or suspended, an API key ended.
    AuthnTokenRevoked,
    /// A user's role or a client's scope changed, from one to another.
    AuthzChange,
    /// A role, a scope or an address refused to a good token.
    AuthzFail,
    /// The first refusal of a window.
    ExcessRateLimitExceeded,
    /// A session ended: by logout, or as one too many.
    SessionExpired,
    /// A session refreshed, or the answer of a lost refresh given again.
    SessionRenewed,
    /// The operator has exported users.
    SysExport,
    /// The operator has imported users.
    SysImport,
    /// A signing key revoked.
    SysKeyRevoked,
    /// The signing keys rotated.
    SysKeyRotated,
    /// A user suspended.
    UserArchived,
    /// A user invited.
    UserCreated,
    /// A user removed.
    UserDeleted,
    /// A user's name changed, or a suspended user made active again.
    UserUpdated,
}

impl EventType {
    /// Every type, in the order of their names.
    pub const ALL: [Self; 21] = [
        Self::AuthnLoginFail,
        Self::AuthnLoginLock,
        Self::AuthnLoginSuccess,
        Self::AuthnPasswordChange,
        Self::AuthnPasswordChangeFail,
        Self::AuthnTokenCreated,
        Self::AuthnTokenReuse,
        Self::AuthnTokenRevoked,
        Self::AuthzChange,
        Self::AuthzFail,
        Self::ExcessRateLimitExceeded,
        Self::SessionExpired,
        Self::SessionRenewed,
        Self::SysExport,
        Self::SysImport,
        Self::SysKeyRevoked,
        Self::SysKeyRotated,
        Self::UserArchived,
        Self::UserCreated,
        Self::UserDeleted,
        Self::UserUpdated,
    ];

    /// Its name, as the audit log and the metrics have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthnLoginFail => "authn_login_fail",
            Self::AuthnLoginLock => "authn_login_lock",
            Self::AuthnLoginSuccess => "authn_login_success",
            Self::AuthnPasswordChange => "authn_password_change",
            Self::AuthnPasswordChangeFail => "authn_password_change_fail",
            Self::AuthnTokenCreated => "authn_token_created",
            Self::AuthnTokenReuse => "authn_token_reuse",
            Self::AuthnTokenRevoked => "authn_token_revoked",
            Self::AuthzChange => "authz_change",
            Self::AuthzFail => "authz_fail",
            Self::ExcessRateLimitExceeded => "excess_rate_limit_exceeded",
            Self::SessionExpired => "session_expired",
            Self::SessionRenewed => "session_renewed",
            Self::SysExport => "sys_export",
            Self::SysImport => "sys_import",
            Self::SysKeyRevoked => "sys_key_revoked",
            Self::SysKeyRotated => "sys_key_rotated",
            Self::UserArchived => "user_archived",
            Self::UserCreated => "user_created",
            Self::UserDeleted => "user_deleted",
            Self::UserUpdated => "user_updated",
        }
    }

    /// The type of this name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As the caller wanted.
    Success,
    /// Not so.
    Failure,
}

impl Outcome {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Success, Self::Failure];

    /// Its name, as the audit log and the metrics have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// One audit event. It holds no secret, and no name that somebody typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its id: by it a write whose answer was lost knows itself, and a record delivered twice
    /// counts once.
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub time: Timestamp,
    /// From which address.
    pub ip: String,
    /// With which program.
    pub user_agent: String,
    /// In which call.
    pub request_id: String,
    /// Who did it, where that is known: a user or a client.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor: Option<PrincipalId>,
    /// To whom or what: a user, a client, the id of a key that was tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<PrincipalId>,
    /// In which tenant.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tenant_id: Option<TenantId>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The API key that was used, made or ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_id: Option<KeyId>,
    /// The role or the scope before a change of it …
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<String>,
    /// … and after.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<String>,
    /// Of a refresh answer given again: the address that had it first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous_ip: Option<String>,
}

/// An event that changed no state, a row that the stream carries and TTL removes.
#[derive(Serialize)]
struct EventRow<'a> {
    event: &'a Event,
    expires_at: i64,
}

const KEPT_SECONDS: i64 = 86_400;

impl Event {
    /// The same event, with the reason why.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// The event as a row of its own.
    fn row(&self) -> Result<Change, StoreError> {
        let expires_at = self.time.plus_seconds(KEPT_SECONDS).seconds();
        let row = EventRow {
            event: self,
            expires_at,
        };
        Change::put(Key::event(&self.id), &row)
    }

    /// Whether `row` carries this event: then a write that seemed refused was our own, made before.
    #[must_use]
    pub fn is_in(&self, row: Option<&Item>) -> bool {
        row.and_then(|row| row.get("event")?.as_m().ok()?.get("id")?.as_s().ok())
            .is_some_and(|id| id == self.id.as_str())
    }
}

impl Store {
    /// Puts an event of its own.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn put_event(&self, event: &Event) -> Result<(), StoreError> {
        // A repeat puts the same row, in which the stream's reader sees no new event.
        self.write(&event.row()?).await.map(|_| ())
    }

    /// Puts an event whose id says what it is about, unless somebody else has put it before.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn put_event_once(&self, event: &Event) -> Result<(), StoreError> {
        let change = event.row()?.when("attribute_not_exists(pk)");
        self.write(&change).await.map(|_| ())
    }
}
