//! The reader of the table's stream: every event, from the item that it changed or from a row of its
//! own, becomes one row of the audit log and counts once.
//!
//! Lambda delivers each batch of a stream's shard at least once. What has been counted lies at or
//! before the shard's mark and is skipped; rows, last logins and ended sessions come out the same
//! however often they are done; mark and counters move in one transaction, after everything else.
//! So it may be killed between any two of its calls. A failure is answered as one: then Lambda
//! delivers the batch again. A record that cannot be processed never can be: it is set aside in a queue
//! that raises an alarm, and holds up nothing else.
//!
//! Which shard a batch is of, Lambda says only where the event source has a tumbling window, which
//! then wants a state in the answer; nothing is kept in it.

pub mod record;

use std::collections::BTreeMap;

use aws_sdk_sqs::Client as Queue;
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::app::{App, Verifying};
use shared::auth::audit;
use shared::aws::Environment;
use shared::clock::Timestamp;
use shared::error::Error;
use shared::lambda::Invocation;
use shared::store::counters::{Counts, Sequence};
use shared::store::event::Event;

use record::{Brings, Record, set_aside};

/// A batch of records of one shard (AWS Lambda, "DynamoDB time windows").
#[derive(Debug, Default, Deserialize)]
pub struct Batch {
    /// The records, in the order of the shard; none when a window closes. One that cannot be read
    /// must not hide the others.
    #[serde(rename = "Records", default)]
    pub records: Vec<Value>,
    /// The shard.
    #[serde(rename = "shardId", default)]
    pub shard: String,
}

/// The answer that a tumbling window wants.
#[derive(Debug, Default, Serialize)]
pub struct Taken {
    state: State,
}

/// What is carried on within a window: nothing.
#[derive(Debug, Default, Serialize)]
struct State {}

/// What the function holds: the table, and the queue of what cannot be processed.
#[derive(Debug)]
pub struct Audit {
    base: Verifying,
    queue: Queue,
}

impl App for Audit {
    fn new(environment: &Environment) -> Self {
        Self {
            base: Verifying::new(environment),
            queue: environment.sqs(),
        }
    }

    fn base(&self) -> &Verifying {
        &self.base
    }

    // It verifies nothing, and may not read the keys.
    async fn warm(&self, _now: Timestamp) {}
}

/// So often a batch is begun anew where somebody else moves its shard's mark.
const TRIES: u32 = 3;

/// Records a batch.
///
/// # Errors
///
/// When a store does not answer: the batch has to be delivered again.
pub async fn handle(app: &'static Audit, call: Invocation<Batch>) -> Result<Taken, Error> {
    let batch = call.event;
    if batch.records.is_empty() {
        return Ok(Taken::default());
    }
    if batch.shard.is_empty() {
        return Err(Error::Internal("the event has no shardId".to_owned()));
    }
    let records: Vec<_> = batch.records.iter().map(Record::read).collect();
    for _ in 0..TRIES {
        let mark = app.base.store.mark(&batch.shard).await?;
        let is_new = |record: &Record| match (&record.sequence, &mark) {
            (Some(sequence), Some(mark)) => sequence > mark,
            _ => true,
        };
        let fresh = records.iter().zip(&batch.records);
        let fresh: Vec<_> = fresh.filter(|(record, _)| is_new(record)).collect();
        if fresh
            .iter()
            .all(|(record, _)| record.brings == Brings::Nothing)
        {
            return Ok(Taken::default());
        }
        for (record, as_sent) in &fresh {
            if record.brings == Brings::Unfit {
                app.set_aside(&set_aside(&batch.shard, as_sent)).await?;
            }
        }
        let events = events(fresh.iter().map(|(record, _)| *record));
        if !events.is_empty() {
            Box::pin(audit::record(&app.base, &events, call.now)).await?;
        }
        let last = fresh
            .iter()
            .filter_map(|(record, _)| record.sequence.as_ref())
            .max();
        if app
            .count(&batch.shard, mark.as_ref(), last, &events, call.now)
            .await?
        {
            return Ok(Taken::default());
        }
    }
    Err(Error::Unavailable("table: the mark moves".to_owned()))
}

/// The new events, each of them once: two rows of one key in a request are refused.
fn events<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<Event> {
    let events = records.filter_map(|record| match &record.brings {
        Brings::Event(event) => Some(((event.time, event.id.clone()), (**event).clone())),
        _ => None,
    });
    events.collect::<BTreeMap<_, _>>().into_values().collect()
}

impl Audit {
    /// Counts the events and moves the mark; `false` where somebody else has moved it. Records that do
    /// not say where they stand move nothing.
    async fn count(
        &self,
        shard: &str,
        mark: Option<&Sequence>,
        last: Option<&Sequence>,
        events: &[Event],
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Some(last) = last else {
            return Ok(true);
        };
        let mut counts = Counts::new();
        for event in events {
            *counts.entry((event.kind, event.outcome)).or_default() += 1;
        }
        let store = &self.base.store;
        Ok(store.count_events(shard, mark, last, &counts, now).await?)
    }

    async fn set_aside(&self, message: &str) -> Result<(), Error> {
        let sent = self
            .queue
            .send_message()
            .queue_url(&self.base.config.audit_queue_url)
            .message_body(message)
            .send()
            .await;
        let code = |code: Option<&str>| code.unwrap_or("no answer").to_owned();
        sent.map(|_| ())
            .map_err(|error| Error::Unavailable(format!("queue: {}", code(error.code()))))
    }
}
