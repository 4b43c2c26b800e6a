//! The table's stream: what Lambda's event source does between a stream and a function, as
//! `template.yaml` has it: reads, filters, cuts batches, and delivers each until it is taken,
//! in halves where one fails.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use dynoxide::Database;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use serde_json::{Value, json};
use shared::clock::Clock;
use tokio::sync::oneshot;

use crate::data_dir::replace;
use crate::{StackError, Stores, TABLE_NAME, serving};

/// How long it waits where there is nothing new.
const IDLE: Duration = Duration::from_millis(100);
/// How long it waits before it delivers a batch again.
const AGAIN: Duration = Duration::from_secs(1);
/// How many records are read at a time, the most that DynamoDB gives.
const READ: usize = 1000;

/// A function's event source of type `DynamoDB`.
#[derive(Clone, Debug)]
pub struct Source {
    /// The function.
    pub function: String,
    /// The patterns, one of which a record has to match.
    pub patterns: Vec<Value>,
    /// The most records in a batch.
    pub batch_size: usize,
}

/// A reader of the stream of the table, which has one shard here.
pub struct Reader {
    database: Database,
    stream: String,
    shard: String,
    iterator: String,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader of {}", self.shard)
    }
}

impl Reader {
    /// A reader that begins after `position`, a sequence number, or with the oldest record.
    pub(crate) fn new(database: Database, position: Option<String>) -> Result<Self, StackError> {
        let streams = database.list_streams(ListStreamsRequest {
            table_name: Some(TABLE_NAME.to_owned()),
            ..ListStreamsRequest::default()
        });
        let mut streams = streams.map_err(failed)?.streams.into_iter();
        let stream = streams.next().ok_or_else(|| failed("the table has none"))?;
        let stream = stream.stream_arn;
        let described = database.describe_stream(DescribeStreamRequest {
            stream_arn: stream.clone(),
            ..DescribeStreamRequest::default()
        });
        let described = described.map_err(failed)?.stream_description;
        let mut shards = described.shards.into_iter();
        let shard = shards.next().ok_or_else(|| failed("it has no shard"))?;
        let shard = shard.shard_id;
        let kind = match position {
            Some(_) => "AFTER_SEQUENCE_NUMBER",
            None => "TRIM_HORIZON",
        };
        let iterator = database.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: stream.clone(),
            shard_id: shard.clone(),
            shard_iterator_type: kind.to_owned(),
            sequence_number: position,
        });
        let iterator = iterator.map_err(failed)?.shard_iterator;
        Ok(Self {
            database,
            stream,
            shard,
            iterator: iterator.ok_or_else(|| failed("it gives no iterator"))?,
        })
    }

    /// The next records, as Lambda hands them over; none where there are none yet.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub fn read(&mut self) -> Result<Vec<Value>, StackError> {
        let read = self.database.get_records(GetRecordsRequest {
            shard_iterator: self.iterator.clone(),
            limit: Some(READ),
        });
        let read = read.map_err(failed)?;
        self.iterator = read
            .next_shard_iterator
            .ok_or_else(|| failed("it has ended"))?;
        let mut records = Vec::with_capacity(read.records.len());
        for record in read.records {
            let mut record = serde_json::to_value(record).map_err(failed)?;
            record["eventSourceARN"] = json!(self.stream);
            records.push(record);
        }
        Ok(records)
    }

    /// What Lambda hands a function: a batch of the shard's records, in a tumbling window.
    #[must_use]
    pub fn batch(&self, records: &[Value]) -> Value {
        event(&self.shard, records)
    }
}

/// Delivers what is read to a function, until this is dropped.
#[derive(Debug)]
pub(crate) struct Polling {
    _end: oneshot::Sender<()>,
}

struct Poller {
    reader: Reader,
    source: Source,
    url: String,
    client: reqwest::Client,
    /// Where the position outlives a restart.
    file: Option<PathBuf>,
}

