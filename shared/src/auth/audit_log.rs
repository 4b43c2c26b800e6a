//! The audit log of a tenant, read from its end backwards, day by day; [`forward`] from a moment on, and
//! [`follow`] as it grows.

pub mod follow;
pub mod forward;

use crate::app::Verifying;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::TenantId;
use crate::store::audit::{Found, Order, Stretch};
use crate::store::event::{Event, EventType};
use crate::store::key::audit_position;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Sought {
    /// Whose log.
    pub tenant: TenantId,
    /// Only events of this type.
    pub kind: Option<EventType>,
    /// Only events of this user's or client's doing.
    pub actor: Option<String>,
    /// Only events of this moment or later.
    pub from: Option<Timestamp>,
    /// Only events of this moment or earlier.
    pub to: Option<Timestamp>,
}

/// A place in a log: everything from here on has been seen, and what is before it has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    text: String,
    /// The day of what comes next.
    day: String,
}

/// The longest id of an event.
pub const LONGEST_ID: usize = 256;
/// Where the text of a moment ends.
const MOMENT: usize = "2025-03-01T05:28:42.148Z".len();
/// One call goes back so many days at most …
const MOST_STRETCHES: usize = 31;
/// … and has so many rows looked at, before it says how far it has come.
const MOST_ROWS: usize = 8_000;
/// What each partition looks at in one request where most may not be what is looked for.
const ROWS_AT_ONCE: usize = 1_000;
/// How far ahead of ours an instance's clock may be.
const AHEAD_SECONDS: i64 = 60;
const DAY: i64 = 86_400;

impl Sought {
    /// From which moment on events may be there, and the first one that is not asked for.
    fn span(&self, app: &Verifying, now: Timestamp) -> (Timestamp, Timestamp) {
        let kept_from = now.plus_seconds(-app.config.audit_retention_days * DAY);
        let from = self.from.map_or(kept_from, |from| from.max(kept_from));
        let latest = now.plus_seconds(AHEAD_SECONDS);
        let to = self.to.map_or(latest, |to| to.min(latest));
        (from, Timestamp::from_millis(to.millis() + 1))
    }

    /// Whether most rows may not be what is looked for.
    fn selects(&self) -> bool {
        self.kind.is_some() || self.actor.is_some()
    }
}

impl Position {
    /// Reads a position: a moment, and an id where the moment is not all that has been seen.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (moment, rest) = text.split_at_checked(MOMENT)?;
        let time = Timestamp::parse(moment).filter(|time| time.to_string() == moment)?;
        if rest.is_empty() {
            return Some(Self::before(time));
        }
        let id = rest.strip_prefix('#')?;
        let fits = !id.is_empty() && id.len() <= LONGEST_ID;
        fits.then(|| Self::at(text.to_owned(), time))
    }

    fn at(text: String, time: Timestamp) -> Self {
        let day = time.day();
        Self { text, day }
    }

    /// Everything of `time` and later has been seen.
    fn before(time: Timestamp) -> Self {
        let last = Timestamp::try_from(time.millis() - 1).unwrap_or(time);
        Self {
            text: time.to_string(),
            day: last.day(),
        }
    }

    /// Everything of its day has been seen.
    fn day_before(&self) -> Option<Self> {
        let start = format!("{}T00:00:00.000Z", self.day);
        Timestamp::parse(&start).map(Self::before)
    }

    /// Where an event stands: everything up to it has been seen.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self::at(audit_position(event), event.time)
    }

    /// The moment of it.
    fn moment(&self) -> Option<Timestamp> {
        Timestamp::parse(self.text.get(..MOMENT)?)
    }

    /// The position as text, as [`Position::parse`] takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// At most `limit` events, newest first, from `after` on backwards, or from the end; and from where to
/// go on, where there may be more. A page may have fewer events than there are: what a call looks
/// at is bounded.
///
/// # Errors
///
/// When DynamoDB does not answer, or a row is malformed.
pub async fn read(
    app: &Verifying,
    sought: &Sought,
    limit: usize,
    after: Option<Position>,
    now: Timestamp,
) -> Result<(Vec<Event>, Option<Position>), Error> {
    let (from, end) = sought.span(app, now);
    let down_to = from.to_string();
    let end = Position::before(end);
    // A cursor of another question may lie after the end of this one.
    let after = after.filter(|after| after.text < end.text);
    let mut position = after.unwrap_or(end);
    let selects = sought.selects();
    let (mut events, mut looked_at) = (Vec::new(), 0);
    for _ in 0..MOST_STRETCHES {
        if position.text <= down_to {
            return Ok((events, None));
        }
        if looked_at >= MOST_ROWS {
            break;
        }
        let wanted = limit - events.len();
        let stretch = Stretch {
            tenant: &sought.tenant,
            day: &position.day,
            order: Order::NewestFirst,
            after: &position.text,
            up_to: &down_to,
            kind: sought.kind,
            actor: sought.actor.as_deref(),
            limit: if selects { ROWS_AT_ONCE } else { wanted + 1 },
            now,
        };
        let found = app.store.audit(&stretch).await?;
        looked_at += found.read;
        let next = next(&position, &found, wanted);
        events.extend(
            found
                .events
                .into_iter()
                .take(wanted)
                .map(|(_, event)| event),
        );
        let Some(next) = next else {
            return Ok((events, None));
        };
        position = next;
        if events.len() == limit {
            break;
        }
    }
    let more = position.text > down_to;
    Ok((events, more.then_some(position)))
}

/// From where to go on after `wanted` of what was found.
fn next(position: &Position, found: &Found, wanted: usize) -> Option<Position> {
    let at = |text: &str| Position {
        text: text.to_owned(),
        day: position.day.clone(),
    };
    if found.events.len() > wanted {
        let (last, _) = wanted
            .checked_sub(1)
            .and_then(|last| found.events.get(last))?;
        return Some(at(last));
    }
    match &found.read_to {
        Some(read_to) => Some(at(read_to)),
        None => position.day_before(),
    }
}
