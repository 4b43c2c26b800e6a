//! The reader of the table's stream: each event becomes one row of the log and counts once.

use serde_json::{Value, json};
use shared::app::SignIn;
use shared::store::key::Key;

use crate::exchange::{Sent, send};
use crate::stream::{Stream, counts, log};
use crate::world::{ADDRESS, START, World};

#[tokio::test]
async fn a_login_becomes_a_row_of_its_tenants_log_and_counts_once() {
    let world = World::new().await;
    let login = world.instance::<SignIn>().await;
    let sent = Sent::login("doctor.smith", "secure-password").request_id("request-1");
    assert_eq!(send(login, login::handle, sent).await.status, 200);
    let mut stream = Stream::new(&world).await;
    let records = stream.records();
    assert_eq!(records.len(), 1);
    world.wire.take();
    let answer = stream.deliver(&records).await.expect("it is taken");
    assert_eq!(answer, json!({"state": {}}));
    let calls = world.wire.take();
    let made: Vec<_> = calls
        .iter()
        .map(|done| (done.call.operation.as_str(), done.units))
        .collect();
    assert_eq!(
        made,
        [
            ("BatchWriteItem", 1.0),
            ("UpdateItem", 1.0),
            ("Query", 1.0),
            ("BatchGetItem", 1.0),
            ("TransactWriteItems", 4.0),
        ]
    );
    let rows = world.rows().await;
    let log: Vec<(_, Value)> = log(&rows).into_iter().collect();
    let [((pk, sk), row)] = &log[..] else {
        panic!("{log:?}");
    };
    let id = row["id"].as_str().expect("an id");
    let (partition, shard) = pk.rsplit_once('#').expect("a shard");
    assert_eq!(partition, "AUDIT#nuxera#2025-03-01");
    assert!(shard.parse::<u8>().is_ok_and(|shard| shard < 4));
    assert_eq!(*sk, format!("2025-03-01T05:29:00.000Z#{id}"));
    let expected = json!({
        "pk": pk,
        "sk": sk,
        "id": id,
        "type": "authn_login_success",
        "outcome": "success",
        "time": START.millis(),
        "actor": "user-123456",
        "subject": "user-123456",
        "tenant_id": "nuxera",
        "ip": ADDRESS,
        "user_agent": "test/1",
        "request_id": "request-1",
        "expires_at": START.seconds() + 400 * 86_400,
    });
    assert_eq!(*row, expected);
    let counted = [("authn_login_success#success".to_owned(), 1)];
    assert_eq!(counts(&rows), counted.into());
    let seen = world.json(&Key::seen(&"user-123456".into())).await;
    assert_eq!(seen["last_login"], START.millis());
    // What it writes is none of its business.
    assert_eq!(stream.records(), Vec::<Value>::new());
}
