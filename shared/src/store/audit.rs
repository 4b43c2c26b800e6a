//! The audit log: a row for each event, in four partitions for each day of a tenant. `audit` alone
//! writes it, and only ever adds to it.

use std::cmp::Ordering;

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, ReturnConsumedCapacity, WriteRequest};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::event::{Event, EventType};
use super::key::{Key, SHARDS};
use super::write::{Change, Kind};
use super::{Item, Store, StoreError, TRIES, parse, unavailable};
use crate::clock::Timestamp;
use crate::id::TenantId;

/// How many rows one request may put.
const MOST_ROWS: usize = 25;
const DAY: i64 = 86_400;
const ROW: &str = "audit";

/// A row. It has the event's members and no `event`, so the stream's reader finds none in it.
#[derive(Serialize)]
struct AuditRow<'a> {
    #[serde(flatten)]
    event: &'a Event,
    expires_at: i64,
}

/// What a row says of itself beside its event.
#[derive(Deserialize)]
struct Place {
    sk: String,
    expires_at: i64,
}

/// In which order a stretch is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From its end backwards.
    NewestFirst,
    /// From its beginning on.
    OldestFirst,
}

impl Order {
    /// Which of the rows of a partition belong to a stretch.
    fn condition(self) -> &'static str {
        match self {
            Self::NewestFirst => "pk = :pk AND sk >= :up_to",
            Self::OldestFirst => "pk = :pk AND sk <= :up_to",
        }
    }

    /// Which of two positions comes first.
    fn compare(self, one: &str, other: &str) -> Ordering {
        match self {
            Self::NewestFirst => other.cmp(one),
            Self::OldestFirst => one.cmp(other),
        }
    }
}

/// A stretch of a tenant's log within one day.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// Whose log.
    pub tenant: &'a TenantId,
    /// Which day.
    pub day: &'a str,
    /// In which order.
    pub order: Order,
    /// The position after which it begins, in that order …
    pub after: &'a str,
    /// … and the one that it goes up to, which lies further on.
    pub up_to: &'a str,
    /// Only events of this type.
    pub kind: Option<EventType>,
    /// Only events of this user's or client's doing.
    pub actor: Option<&'a str>,
    /// How many rows each of the four partitions looks at.
    pub limit: usize,
    /// Rows that have expired by now are gone, whether or not they have been removed.
    pub now: Timestamp,
}

/// What a stretch has.
#[derive(Debug, Default)]
pub struct Found {
    /// The events with their positions, in the stretch's order.
    pub events: Vec<(String, Event)>,
    /// Up to which position the stretch has been looked at; `None` where that is all of it.
    pub read_to: Option<String>,
    /// How many rows were looked at.
    pub read: usize,
}

impl Store {
    /// Puts the events into the log, for `retention_days` from when they happened. Putting one again
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or leaves rows unprocessed three times; [`StoreError::Malformed`]
    /// where it takes one of the rows for none.
    pub async fn put_audit(&self, events: &[Event], retention_days: i64) -> Result<(), StoreError> {
        let rows = events.iter().map(|event| {
            let expires_at = event.time.plus_seconds(retention_days * DAY).seconds();
            put_request(Key::audit(event), &AuditRow { event, expires_at })
        });
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let rows = rows.chunks(MOST_ROWS).map(<[_]>::to_vec);
        try_join_all(rows.map(|rows| self.put_rows(rows))).await?;
        Ok(())
    }

