//! The log from a moment on, oldest event first: for what goes through all of it.

use super::{DAY, Position, ROWS_AT_ONCE, Sought};
use crate::app::Verifying;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::store::audit::{Order, Stretch};
use crate::store::event::Event;

/// Some events after `after`, or from the beginning, oldest first; and from where to go on, where there
/// may be more. It looks at some thousand rows of one day at most, so whoever goes on from page to page
/// holds no more than that, however long the span. A page may have no event at all.
///
/// Rows come into the log a little after their events: near its end, one page may pass over what
/// another would have had.
///
/// # Errors
///
/// When DynamoDB does not answer, or a row is malformed.
pub async fn forward(
    app: &Verifying,
    sought: &Sought,
    after: Option<&Position>,
    now: Timestamp,
) -> Result<(Vec<Event>, Option<Position>), Error> {
    let (from, end) = sought.span(app, now);
    // Text sorts as time does; an event's position is longer than its moment, hence after it.
    let (from, end) = (from.to_string(), end.to_string());
    let after = after.map_or(&*from, Position::as_str).max(&*from);
    if after >= &*end {
        return Ok((Vec::new(), None));
    }
    let day = &after[.."2025-03-01".len()];
    let stretch = Stretch {
        tenant: &sought.tenant,
        day,
        order: Order::OldestFirst,
        after,
        up_to: &end,
        kind: sought.kind,
        actor: sought.actor.as_deref(),
        limit: ROWS_AT_ONCE,
        now,
    };
    let found = app.store.audit(&stretch).await?;
    let next = match found.read_to {
        Some(read_to) => Position::parse(&read_to),
        None => day_after(day),
    };
    let next = next.filter(|next| next.as_str() < &*end);
    let events = found.events.into_iter().map(|(_, event)| event);
    Ok((events.collect(), next))
}

/// The beginning of the next day.
fn day_after(day: &str) -> Option<Position> {
    let start = Timestamp::parse(&format!("{day}T00:00:00.000Z"))?;
    Position::parse(&start.plus_seconds(DAY).to_string())
}
