//! Batches delivered twice, late, cut anew, and shards side by side.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::Value;
use shared::store::counters::Sequence;

use super::{History, batch, failure, login};
use crate::stream::{Stream, counts, deliver, log, record};
use crate::wire::{Act, Call};
use crate::world::World;

#[tokio::test]
async fn batches_delivered_twice_and_cut_anew_change_nothing() {
    let mut history = History::new().await;
    let expected = history.expected().await;
    for size in [1, 2, 4, 7, 15] {
        for part in history.records.chunks(size) {
            history.deliver(part).await;
            history.deliver(part).await;
        }
        // All once more, in other parts, and the oldest last.
        for part in history.records.chunks(5) {
            history.deliver(part).await;
        }
        history.deliver(&history.records[..3]).await;
        assert_eq!(history.result().await, expected, "cut by {size}");
        history.forget().await;
    }
}

#[tokio::test]
async fn a_batch_delivered_again_costs_its_rows_and_is_not_counted() {
    let history = History::new().await;
    history.deliver(&history.records).await;
    history.world.wire.take();
    history.deliver(&history.records).await;
    let calls = history.world.wire.take();
    let mut operations = BTreeMap::new();
    for done in &calls {
        *operations.entry(&*done.call.operation).or_default() += 1;
    }
    let expected = [
        ("SendMessage", 1),
        ("BatchWriteItem", 1),
        // Refused: no login is later than those known.
        ("UpdateItem", 3),
        ("Query", 3),
        ("BatchGetItem", 1),
    ];
    assert_eq!(operations, BTreeMap::from(expected));
}

#[tokio::test]
async fn a_batch_that_comes_after_a_later_one_is_in_the_log_and_not_counted() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    for (sequence, id) in [("2", "later"), ("1", "earlier")] {
        let one = record(sequence, "EVENT#1", &failure(id), &Value::Null);
        deliver(stream.app, &batch("shard", &[one]))
            .await
            .expect("it is taken");
    }
    let rows = world.rows().await;
    assert_eq!(log(&rows).len(), 2);
    assert_eq!(counts(&rows)["authn_login_fail#failure"], 1);
}

#[tokio::test]
async fn the_same_batch_at_the_same_time_counts_once() {
    let mut history = History::new().await;
    let expected = history.expected().await;
    // What comes first comes in order: no batch begins after what none has had.
    let records = &history.records;
    let all = [&records[..], &records[..], &records[..9], &records[..4]];
    join_all(all.map(|records| history.deliver(records))).await;
    assert_eq!(history.result().await, expected);
}

#[tokio::test]
async fn without_the_condition_on_the_mark_the_same_batch_would_count_twice() {
    let history = History::new().await;
    // Both read the mark before either moves it.
    let no_mark = crate::calls::batch(local::TABLE_NAME, &[], &[]);
    let act = move |call: &Call| match call.operation.as_str() {
        "BatchGetItem" if call.touches("MARK#") => Act::Answer(no_mark.clone()),
        "TransactWriteItems" => Act::Unconditional,
        _ => Act::Pass,
    };
    history.world.wire.rule(act);
    let both = [&history.records[..], &history.records[..]];
    join_all(both.map(|records| history.deliver(records))).await;
    let counted = counts(&history.world.rows().await);
    assert_eq!(counted["authn_login_success#success"], 8);
}

#[tokio::test]
async fn shards_side_by_side_have_marks_of_their_own() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    let shards = ["shard-a", "shard-b", "shard-c", "shard-d", "shard-e"];
    let records: Vec<Vec<Value>> = shards
        .iter()
        .map(|shard| {
            let records = (1..=6).map(|place| {
                let event = failure(&format!("{shard}-{place}"));
                record(
                    &(place * 100).to_string(),
                    &format!("EVENT#{shard}"),
                    &event,
                    &Value::Null,
                )
            });
            records.collect()
        })
        .collect();
    // Interleaved, some twice, and at the same time.
    for parts in [0..2, 1..3, 2..6, 0..6] {
        let delivered = shards.iter().zip(&records).map(async |(shard, records)| {
            let event = batch(shard, &records[parts.clone()]);
            deliver(stream.app, &event).await
        });
        let delivered = join_all(delivered).await;
        assert!(
            delivered.iter().all(std::result::Result::is_ok),
            "{delivered:?}"
        );
    }
    let rows = world.rows().await;
    assert_eq!(log(&rows).len(), 30);
    assert_eq!(
        counts(&rows),
        [("authn_login_fail#failure".to_owned(), 30)].into()
    );
    let marks = rows.keys().filter(|(pk, _)| pk.starts_with("MARK#"));
    assert_eq!(marks.count(), 5);
    let spread = rows.keys().filter(|(pk, _)| pk.starts_with("COUNT#"));
    assert!(spread.count() > 1, "all shards count in one partition");
}

