//! A record that cannot be processed is set aside, and holds nothing up.

use audit::record::set_aside;
use serde_json::{Value, json};

use super::{batch, failure, login};
use crate::stream::{Stream, counts, deliver, log, record};
use crate::wire::{Act, Done};
use crate::world::World;

/// The messages that calls have sent.
fn sent(calls: &[Done]) -> Vec<Value> {
    let sent = calls
        .iter()
        .filter(|done| done.call.operation == "SendMessage");
    let texts = sent.map(|done| {
        assert_eq!(done.call.body["QueueUrl"], local::audit_queue_url());
        done.call.body["MessageBody"].as_str().expect("a message")
    });
    texts
        .map(|text| serde_json::from_str(text).expect("JSON"))
        .collect()
}

/// Events that are none of ours.
fn unfit() -> Vec<Value> {
    let changed = |change: fn(&mut Value)| {
        let mut event = failure("unfit");
        change(&mut event);
        event
    };
    vec![
        json!({"id": "unfit"}),
        changed(|event| event["id"] = json!("")),
        changed(|event| event["id"] = json!("a".repeat(257))),
        changed(|event| event["type"] = json!("authn_login_maybe")),
        changed(|event| event["outcome"] = json!("unknown")),
        changed(|event| event["time"] = json!("2025-03-01")),
        changed(|event| event["time"] = json!(i64::MAX)),
        changed(|event| event["reason"] = json!("a".repeat(20_000))),
        changed(|event| event["user_agent"] = json!(7)),
        // More than a key takes.
        changed(|event| event["tenant_id"] = json!("a".repeat(2048))),
        changed(|event| event["subject"] = json!("a".repeat(2048))),
        changed(|event| event["actor"] = json!("a".repeat(2048))),
        changed(|event| event["key_id"] = json!("a".repeat(2048))),
    ]
}

#[tokio::test]
async fn an_unfit_record_is_set_aside_with_key_and_event_and_never_its_image() {
    for event in unfit() {
        let world = World::new().await;
        let stream = Stream::new(&world).await;
        let records = [
            record("1", "EVENT#1", &failure("one"), &Value::Null),
            record("2", "USER#1", &event, &failure("one")),
            record("3", "SESSION#1005", &login("three"), &Value::Null),
        ];
        let delivery = batch("shard", &records);
        deliver(stream.app, &delivery).await.expect("it is taken");
        let calls = world.wire.take();
        let expected = json!({
            "key": records[1]["dynamodb"]["Keys"],
            "event": records[1]["dynamodb"]["NewImage"]["event"],
            "shard_id": "shard",
            "sequence_number": "2",
        });
        assert_eq!(sent(&calls), [expected], "{event}");
        let everything = calls.iter().map(|done| done.call.body.to_string());
        assert!(
            everything.into_iter().all(|body| !body.contains("canary")),
            "{event}"
        );
        // Nothing else is held up, however often it comes.
        deliver(stream.app, &delivery).await.expect("it is taken");
        let rows = world.rows().await;
        assert_eq!(log(&rows).len(), 2, "{event}");
        let counted = counts(&rows);
        assert_eq!(counted.values().sum::<u64>(), 2, "{counted:?}");
    }
}

#[tokio::test]
async fn an_event_that_the_table_refuses_is_set_aside_and_the_rest_recorded_and_counted() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    world.wire.rule(|call| {
        let is_refused =
            call.operation == "BatchWriteItem" && call.body.to_string().contains("#refused\"");
        if is_refused {
            return Act::Fail(400, "ValidationException");
        }
        Act::Pass
    });
    let records = [
        record("1", "EVENT#1", &failure("one"), &Value::Null),
        record("2", "EVENT#2", &failure("refused"), &Value::Null),
        record("3", "SESSION#1005", &login("three"), &Value::Null),
    ];
    deliver(stream.app, &batch("shard", &records))
        .await
        .expect("it is taken");
    let messages = sent(&world.wire.take());
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["sequence_number"], "2");
    let rows = world.rows().await;
    assert_eq!(log(&rows).len(), 2);
    assert_eq!(counts(&rows).values().sum::<u64>(), 2);
}

#[test]
fn a_message_that_escaping_makes_too_long_is_sent_without_the_event() {
    // Two bytes each become six.
    for (characters, is_whole) in [(40_000, true), (44_000, false)] {
        let event = json!({"id": "unfit", "reason": "ä".repeat(characters)});
        let text = set_aside("shard", &record("1", "EVENT#1", &event, &Value::Null));
        assert!(text.len() <= 256 * 1024, "{}", text.len());
        let message: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(message["event"].is_object(), is_whole, "{characters}");
        assert_eq!(message["sequence_number"], "1");
    }
}

#[tokio::test]
async fn records_of_no_shape_at_all_are_passed_over_or_set_aside() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    let mut nowhere = record("1", "EVENT#1", &failure("nowhere"), &Value::Null);
    nowhere["dynamodb"]["SequenceNumber"] = Value::Null;
    let records = [
        Value::Null,
        json!("record"),
        json!({"dynamodb": {"NewImage": {"event": {"S": "event"}}, "SequenceNumber": "2"}}),
        nowhere,
        record("3", "EVENT#1", &failure("three"), &Value::Null),
    ];
    deliver(stream.app, &batch("shard", &records))
        .await
        .expect("it is taken");
    // Without its place in the shard nobody can tell whether it was counted.
    assert_eq!(sent(&world.wire.take()).len(), 1);
    assert_eq!(log(&world.rows().await).len(), 1);
}

#[tokio::test]
async fn a_queue_that_is_away_keeps_the_batch_waiting_and_loses_nothing() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    let records = [
        record("1", "EVENT#1", &failure("one"), &Value::Null),
        record("2", "EVENT#2", &json!({"id": "unfit"}), &Value::Null),
    ];
    let delivery = batch("shard", &records);
    world.wire.rule(|call| match call.operation.as_str() {
        "SendMessage" => Act::Refuse,
        _ => Act::Pass,
    });
    assert!(deliver(stream.app, &delivery).await.is_err());
    assert_eq!(counts(&world.rows().await), [].into());
    world.wire.heal();
    world.wire.take();
    deliver(stream.app, &delivery).await.expect("it is taken");
    assert_eq!(sent(&world.wire.take()).len(), 1);
    assert_eq!(log(&world.rows().await).len(), 1);
}

#[tokio::test]
async fn what_is_set_aside_is_there_for_whoever_looks() {
    let world = World::new().await;
    let stream = Stream::new(&world).await;
    let event = json!({"id": "unfit", "reason": "ä\u{ffff}\u{7f}🦀"});
    let records = [record("1", "EVENT#1", &event, &Value::Null)];
    deliver(stream.app, &batch("shard", &records))
        .await
        .expect("it is taken");
    let queue = world.environment().sqs();
    let received = queue
        .receive_message()
        .queue_url(local::audit_queue_url())
        .send()
        .await;
    let messages = received
        .expect("the queue answers")
        .messages
        .expect("a message");
    let text = messages[0].body().expect("a body");
    assert!(
        text.bytes().all(|byte| (b' '..b'\x7f').contains(&byte)),
        "{text}"
    );
    let message: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(message["event"]["M"]["reason"]["S"], event["reason"]);
}
