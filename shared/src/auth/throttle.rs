//! The wait after failures in a row: free failures first, then one guess at a time.

use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::store::failures::{CountedFree, FORGOTTEN_SECONDS, Failures, FailuresRow};
use crate::store::key::Key;
use crate::store::{Store, StoreError};

/// No wait is longer than a quarter of an hour …
const LONGEST_WAIT_SECONDS: i64 = 15 * 60;
/// … until so many failures in a row …
const MANY_FAILURES: u32 = 50;
/// … after which each is an hour.
const MANY_FAILURES_WAIT_SECONDS: i64 = 60 * 60;

/// An attempt that was counted as a failure, until it clears the count it passed.
#[derive(Clone, Debug)]
pub struct Attempt {
    row: FailuresRow,
    id: String,
    now: Timestamp,
    /// Whether the next attempt has to wait.
    pub locks: bool,
}

/// Counts attempt `id` as a failure on `row`, or on `strangers` where a known address's row is gone.
///
/// # Errors
///
/// [`Error::TooManyLogins`] while the row has to wait, or when another guess was counted first.
pub async fn count(
    store: &Store,
    row: FailuresRow,
    strangers: Option<Key>,
    free: u32,
    id: &str,
    now: Timestamp,
) -> Result<Attempt, Error> {
    let attempt = |row, locks| Attempt {
        row,
        id: id.to_owned(),
        now,
        locks,
    };
    let seen = match store.count_free_failure(&row, free, id, now).await? {
        CountedFree::Counted => return Ok(attempt(row, false)),
        CountedFree::Refused(Some(seen)) => seen,
        CountedFree::Refused(None) => {
            let Some(strangers) = strangers else {
                return Err(StoreError::Malformed("failures").into());
            };
            let shared = FailuresRow::Shared(strangers);
            return Box::pin(count(store, shared, None, free, id, now)).await;
        }
    };
    if seen.attempt == id {
        return Ok(attempt(row, seen.failures > free));
    }
    let idle = seen.is_idle(now);
    if let Some(retry_at) = seen.retry_at
        && now < retry_at
        && !idle
    {
        return Err(Error::TooManyLogins(retry_at));
    }
    let failures = if idle {
        1
    } else {
        seen.failures.saturating_add(1)
    };
    let counted = Failures {
        failures,
        counted_at: now,
        retry_at: wait_seconds(failures, free).map(|seconds| now.plus_seconds(seconds)),
        attempt: id.to_owned(),
        expires_at: match row {
            FailuresRow::Known(_) => seen.expires_at,
            FailuresRow::Shared(_) => now.plus_seconds(FORGOTTEN_SECONDS).seconds(),
        },
    };
    match store.count_waiting_failure(&row, &seen, &counted).await? {
        None => Ok(attempt(row, counted.retry_at.is_some())),
        Some(other) => Err(Error::TooManyLogins(
            other.retry_at.unwrap_or(now.plus_seconds(1)),
        )),
    }
}

impl Attempt {
    /// Clears the count after a success. Failing to is no failure of the call: the count then stands
    /// one too high.
    pub async fn clear(&self, store: &Store, call: &Call) {
        if store.clear_failures(&self.row, &self.id, self.now).await != Ok(true) {
            call.note("the count of failures was not cleared");
        }
    }

    /// Whether the attempt passed through the count of an address that the name is known from.
    #[must_use]
    pub fn is_from_known_address(&self) -> bool {
        matches!(self.row, FailuresRow::Known(_))
    }
}

/// How long the attempt after the `failures`th failure in a row waits: 1, 2, 4 … seconds beyond the
/// free ones; `None` for no wait.
#[must_use]
pub fn wait_seconds(failures: u32, free: u32) -> Option<i64> {
    let beyond = failures.checked_sub(free).filter(|beyond| *beyond > 0)?;
    if failures > MANY_FAILURES {
        return Some(MANY_FAILURES_WAIT_SECONDS);
    }
    let doubled = 1_i64.checked_shl(beyond - 1).filter(|seconds| *seconds > 0);
    Some(
        doubled
            .unwrap_or(LONGEST_WAIT_SECONDS)
            .min(LONGEST_WAIT_SECONDS),
    )
}
