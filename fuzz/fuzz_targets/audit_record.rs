//! Records of the table's stream: each is an event of ours, nothing, or set aside, and never a panic; what
//! is set aside is JSON that a queue takes.
#![no_main]

use audit::Batch;
use audit::record::{Brings, Record, set_aside};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    if let Ok(batch) = serde_json::from_slice::<Batch>(data) {
        batch.records.iter().for_each(read);
    }
    if let Ok(record) = serde_json::from_slice::<Value>(data) {
        read(&record);
    }
});

fn read(record: &Value) {
    let taken = Record::read(record);
    let message = set_aside("shardId-0", record);
    assert!(message.is_ascii());
    assert!(message.len() <= 256 * 1024);
    assert!(serde_json::from_str::<Value>(&message).is_ok());
    if let Brings::Event(event) = taken.brings {
        assert!(taken.sequence.is_some());
        let id = record["dynamodb"]["NewImage"]["event"]["M"]["id"]["S"].as_str();
        assert_eq!(id, Some(event.id.as_str()));
    }
}
