//! When a user has signed in last, and an API key was used last; written by `audit` alone, and by an import
//! for the user whom it makes.

use super::key::Key;
use super::write::Change;
use super::{REMOVED_SECONDS, Store, StoreError};
use crate::clock::Timestamp;
use crate::id::{KeyId, UserId};

/// The change that notes when a user signed in who comes from elsewhere; in the transaction that makes the
/// user.
///
/// # Errors
///
/// When the row cannot be written as it is.
pub fn login_at(user: &UserId, at: Timestamp) -> Result<Change, StoreError> {
    Change::update(Key::seen(user), "SET last_login = :at").value(":at", at)
}

impl Store {
    /// Notes that a user has signed in at `at`, unless a later login is known.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn saw_login(&self, user: &UserId, at: Timestamp) -> Result<(), StoreError> {
        let change = Change::update(Key::seen(user), "SET last_login = :at")
            .when("attribute_not_exists(last_login) OR last_login < :at")
            .value(":at", at)?;
        self.write(&change).await.map(|_| ())
    }

    /// Notes that an API key was used at `at`, unless a later use is known.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn saw_key(&self, key: &KeyId, at: Timestamp) -> Result<(), StoreError> {
        let change = Change::update(Key::key_seen(key), "SET last_used_at = :at")
            .when("attribute_not_exists(last_used_at) OR last_used_at < :at")
            .value(":at", at)?;
        self.write(&change).await.map(|_| ())
    }

    /// Has what is known of a user or a key that ended at `at` go as late as its own row; `seen` is where
    /// that is, if anywhere.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn forget_seen(&self, seen: Key, at: Timestamp) -> Result<(), StoreError> {
        let change = Change::update(seen, "SET expires_at = :expires_at")
            .when("attribute_exists(pk)")
            .value(":expires_at", at.plus_seconds(REMOVED_SECONDS).seconds())?;
        self.write(&change).await.map(|_| ())
    }
}
