//! The log as it grows: each event once, also those whose rows come a little late.

use std::collections::BTreeSet;

use super::forward::forward;
use super::{Position, Sought};
use crate::app::Verifying;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::store::event::Event;
use crate::store::key::audit_position;

/// Whoever follows a log.
#[derive(Debug)]
pub struct Follower {
    sought: Sought,
    /// Nothing earlier is looked for.
    start: Timestamp,
    /// How much later than its event a row may come, in seconds.
    late_seconds: i64,
    /// Up to where the log has been looked at once; what comes late lies before.
    looked_to: Timestamp,
    /// Where the look that is under way goes on …
    next: Option<Position>,
    /// … and when it began: what came since, it may have passed.
    began: Timestamp,
    /// The positions of what was given, as far back as it is looked at again.
    given: BTreeSet<String>,
}

impl Follower {
    /// Follows what is `sought`, from its `from` or from `now` on; an event whose row comes more than
    /// `late_seconds` after it may be missed.
    #[must_use]
    pub fn new(sought: Sought, late_seconds: i64, now: Timestamp) -> Self {
        let start = sought.from.unwrap_or(now);
        Self {
            sought,
            start,
            late_seconds,
            looked_to: start,
            next: None,
            began: now,
            given: BTreeSet::new(),
        }
    }

    /// What is new, oldest first, late ones aside; and whether there may be more already. Where it fails,
    /// nothing is lost: the next call asks for the same.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or a row is malformed.
    pub async fn poll(
        &mut self,
        app: &Verifying,
        now: Timestamp,
    ) -> Result<(Vec<Event>, bool), Error> {
        self.sought.from = Some(self.again_from());
        if self.next.is_none() {
            self.began = now;
        }
        let (mut events, next) = forward(app, &self.sought, self.next.as_ref(), now).await?;
        events.retain(|event| self.given.insert(audit_position(event)));
        let reached = next.as_ref().and_then(Position::moment);
        let reached = reached.unwrap_or(now).min(self.began);
        self.looked_to = self.looked_to.max(reached);
        self.next = next;
        // What lies before is not asked for again.
        self.given = self.given.split_off(&self.again_from().to_string());
        Ok((events, self.next.is_some()))
    }

    /// From where on the next look begins: what came late is found then.
    fn again_from(&self) -> Timestamp {
        let overlap = self.looked_to.plus_seconds(-self.late_seconds);
        overlap.max(self.start)
    }
}
