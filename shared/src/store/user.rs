//! A user: who they are, whether they may sign in, and the sealed hash of their password.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::key::Key;
use super::tenant::{Tenant, TenantStatus};
use super::write::{Change, Written};
use super::{Store, StoreError};
use crate::clock::Timestamp;
use crate::id::{TenantId, UserId};
use crate::role::Role;

/// A user's row.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Its id, the only identity: names may change hands.
    pub id: UserId,
    /// The user's tenant.
    pub tenant_id: TenantId,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// `super_admin`, `admin`, `viewer`, or any other for a plain member.
    pub role: Role,
    /// Counts the changes of the row: each is conditional on the version that it read.
    pub version: u64,
    /// Counts what ends every session: sessions of an earlier epoch are dead.
    pub epoch: u64,
    /// The sealed PHC string; absent until an invite is accepted.
    #[serde(default)]
    pub password_hash: Option<String>,
    /// The login name without an `@`, if there is one.
    #[serde(default)]
    pub username: Option<String>,
    /// The e-mail address, a login name too; empty once the user is removed.
    pub email: String,
    /// Whether the address is known to be the user's.
    pub email_verified: bool,
    /// The name to show.
    #[serde(default)]
    pub name: Option<String>,
    /// The user's organization.
    #[serde(default)]
    pub organization: Option<String>,
    /// The AWS region that the user works in [001].
    #[serde(default)]
    pub aws_region: Option<String>,
    /// Whether this is a demonstration user [000].
    pub is_demo: bool,
    /// Kinds of user, words of the customer's own [000].
    #[serde(default)]
    pub user_type: Vec<String>,
    /// When the user was made.
    pub created_at: Timestamp,
    /// When a user last changed it.
    pub updated_at: Timestamp,
}

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// The user may.
    Active,
    /// The user may not, until an admin says so.
    Suspended,
    /// The user has yet to set a first password.
    Invited,
    /// The user has been removed, and its profile with it.
    Deleted,
}

/// Without what no log may hold: names, e-mail address and hash.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("tenant_id", &self.tenant_id)
            .field("status", &self.status)
            .field("version", &self.version)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

impl User {
    /// Whether the user may have sessions: it and `tenant`, which has to be its own, are active.
    #[must_use]
    pub fn is_active_in(&self, tenant: &Tenant) -> bool {
        self.status == UserStatus::Active
            && self.tenant_id == tenant.id
            && tenant.status == TenantStatus::Active
    }

    /// The change that gives the user a new password: every session ends, being of an earlier epoch.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn new_password(&self, sealed: &str, event: &Event) -> Result<Change, StoreError> {
        Change::update(
            Key::user(&self.id),
            "SET password_hash = :hash, version = :next, epoch = :epoch, updated_at = :now, \
             #event = :event",
        )
        .when("version = :version")
        .value(":hash", sealed)?
        .value(":version", self.version)?
        .value(":next", self.version + 1)?
        .value(":epoch", self.epoch + 1)?
        .value(":now", event.time)?
        .value(":event", event)
    }
}

impl Store {
    /// Stores a stronger hash of the same password. Whoever loses against another change of the
    /// user drops it: `false`.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn rehash(&self, user: &User, sealed: &str) -> Result<bool, StoreError> {
        let change = Change::update(
            Key::user(&user.id),
            "SET password_hash = :hash, version = :next",
        )
        .when("version = :version")
        .value(":hash", sealed)?
        .value(":version", user.version)?
        .value(":next", user.version + 1)?;
        Ok(matches!(self.write(&change).await?, Written::Done(_)))
    }
}
