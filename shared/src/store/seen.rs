//! When a user has signed in last, and an API key was used last; written by `audit` alone.

use super::key::Key;
use super::write::Change;
use super::{Store, StoreError};
use crate::clock::Timestamp;
use crate::id::{KeyId, UserId};

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
}
