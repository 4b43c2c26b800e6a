//! Moments as somebody types them.

use std::str::FromStr;

use shared::clock::Timestamp;

/// A moment, or one that depends on when the command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// This one.
    At(Timestamp),
    /// A day in UTC, which begins here.
    Day(Timestamp),
    /// So many seconds ago.
    Ago(i64),
}

const DAY: i64 = 86_400;
const WHAT: &str = "it must be a time, as in 2025-03-01T05:28:42Z, a day, as in 2025-03-01, or how long \
                    ago, as in 15m, 2h or 7d";

impl Moment {
    /// Where a span begins that begins with it.
    pub fn start(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) | Self::Day(moment) => moment,
            Self::Ago(seconds) => now.plus_seconds(-seconds),
        }
    }

    /// The last moment of a span that ends with it: of a day, all of it belongs to the span.
    pub fn end(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Day(start) => Timestamp::from_millis(start.plus_seconds(DAY).millis() - 1),
            other => other.start(now),
        }
    }
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(moment) = Timestamp::parse(text) {
            return Ok(Self::At(moment));
        }
        if let Some(start) = Timestamp::parse(&format!("{text}T00:00:00Z")) {
            return Ok(Self::Day(start));
        }
        ago(text).map(Self::Ago).ok_or(WHAT)
    }
}

fn ago(text: &str) -> Option<i64> {
    let (unit, seconds) = [("s", 1), ("m", 60), ("h", 3600), ("d", DAY)]
        .into_iter()
        .find(|(unit, _)| text.ends_with(unit))?;
    let count = text.strip_suffix(unit)?;
    let count: u32 = count.parse().ok().filter(|_| !count.starts_with('+'))?;
    i64::from(count).checked_mul(seconds)
}
