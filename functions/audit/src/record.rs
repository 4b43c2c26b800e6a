//! A record of the table's stream, as Lambda hands it over: what event it brings, if it brings one.

use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shared::auth::audit_log::LONGEST_ID;
use shared::id::{KeyId, PrincipalId, TenantId};
use shared::store::counters::Sequence;
use shared::store::event::Event;

/// The largest event, in bytes of JSON: with its row's other attributes far below what DynamoDB takes.
/// Ours stay below a thousand.
const LARGEST_EVENT: usize = 16 * 1024;
/// The largest message that is sent, which SQS has always taken.
const LARGEST_MESSAGE: usize = 256 * 1024;

/// A record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Where it stands in its shard; `None` where it does not say so.
    pub sequence: Option<Sequence>,
    /// What it brings.
    pub brings: Brings,
}

/// What a record brings.
#[derive(Clone, Debug, PartialEq)]
pub enum Brings {
    /// A new event.
    Event(Box<Event>),
    /// No event, or one that an earlier record of its row has brought.
    Nothing,
    /// A new event that is none of ours.
    Unfit,
}

impl Record {
    /// Reads a record, whatever it is.
    #[must_use]
    pub fn read(record: &Value) -> Self {
        let change = &record["dynamodb"];
        let sequence = change["SequenceNumber"].as_str().and_then(Sequence::parse);
        let new = &change["NewImage"]["event"];
        let old = &change["OldImage"]["event"];
        let brings = match (id(new), id(old)) {
            (None, _) => Brings::Nothing,
            (Some(new), Some(old)) if new == old => Brings::Nothing,
            _ => match (read(new), &sequence) {
                (Some(event), Some(_)) => Brings::Event(Box::new(event)),
                _ => Brings::Unfit,
            },
        };
        Self { sequence, brings }
    }
}

/// What of a record that cannot be processed is set aside: its key, its event, where it stands, and never
/// the image, which may hold a sealed hash or an e-mail address. In ASCII, since SQS does not take
/// every character.
#[must_use]
pub fn set_aside(stream_shard: &str, record: &Value) -> String {
    let change = &record["dynamodb"];
    let message = |event: &Value| {
        let message = json!({
            "key": change["Keys"],
            "event": event,
            "shard_id": stream_shard,
            "sequence_number": change["SequenceNumber"],
        });
        ascii(&message.to_string())
    };
    let whole = message(&change["NewImage"]["event"]);
    if whole.len() > LARGEST_MESSAGE {
        return message(&Value::Null);
    }
    whole
}

/// JSON with every other character written as JSON may, by its UTF-16.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

/// The id of an event in an image.
fn id(event: &Value) -> Option<&str> {
    event["M"]["id"]["S"].as_str()
}

/// An event in an image: one of ours, that has a place in the log.
fn read(event: &Value) -> Option<Event> {
    let event: Event = from_attribute(event)?;
    let size = serde_json::to_string(&event).ok()?.len();
    let id = event.id.as_str();
    // All of these are parts of keys, of which DynamoDB takes 2,048 and 1,024 bytes.
    let parts = [
        Some(id),
        event.actor.as_ref().map(PrincipalId::as_str),
        event.subject.as_ref().map(PrincipalId::as_str),
        event.tenant_id.as_ref().map(TenantId::as_str),
        event.key_id.as_ref().map(KeyId::as_str),
    ];
    let is_short = parts
        .into_iter()
        .flatten()
        .all(|part| part.len() <= LONGEST_ID);
    (!id.is_empty() && is_short && size <= LARGEST_EVENT).then_some(event)
}

/// What an attribute in DynamoDB's JSON says.
fn from_attribute<T: DeserializeOwned>(attribute: &Value) -> Option<T> {
    serde_json::from_value(plain(attribute, 0)?).ok()
}

/// No event is nested deeper than its members.
const DEEPEST: usize = 4;

/// An attribute as plain JSON.
fn plain(attribute: &Value, depth: usize) -> Option<Value> {
    if depth > DEEPEST {
        return None;
    }
    let attribute = attribute.as_object()?;
    let (kind, value) = attribute.iter().next().filter(|_| attribute.len() == 1)?;
    match kind.as_str() {
        "S" => value.as_str().map(Value::from),
        "BOOL" => value.as_bool().map(Value::from),
        "NULL" => Some(Value::Null),
        "N" => {
            let number: i64 = value.as_str()?.parse().ok()?;
            Some(number.into())
        }
        "M" => {
            let members = value.as_object()?.iter();
            let members =
                members.map(|(name, value)| Some((name.clone(), plain(value, depth + 1)?)));
            Some(Value::Object(members.collect::<Option<Map<_, _>>>()?))
        }
        // No event has lists, sets or bytes.
        _ => None,
    }
}