#[tokio::test]
async fn sequence_numbers_are_numbers_of_any_length() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    let numbers = [
        "9",
        "10",
        "099",
        "100",
        &"9".repeat(40),
        &format!("1{}", "0".repeat(40)),
    ];
    for (place, number) in numbers.iter().enumerate() {
        let event = failure(&format!("event-{place}"));
        let one = record(number, "EVENT#1", &event, &Value::Null);
        for _ in 0..2 {
            deliver(stream.app, &batch("shard", std::slice::from_ref(&one)))
                .await
                .expect("it is taken");
        }
    }
    let counted = counts(&world.rows().await);
    assert_eq!(counted["authn_login_fail#failure"], 6);
    let parsed = |text: &str| Sequence::parse(text);
    assert!(
        ["", "-1", "1.0", " 1", "0x1", "١"]
            .iter()
            .all(|text| parsed(text).is_none())
    );
    assert!(parsed("007") == parsed("7") && parsed("0") < parsed("1"));
}

#[tokio::test]
async fn an_event_that_a_later_write_carries_forward_is_none_of_that_write() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    let (one, two) = (login("one"), login("two"));
    let records = [
        record("1", "SESSION#1005", &one, &Value::Null),
        record("2", "SESSION#1005", &one, &one),
        record("3", "SESSION#1005", &two, &one),
        record("4", "SESSION#1005", &two, &two),
        // A removal by TTL has no new image.
        record("5", "SESSION#1005", &Value::Null, &two),
    ];
    for cut in 0..=records.len() {
        let (first, second) = records.split_at(cut);
        for part in [first, second] {
            deliver(stream.app, &batch("shard", part))
                .await
                .expect("it is taken");
        }
    }
    let rows = world.rows().await;
    assert_eq!(log(&rows).len(), 2);
    assert_eq!(counts(&rows)["authn_login_success#success"], 2);
}

#[tokio::test]
async fn a_batch_without_its_shard_is_a_failure_and_an_empty_one_asks_nothing() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    let one = record("1", "EVENT#1", &failure("one"), &Value::Null);
    let delivered = deliver(stream.app, &serde_json::json!({"Records": [one]})).await;
    assert!(delivered.is_err());
    // The end of a window.
    let nothing = deliver(stream.app, &batch("shard", &[]))
        .await
        .expect("it is taken");
    assert_eq!(nothing, serde_json::json!({"state": {}}));
    assert_eq!(world.wire.take().len(), 0);
}

#[tokio::test]
async fn a_hundred_events_cost_little_more_than_a_hundred_writes() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    let kinds = [
        "authn_login_fail",
        "session_renewed",
        "session_expired",
        "authz_fail",
    ];
    let records: Vec<Value> = (0..100)
        .map(|place| {
            let mut event = failure(&format!("{place}-{}", shared::random::uuid()));
            event["type"] = kinds[place % 4].into();
            event["user_agent"] = "a".repeat(128).into();
            record(&(place + 1).to_string(), "EVENT#1", &event, &Value::Null)
        })
        .collect();
    deliver(stream.app, &batch("shard", &records))
        .await
        .expect("it is taken");
    let calls = world.wire.take();
    let units: f64 = calls.iter().map(|done| done.units).sum();
    // A row each; mark and four counters in a transaction, at twice the price; the mark's read.
    assert_eq!((calls.len(), units), (6, 100.0 + 10.0 + 1.0));
}
