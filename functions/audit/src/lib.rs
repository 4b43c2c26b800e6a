//! The reader of the table's stream: every event, from the item that it changed or from a row of its
//! own, becomes one row of the audit log and counts once.
//!
//! Lambda delivers each batch of a stream's shard at least once. Rows, last logins and ended sessions
//! come out the same however often they are done, and are done for whatever is delivered; what lies at
//! or before the shard's mark is not counted; mark and counters move in one transaction, after
//! everything else. So it may be killed between any two of its calls. A store that is away fails the
//! batch: then Lambda delivers it again. A record that cannot be processed never can be: it is set
//! aside in a queue that raises an alarm, and holds up nothing else.
//!
//! Which shard a batch is of, Lambda says only where the event source has a tumbling window, which
//! then wants a state in the answer; nothing is kept in it.

pub mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use aws_sdk_sqs::Client as Queue;
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::app::{App, Verifying};
use shared::auth::audit;
use shared::aws::Environment;
use shared::clock::Timestamp;
use shared::error::Error;
use shared::id::EventId;
use shared::lambda::Invocation;
use shared::store::counters::{Counts, Sequence};
use shared::store::event::{Event, EventType};

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

/// What the template has alarms for, as metrics of these names: a replayed refresh token, and a login
/// name that has to wait.
pub const ALARMING: [EventType; 2] = [EventType::AuthnTokenReuse, EventType::AuthnLoginLock];

/// So often a batch is begun anew where somebody else moves its shard's mark.
const TRIES: u32 = 3;

/// Records a batch.
///
/// # Errors
///
/// When a store does not answer: the batch has to be delivered again.
pub async fn handle(app: &'static Audit, mut call: Invocation<Batch>) -> Result<Taken, Error> {
    let batch = std::mem::take(&mut call.event);
    if batch.records.is_empty() {
        return Ok(Taken::default());
    }
    if batch.shard.is_empty() {
        return Err(Error::Internal("the event has no shardId".to_owned()));
    }
    let records: Vec<_> = batch.records.iter().map(Record::read).collect();
    for (record, as_sent) in records.iter().zip(&batch.records) {
        if record.brings == Brings::Unfit {
            app.set_aside(&set_aside(&batch.shard, as_sent)).await?;
        }
    }
    let mut taken = BTreeSet::new();
    let events = events(&records, |_| true);
    match Box::pin(audit::record(&app.base, &events, call.now)).await {
        Ok(()) => taken.extend(events.into_iter().map(|event| event.id)),
        Err(error @ Error::Unavailable(_)) => return Err(error),
        Err(_) => taken = app.record_singly(&batch, &records, call.now).await?,
    }
    if taken.is_empty() {
        return Ok(Taken::default());
    }
    for _ in 0..TRIES {
        let mark = app.base.store.mark(&batch.shard).await?;
        let is_new = |record: &Record| record.sequence > mark;
        let last = records.iter().filter(|record| is_new(record));
        let Some(last) = last.filter_map(|record| record.sequence.as_ref()).max() else {
            return Ok(Taken::default());
        };
        let mut fresh = self::events(&records, is_new);
        fresh.retain(|event| taken.contains(&event.id));
        if app
            .count(&batch.shard, mark.as_ref(), last, &fresh, call.now)
            .await?
        {
            for kind in ALARMING {
                let count = fresh.iter().filter(|event| event.kind == kind).count();
                if count > 0 {
                    call.measure(kind.name(), count as u64);
                }
            }
            return Ok(Taken::default());
        }
    }
    Err(Error::Unavailable("table: the mark moves".to_owned()))
}

/// The events of some of the records, each of them once: two rows of one key in a request are refused.
fn events(records: &[Record], of: impl Fn(&Record) -> bool) -> Vec<Event> {
    let records = records.iter().filter(|record| of(record));
    let events = records.filter_map(|record| match &record.brings {
        Brings::Event(event) => Some(((event.time, event.id.clone()), (**event).clone())),
        _ => None,
    });
    events.collect::<BTreeMap<_, _>>().into_values().collect()
}

impl Audit {
    /// Records one event at a time, sets aside those that cannot be recorded however often that is
    /// tried, and says which could.
    async fn record_singly(
        &self,
        batch: &Batch,
        records: &[Record],
        now: Timestamp,
    ) -> Result<BTreeSet<EventId>, Error> {
        let mut taken = BTreeSet::new();
        for (record, as_sent) in records.iter().zip(&batch.records) {
            let Brings::Event(event) = &record.brings else {
                continue;
            };
            let event = slice::from_ref(&**event);
            match Box::pin(audit::record(&self.base, event, now)).await {
                Ok(()) => taken.extend(event.iter().map(|event| event.id.clone())),
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(_) => self.set_aside(&set_aside(&batch.shard, as_sent)).await?,
            }
        }
        Ok(taken)
    }

    /// Counts the events and moves the mark; `false` where somebody else has moved it.
    async fn count(
        &self,
        shard: &str,
        mark: Option<&Sequence>,
        last: &Sequence,
        events: &[Event],
        now: Timestamp,
    ) -> Result<bool, Error> {
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
