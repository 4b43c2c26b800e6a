//! Property tests of what reads a record of the stream: it never panics, takes every event that is one
//! of ours, and nothing else.

use audit::record::{Brings, Record, set_aside};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::clock::Timestamp;
use shared::store::event::{Event, EventType, Outcome};

use crate::stream::record;

/// Something like DynamoDB's JSON.
fn attribute() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(|text| json!({"S": text})),
        any::<i64>().prop_map(|number| json!({"N": number.to_string()})),
        "[-0-9.e]{0,12}".prop_map(|number| json!({"N": number})),
        Just(json!({"NULL": true})),
        Just(json!({"S": 7})),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        let name = prop::sample::select(vec![
            "id",
            "type",
            "outcome",
            "time",
            "ip",
            "user_agent",
            "request_id",
            "event",
            "S",
            "N",
            "M",
            "L",
            "dynamodb",
            "NewImage",
            "OldImage",
            "SequenceNumber",
            "Keys",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| json!({"L": list})),
            prop::collection::btree_map(name.clone(), inner.clone(), 0..8)
                .prop_map(|members| json!({"M": members})),
            prop::collection::btree_map(name, inner, 0..8).prop_map(|members| json!(members)),
        ]
    })
}

/// A text, or none.
fn maybe(text: &'static str) -> impl Strategy<Value = Option<String>> {
    prop::option::of(text)
}

fn event() -> impl Strategy<Value = Event> {
    let names = (
        ".{1,60}",
        maybe(".{0,40}"),
        maybe(".{0,40}"),
        maybe(".{0,40}"),
    );
    let whom = (
        maybe(".{1,40}"),
        maybe(".{1,40}"),
        maybe(".{1,40}"),
        maybe(".{1,40}"),
    );
    let what = (
        0..EventType::ALL.len(),
        any::<bool>(),
        0_i64..253_402_300_799_999,
    );
    (names, whom, what, ".{0,128}").prop_map(|(names, whom, what, user_agent)| Event {
        id: names.0.as_str().into(),
        kind: EventType::ALL[what.0],
        outcome: if what.1 {
            Outcome::Success
        } else {
            Outcome::Failure
        },
        time: Timestamp::from_millis(what.2),
        ip: "2001:db8::1".to_owned(),
        user_agent,
        request_id: "request-1".to_owned(),
        actor: whom.0.as_deref().map(Into::into),
        subject: whom.1.as_deref().map(Into::into),
        tenant_id: whom.2.as_deref().map(Into::into),
        reason: names.1,
        key_id: whom.3.as_deref().map(Into::into),
        from: names.2,
        to: names.3,
        previous_ip: None,
    })
}

proptest! {
    #[test]
    fn whatever_a_record_is_it_is_read_without_a_panic(record in attribute()) {
        let read = Record::read(&record);
        let message = set_aside("shard", &record);
        prop_assert!(message.is_ascii());
        prop_assert!(serde_json::from_str::<Value>(&message).is_ok());
        if let Brings::Event(event) = read.brings {
            prop_assert!(read.sequence.is_some());
            prop_assert_eq!(
                record["dynamodb"]["NewImage"]["event"]["M"]["id"]["S"].as_str(),
                Some(event.id.as_str())
            );
        }
    }

    #[test]
    fn whatever_an_event_is_in_an_image_it_is_one_of_ours_or_set_aside_or_none(
        event in attribute(),
        old in attribute(),
    ) {
        let record = json!({"dynamodb": {
            "NewImage": {"event": event},
            "OldImage": {"event": old},
            "SequenceNumber": "1",
        }});
        let read = Record::read(&record);
        let has_id = event["M"]["id"]["S"].is_string();
        prop_assert!(has_id || read.brings == Brings::Nothing);
    }

    #[test]
    fn every_event_of_ours_is_read_as_it_was_written(event in event(), sequence in 0_u64..) {
        let sent = serde_json::to_value(&event).expect("JSON");
        let sequence = sequence.to_string();
        let new = record(&sequence, "EVENT#1", &sent, &Value::Null);
        prop_assert_eq!(Record::read(&new).brings, Brings::Event(Box::new(event)));
        let carried = record(&sequence, "EVENT#1", &sent, &sent);
        prop_assert_eq!(Record::read(&carried).brings, Brings::Nothing);
    }
}

#[test]
fn names_of_types_and_outcomes_are_those_that_the_table_has() {
    for kind in EventType::ALL {
        assert_eq!(json!(kind), json!(kind.name()));
        assert_eq!(EventType::parse(kind.name()), Some(kind));
    }
    for outcome in Outcome::ALL {
        assert_eq!(json!(outcome), json!(outcome.name()));
    }
    assert!(EventType::ALL.is_sorted_by_key(|kind| kind.name()));
}

#[test]
fn the_event_in_events_brings_a_row() {
    let event = std::fs::read_to_string(local::template::workspace().join("events/audit.json"));
    let event: audit::Batch = serde_json::from_str(&event.expect("a file")).expect("a batch");
    assert!(event.shard.starts_with("shardId-"));
    let brings: Vec<_> = event
        .records
        .iter()
        .map(|record| Record::read(record).brings)
        .collect();
    assert!(matches!(brings[..], [Brings::Event(_)]), "{brings:?}");
}