    async fn put_rows(&self, mut left: Vec<WriteRequest>) -> Result<(), StoreError> {
        for attempt in 1..=TRIES {
            let answer = self
                .client
                .batch_write_item()
                .request_items(&self.table, left)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| match error.code() {
                    // However often it is asked.
                    Some("ValidationException") => StoreError::Malformed(ROW),
                    _ => unavailable(&error),
                })?;
            let unprocessed = answer.unprocessed_items.into_iter().flatten();
            left = unprocessed.flat_map(|(_, rows)| rows).collect();
            if left.is_empty() {
                return Ok(());
            }
            if attempt < TRIES {
                self.pause().await;
            }
        }
        Err(StoreError::Unavailable("UnprocessedItems".to_owned()))
    }

    /// What of a stretch is there: its four partitions, merged.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or a row is malformed.
    pub async fn audit(&self, stretch: &Stretch<'_>) -> Result<Found, StoreError> {
        let parts = (0..SHARDS).map(|shard| self.audit_part(stretch, shard));
        let parts = try_join_all(parts).await?;
        // A part that has been looked at only so far says nothing of what lies further on, and the
        // others' events from there on have to wait for it.
        let compare = |one: &str, other: &str| stretch.order.compare(one, other);
        let read_to = parts.iter().filter_map(|part| part.read_to.clone());
        let read_to = read_to.min_by(|one, other| compare(one, other));
        let read = parts.iter().map(|part| part.read).sum();
        let events = parts.into_iter().flat_map(|part| part.events);
        let mut events: Vec<_> = events
            .filter(|(position, _)| {
                let within = |read_to: &String| compare(position, read_to).is_le();
                read_to.as_ref().is_none_or(within)
            })
            .collect();
        events.sort_unstable_by(|(one, _), (other, _)| compare(one, other));
        Ok(Found {
            events,
            read_to,
            read,
        })
    }

    async fn audit_part(&self, stretch: &Stretch<'_>, shard: u8) -> Result<Found, StoreError> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let tenant = stretch.tenant.as_str();
        let start = Key::audit_position(tenant, stretch.day, shard, stretch.after);
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(stretch.order.condition())
            .expression_attribute_values(":pk", text(start.partition()))
            .expression_attribute_values(":up_to", text(stretch.up_to))
            .set_exclusive_start_key(Some(start.item()))
            .scan_index_forward(stretch.order == Order::OldestFirst)
            .limit(i32::try_from(stretch.limit).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let mut filters = Vec::new();
        if let Some(kind) = stretch.kind {
            filters.push("#type = :type");
            query = query
                .expression_attribute_names("#type", "type")
                .expression_attribute_values(":type", text(kind.name()));
        }
        if let Some(actor) = stretch.actor {
            filters.push("actor = :actor");
            query = query.expression_attribute_values(":actor", text(actor));
        }
        if !filters.is_empty() {
            query = query.filter_expression(filters.join(" AND "));
        }
        let answer = query.send().await.map_err(|error| unavailable(&error))?;
        let last = answer.last_evaluated_key.as_ref();
        let read_to = last.and_then(|key| key.get("sk")?.as_s().ok()).cloned();
        let read = usize::try_from(answer.scanned_count).unwrap_or_default();
        let rows = answer.items.unwrap_or_default();
        let events = rows.into_iter().map(|row| read_row(row, stretch.now));
        let events = events.filter_map(Result::transpose);
        Ok(Found {
            events: events.collect::<Result<_, _>>()?,
            read_to,
            read,
        })
    }
}

/// An event and its position, unless the row has expired.
fn read_row(row: Item, now: Timestamp) -> Result<Option<(String, Event)>, StoreError> {
    let place: Place = parse(row.clone(), ROW)?;
    if Timestamp::from_seconds(place.expires_at) <= now {
        return Ok(None);
    }
    Ok(Some((place.sk, parse(row, ROW)?)))
}

fn put_request(key: Key, row: &AuditRow<'_>) -> Result<WriteRequest, StoreError> {
    let malformed = StoreError::Malformed("new row");
    let Kind::Put(item) = Change::put(key, row)?.kind else {
        return Err(malformed);
    };
    let put = PutRequest::builder().set_item(Some(item)).build();
    let put = put.map_err(|_| malformed)?;
    Ok(WriteRequest::builder().put_request(put).build())
}
