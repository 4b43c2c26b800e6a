//! The table's stream in a test's hands: batches as Lambda would cut them, and the function that reads
//! them.

use std::collections::BTreeMap;

use audit::Audit;
use local::stream::{Reader, Source};
use local::template::Template;
use serde_json::{Value, json};
use shared::error::Error;
use shared::lambda::answer_event;

use crate::privilege::under_role_of;
use crate::world::{Rows, World};

/// The stream's records that the function is handed, and the function.
pub struct Stream {
    /// An instance of the function.
    pub app: &'static Audit,
    source: Source,
    reader: Reader,
}

impl Stream {
    /// The stream from its oldest record on, and a new instance.
    pub async fn new(world: &World) -> Self {
        let mut sources = Template::read().and_then(|template| template.stream_sources());
        let source = sources.as_mut().expect("template.yaml").remove(0);
        Self {
            app: world.instance().await,
            source,
            reader: world.stream(),
        }
    }

    /// The records that have come since the last time, those that the template's filter lets through.
    pub fn records(&mut self) -> Vec<Value> {
        let mut records = Vec::new();
        loop {
            let more = self.reader.read().expect("a stream");
            if more.is_empty() {
                return records;
            }
            records.extend(more.into_iter().filter(|record| self.source.wants(record)));
        }
    }

    /// Delivers records as one batch.
    pub async fn deliver(&self, records: &[Value]) -> Result<Value, Error> {
        deliver(self.app, &self.reader.batch(records)).await
    }

    /// Delivers what has come since the last time, and what comes of that, until nothing does.
    pub async fn drain(&mut self) {
        loop {
            let records = self.records();
            if records.is_empty() {
                return;
            }
            for batch in records.chunks(100) {
                self.deliver(batch).await.expect("it is taken");
            }
        }
    }
}

/// Delivers an event to an instance.
pub async fn deliver(app: &'static Audit, event: &Value) -> Result<Value, Error> {
    let event = serde_json::from_value(event.clone()).expect("an event");
    let answered = answer_event(app, audit::handle, event, "stream");
    let answered = Box::pin(under_role_of("audit::handle", answered)).await?;
    Ok(serde_json::to_value(answered).expect("JSON"))
}

/// A record of an item that had the event `old` and has the event `new`, in the place `sequence` of its
/// shard.
pub fn record(sequence: &str, key: &str, new: &Value, old: &Value) -> Value {
    let image = |event: &Value| {
        let event = event.as_object()?;
        let members = event.iter().map(|(name, value)| {
            let value = match value {
                Value::Number(number) => json!({"N": number.to_string()}),
                value => json!({"S": value}),
            };
            (name.clone(), value)
        });
        let event = Value::Object(members.collect());
        Some(json!({"pk": {"S": key}, "secret": {"S": "canary"}, "event": {"M": event}}))
    };
    json!({
        "eventID": sequence,
        "eventName": "MODIFY",
        "dynamodb": {
            "Keys": {"pk": {"S": key}, "sk": {"S": "ROW"}},
            "NewImage": image(new),
            "OldImage": image(old),
            "SequenceNumber": sequence,
        },
    })
}

/// The audit rows of a table, as JSON, by their keys.
pub fn log(rows: &Rows) -> BTreeMap<(String, String), Value> {
    let rows = rows.iter().filter(|((pk, _), _)| pk.starts_with("AUDIT#"));
    rows.map(|(key, row)| {
        let row = serde_dynamo::from_item(row.clone()).expect("a row is JSON");
        (key.clone(), row)
    })
    .collect()
}

/// The counters of a table, summed over their partitions.
pub fn counts(rows: &Rows) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for ((_, sk), row) in rows.iter().filter(|((pk, _), _)| pk.starts_with("COUNT#")) {
        let count: u64 = row["count"]
            .as_n()
            .expect("a number")
            .parse()
            .expect("a number");
        *counts.entry(sk.clone()).or_default() += count;
    }
    counts
}
