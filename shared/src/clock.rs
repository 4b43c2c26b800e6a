//! Time: one reading per request, from the system or from a clock that a test moves.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use tokio::sync::watch;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
///
/// Its text form is the wire's (RFC 3339 in UTC with milliseconds, `2025-03-01T05:28:42.148Z`); in
/// the table it is a number of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the Unix epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down: a JWT's `NumericDate`, or a TTL.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment, `seconds` later (earlier if negative).
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// The day in UTC, as in `2025-03-01`.
    #[must_use]
    pub fn day(self) -> String {
        let mut text = self.to_string();
        text.truncate("2025-03-01".len());
        text
    }

    /// Reads RFC 3339, with any offset; what is finer than a millisecond is dropped.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let millis = moment.unix_timestamp_nanos().div_euclid(1_000_000);
        Self::try_from(i64::try_from(millis).ok()?).ok()
    }

    /// Seconds from `self` until `later`, rounded up, at least 1: what `retry-after` says.
    #[must_use]
    pub fn seconds_until(self, later: Self) -> i64 {
        let millis = later.0.saturating_sub(self.0).max(1);
        millis.saturating_add(999) / 1000
    }
}

/// The years 1 to 9999: what RFC 3339 can say.
const SAYABLE_MILLIS: RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

impl TryFrom<i64> for Timestamp {
    type Error = &'static str;

    fn try_from(millis: i64) -> Result<Self, Self::Error> {
        let sayable = SAYABLE_MILLIS.contains(&millis);
        sayable
            .then_some(Self(millis))
            .ok_or("a moment outside the years 1 to 9999")
    }
}

impl From<Timestamp> for i64 {
    fn from(moment: Timestamp) -> Self {
        moment.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|moment| moment.format(format).ok())
            .map_or(Err(fmt::Error), |text| f.write_str(&text))
    }
}

/// Where the time comes from. Cloning gives another handle to the same clock.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until a test moves it.
    Moved(Arc<watch::Sender<i64>>),
}

impl Clock {
    /// A clock that shows `start` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn moved(start: Timestamp) -> Self {
        Self::Moved(Arc::new(watch::Sender::new(start.millis())))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Moved(millis) => Timestamp(*millis.borrow()),
        }
    }

    /// Moves a test's clock on by `by`; the system's clock takes no orders.
    pub fn advance(&self, by: Duration) {
        if let Self::Moved(millis) = self {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            millis.send_modify(|now| *now = now.saturating_add(by));
        }
    }

    /// Waits for `duration`. A moved clock waits only for what a deadline would (a second or more),
    /// until it is moved that far: the pauses between repeats, which are shorter, pass at once.
    pub async fn sleep(&self, duration: Duration) {
        match self {
            Self::System => system_sleep(duration).await,
            Self::Moved(_) if duration < Duration::from_secs(1) => tokio::task::yield_now().await,
            Self::Moved(millis) => {
                let mut watcher = millis.subscribe();
                let wait = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
                let until = watcher.borrow().saturating_add(wait);
                // The sender lives as long as `self` does, so this ends only when the time comes.
                let _ = watcher.wait_for(|now| *now >= until).await;
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the system for the time"
)]
fn system_now() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

#[expect(clippy::disallowed_methods, reason = "the one place that really waits")]
async fn system_sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// The SDK's repeats and deadlines wait through the same clock.
impl AsyncSleep for Clock {
    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = self.clone();
        Sleep::new(async move { Clock::sleep(&clock, duration).await })
    }
}