/// Delivers the stream of these stores to `source.function`, at `functions_url`.
pub(crate) fn start(
    source: Source,
    stores: &Stores,
    functions_url: &str,
) -> Result<Polling, StackError> {
    let client = reqwest::Client::builder().no_proxy().build();
    let client = client.map_err(|error| StackError(format!("no HTTP client: {error}")))?;
    let function = &source.function;
    let url = format!("{functions_url}/2015-03-31/functions/{function}/invocations");
    let file = stores
        .data_dir()
        .map(|folder| folder.file("stream-position"));
    let kept = file.as_ref().filter(|file| file.exists());
    let position = kept
        .map(std::fs::read_to_string)
        .transpose()
        .map_err(failed)?;
    let mut poller = Poller {
        reader: stores.stream(position)?,
        source,
        url,
        client,
        file,
    };
    let (end, ended) = oneshot::channel();
    serving::spawn(async move {
        tokio::select! {
            _ = ended => {}
            Err(error) = poller.run() => eprintln!("{error}"),
        }
    });
    Ok(Polling { _end: end })
}

/// A batch of records of a shard.
pub(crate) fn event(shard: &str, records: &[Value]) -> Value {
    json!({
        "Records": records,
        "window": {"start": "2025-03-01T05:15:00Z", "end": "2025-03-01T05:30:00Z"},
        "state": {},
        "shardId": shard,
        "eventSourceARN": records.first().map(|record| &record["eventSourceARN"]),
        "isFinalInvokeForWindow": false,
        "isWindowTerminatedEarly": false,
    })
}

/// Whether a record matches a pattern (Lambda, "Event filtering"): each of its members there, too; the
/// only rule that is known here is that a value exists.
#[must_use]
pub fn matches(pattern: &Value, record: &Value) -> bool {
    match pattern {
        Value::Object(members) => members
            .iter()
            .all(|(name, pattern)| matches(pattern, &record[name])),
        Value::Array(rules) => {
            let exists = !record.is_null() && !record.is_object();
            rules.iter().any(|rule| rule["exists"] == exists)
        }
        _ => false,
    }
}

impl Source {
    /// Whether a record matches one of the patterns.
    #[must_use]
    pub fn wants(&self, record: &Value) -> bool {
        self.patterns.iter().any(|pattern| matches(pattern, record))
    }
}

impl Poller {
    async fn run(&mut self) -> Result<(), StackError> {
        loop {
            let mut records = self.reader.read()?;
            let Some(last) = records.last() else {
                Clock::System.sleep(IDLE).await;
                continue;
            };
            let last = last["dynamodb"]["SequenceNumber"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            records.retain(|record| self.source.wants(record));
            for batch in records.chunks(self.source.batch_size) {
                self.deliver(batch).await;
            }
            if let Some(file) = &self.file {
                replace(file, last.as_bytes()).map_err(failed)?;
            }
        }
    }

    /// Delivers a batch until the function has taken it, in halves where it fails.
    async fn deliver(&self, batch: &[Value]) {
        let mut waiting = vec![batch];
        while let Some(part) = waiting.pop() {
            if self.is_taken(&self.reader.batch(part)).await {
                continue;
            }
            let (function, size) = (&self.source.function, part.len());
            eprintln!("{function} has not taken a batch of {size}: it is delivered again");
            Clock::System.sleep(AGAIN).await;
            let (first, second) = part.split_at(size.div_ceil(2));
            if !second.is_empty() {
                waiting.push(second);
            }
            waiting.push(first);
        }
    }

    /// Whether the function takes a batch. Only an answer with a state says so.
    async fn is_taken(&self, event: &Value) -> bool {
        let sent = self.client.post(&self.url).body(event.to_string());
        let answer = match sent.send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        answer["state"].is_object()
    }
}

fn failed(error: impl std::fmt::Display) -> StackError {
    StackError(format!("the table's stream: {error}"))
}
