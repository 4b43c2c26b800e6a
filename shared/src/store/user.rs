//! A user: who they are, whether they may sign in, and the sealed hash of their password.

mod changes;

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// The invite that may set the first password, until it is accepted or ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub invite: Option<CurrentInvite>,
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

/// The invite of a user: an invite that its user does not name is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentInvite {
    /// The hash of its token.
    pub hash: String,
    /// When it expires, in Unix seconds.
    pub expires_at: i64,
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

impl UserStatus {
    /// Its name, as the API and the table have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Invited => "invited",
            Self::Deleted => "deleted",
        }
    }
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

    /// Whether the user counts among its tenant's active admins.
    #[must_use]
    pub fn is_active_admin(&self) -> bool {
        self.status == UserStatus::Active && self.role.is_admin()
    }

    /// Whether the user has an invite that has expired: its names are there for the taking.
    #[must_use]
    pub fn is_expired_invite(&self, now: Timestamp) -> bool {
        let expired = |invite: &CurrentInvite| Timestamp::from_seconds(invite.expires_at) <= now;
        self.status == UserStatus::Invited && self.invite.as_ref().is_some_and(expired)
    }

    /// What somebody who guesses this user's password would try first.
    #[must_use]
    pub fn guessable_words(&self) -> Vec<&str> {
        let named = [&self.username, &self.name, &self.organization];
        let mut words: Vec<&str> = named.into_iter().filter_map(Option::as_deref).collect();
        words.extend([self.email.as_str(), self.tenant_id.as_str()]);
        words
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
