//! Failures in a row: of one login name from strangers' addresses, of one login name from an address
//! where it has signed in, or of the current password of one session. Counted before the password is
//! looked at, so that parallel guesses count too.

use serde::{Deserialize, Serialize};

use super::key::Key;
use super::write::{Change, Written};
use super::{Store, StoreError, parse};
use crate::clock::Timestamp;

/// Failures are forgotten after 24 idle hours.
pub const FORGOTTEN_SECONDS: i64 = 86_400;
/// An address is known for 30 days from the last success.
const KNOWN_SECONDS: i64 = 30 * 86_400;

/// A row of failures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// How many in a row.
    pub failures: u32,
    /// When the last was counted.
    pub counted_at: Timestamp,
    /// Until when the next attempt has to wait.
    #[serde(default)]
    pub retry_at: Option<Timestamp>,
    /// The request that was counted last.
    pub attempt: String,
    /// When the row ends, in Unix seconds.
    pub expires_at: i64,
}

/// Which row, and whether counting may make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailuresRow {
    /// Of a known address: only a success makes it or lets it live longer.
    Known(Key),
    /// Of strangers, or of a session's current password: counting makes it, for a day.
    Shared(Key),
}

impl FailuresRow {
    fn key(&self) -> Key {
        let (Self::Known(key) | Self::Shared(key)) = self;
        key.clone()
    }
}

/// How counting without a wait ended.
#[derive(Debug, PartialEq, Eq)]
pub enum CountedFree {
    /// Counted.
    Counted,
    /// Not counted; the row as it stands, if there is one.
    Refused(Option<Failures>),
}

impl Failures {
    /// Whether the failures are forgotten at `now`.
    #[must_use]
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.counted_at.plus_seconds(FORGOTTEN_SECONDS) <= now
    }
}

impl Store {
    /// Counts an attempt as a failure, if fewer than `free` are counted within 24 hours.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or the row is malformed.
    pub async fn count_free_failure(
        &self,
        row: &FailuresRow,
        free: u32,
        attempt: &str,
        now: Timestamp,
    ) -> Result<CountedFree, StoreError> {
        let change = match row {
            FailuresRow::Known(key) => {
                let set = "SET failures = failures + :one, counted_at = :now, attempt = :attempt";
                // A success has set the count to zero, however long ago.
                Change::update(key.clone(), set)
                    .when("failures = :zero OR (failures < :free AND counted_at > :forgotten)")
            }
            FailuresRow::Shared(key) => Change::update(
                key.clone(),
                "SET failures = if_not_exists(failures, :zero) + :one, counted_at = :now, \
                 attempt = :attempt, expires_at = :expires_at",
            )
            .when(
                "attribute_not_exists(pk) OR failures = :zero \
                 OR (failures < :free AND counted_at > :forgotten)",
            )
            .value(":expires_at", now.plus_seconds(FORGOTTEN_SECONDS).seconds())?,
        }
        .value(":zero", 0)?
        .value(":one", 1)?
        .value(":free", free)?
        .value(":now", now)?
        .value(":attempt", attempt)?
        .value(":forgotten", now.plus_seconds(-FORGOTTEN_SECONDS))?;
        match self.write(&change).await? {
            Written::Done(_) => Ok(CountedFree::Counted),
            Written::Refused(row) => {
                let row = row.map(|row| parse(row, "failures")).transpose()?;
                Ok(CountedFree::Refused(row))
            }
        }
    }

    /// Counts the `failures`th failure, if nobody has counted since the row was as `seen`; the next
    /// attempt then waits until `retry_at`. `None` when counted, else the row as it stands.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or the row is malformed.
    pub async fn count_waiting_failure(
        &self,
        row: &FailuresRow,
        seen: &Failures,
        counted: &Failures,
    ) -> Result<Option<Failures>, StoreError> {
        let set = match counted.retry_at {
            Some(_) => {
                "SET failures = :failures, counted_at = :now, attempt = :attempt, \
                 expires_at = :expires_at, retry_at = :retry_at"
            }
            None => {
                "SET failures = :failures, counted_at = :now, attempt = :attempt, \
                 expires_at = :expires_at REMOVE retry_at"
            }
        };
        let unchanged = match seen.retry_at {
            Some(_) => "failures = :seen AND counted_at = :seen_at AND retry_at = :seen_retry_at",
            None => "failures = :seen AND counted_at = :seen_at AND attribute_not_exists(retry_at)",
        };
        let mut change = Change::update(row.key(), set)
            .when(unchanged)
            .value(":failures", counted.failures)?
            .value(":now", counted.counted_at)?
            .value(":attempt", &counted.attempt)?
            .value(":expires_at", counted.expires_at)?
            .value(":seen", seen.failures)?
            .value(":seen_at", seen.counted_at)?;
        if let Some(retry_at) = counted.retry_at {
            change = change.value(":retry_at", retry_at)?;
        }
        if let Some(retry_at) = seen.retry_at {
            change = change.value(":seen_retry_at", retry_at)?;
        }
        match self.write(&change).await? {
            Written::Done(_) => Ok(None),
            Written::Refused(None) => Ok(Some(seen.clone())),
            Written::Refused(Some(row)) => {
                let row: Failures = parse(row, "failures")?;
                Ok((row.attempt != counted.attempt).then_some(row))
            }
        }
    }

    /// Clears the count that `attempt` has passed through, if nobody was counted since. `false` where
    /// somebody was.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn clear_failures(
        &self,
        row: &FailuresRow,
        attempt: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let change = match row {
            FailuresRow::Known(key) => Change::update(
                key.clone(),
                "SET failures = :zero, expires_at = :expires_at REMOVE retry_at",
            )
            .value(":expires_at", now.plus_seconds(KNOWN_SECONDS).seconds())?,
            FailuresRow::Shared(key) => {
                Change::update(key.clone(), "SET failures = :zero REMOVE retry_at")
            }
        }
        .when("attempt = :attempt")
        .value(":zero", 0)?
        .value(":attempt", attempt)?;
        Ok(matches!(self.write(&change).await?, Written::Done(_)))
    }

    /// Makes an address known for 30 days, if it is not.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn make_known(
        &self,
        key: Key,
        attempt: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = Failures {
            failures: 0,
            counted_at: now,
            retry_at: None,
            attempt: attempt.to_owned(),
            expires_at: now.plus_seconds(KNOWN_SECONDS).seconds(),
        };
        let change = Change::put(key, &row)?
            .when("attribute_not_exists(pk) OR expires_at <= :seconds")
            .value(":seconds", now.seconds())?;
        self.write(&change).await.map(|_| ())
    }
}
