//! How many events there have been, by type and outcome, and up to where each shard of the table's
//! stream has been counted: both in one transaction, so that what is delivered twice counts once.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::event::{EventType, Outcome};
use super::key::{Key, SHARDS, counters_partition, shard_of};
use super::write::{Change, Written};
use super::{Item, Store, StoreError, parse, unavailable};
use crate::clock::Timestamp;

/// Numbers of events.
pub type Counts = BTreeMap<(EventType, Outcome), u64>;

/// A shard of a stream lives for a day and some hours; its mark a while longer.
const MARK_KEPT_SECONDS: i64 = 7 * 86_400;

/// Where a record stands in its shard of the stream: a decimal number of any length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sequence(String);

impl Sequence {
    /// Reads a sequence number; `None` where it is no decimal number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Self(text.trim_start_matches('0').to_owned()))
    }
}

impl TryFrom<String> for Sequence {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("no sequence number")
    }
}

impl From<Sequence> for String {
    fn from(sequence: Sequence) -> Self {
        if sequence.0.is_empty() {
            return "0".to_owned();
        }
        sequence.0
    }
}

/// As numbers: without leading zeros, the longer one is the greater.
impl Ord for Sequence {
    fn cmp(&self, other: &Self) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Sequence {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Deserialize)]
struct Mark {
    last_sequence: Sequence,
}

#[derive(Deserialize)]
struct Counter {
    sk: String,
    count: u64,
}

impl Store {
    /// Up to where a shard of the stream has been counted; `None` where nothing of it has. A mark is
    /// true for as long as it is there, so its expiry is not asked.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or the mark is malformed.
    pub async fn mark(&self, stream_shard: &str) -> Result<Option<Sequence>, StoreError> {
        let [row] = self.read([&Key::mark(stream_shard)]).await?;
        let mark = row.map(|row| parse::<Mark>(row, "mark")).transpose()?;
        Ok(mark.map(|mark| mark.last_sequence))
    }

    /// Counts events and moves the shard's mark to the last of them, if that stands where it was
    /// `seen`; `false` where somebody else has moved it.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or others hold the rows for three tries.
    pub async fn count_events(
        &self,
        stream_shard: &str,
        seen: Option<&Sequence>,
        last: &Sequence,
        counts: &Counts,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mark = Change::update(
            Key::mark(stream_shard),
            "SET last_sequence = :last, expires_at = :expires_at",
        )
        .value(":last", last)?
        .value(":expires_at", now.plus_seconds(MARK_KEPT_SECONDS).seconds())?;
        let mark = match seen {
            Some(seen) => mark.when("last_sequence = :seen").value(":seen", seen)?,
            None => mark.when("attribute_not_exists(pk)"),
        };
        let mut changes = vec![mark];
        let shard = shard_of(stream_shard);
        for ((kind, outcome), count) in counts {
            let key = Key::counter(shard, *kind, *outcome);
            changes.push(Change::update(key, "ADD #count :more").value(":more", count)?);
        }
        let written = self.transact(&changes).await?;
        Ok(matches!(written, Written::Done(_)))
    }

    /// How many events have been counted.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or a counter is malformed.
    pub async fn event_counts(&self) -> Result<Counts, StoreError> {
        let parts = try_join_all((0..SHARDS).map(|shard| self.counters(shard))).await?;
        let mut counts = Counts::new();
        for row in parts.into_iter().flatten() {
            let counter: Counter = parse(row, "counter")?;
            let named = named(&counter.sk).ok_or(StoreError::Malformed("counter"))?;
            *counts.entry(named).or_default() += counter.count;
        }
        Ok(counts)
    }

    /// The counters of one partition, which are fewer than a page holds.
    async fn counters(&self, shard: u8) -> Result<Vec<Item>, StoreError> {
        let partition = AttributeValue::S(counters_partition(shard));
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", partition)
            // A counter that steps back is a restart to whoever reads it.
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| unavailable(&error))?;
        Ok(answer.items.unwrap_or_default())
    }
}

/// What a counter counts.
fn named(sk: &str) -> Option<(EventType, Outcome)> {
    let (kind, outcome) = sk.split_once('#')?;
    let kind = EventType::parse(kind)?;
    let mut outcomes = Outcome::ALL.into_iter();
    let outcome = outcomes.find(|known| known.name() == outcome)?;
    Some((kind, outcome))
}
