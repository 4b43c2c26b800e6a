//! What recording takes: batches of logins and of refreshes, as many as come within five seconds of each
//! other, and how large a row of the log is.

use serde_json::{Value, json};
use shared::store::key::Key;

use super::{Measured, PAGE};
use crate::agreement::template::read;
use crate::stream::{Stream, deliver, record};
use crate::world::{START, World};

/// What a browser says of itself.
const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                       Chrome/134.0.0.0 Safari/537.36";

/// An event of this user's.
fn event(kind: &str, user: &str) -> Value {
    json!({
        "id": shared::random::uuid(),
        "type": kind,
        "outcome": "success",
        "time": START.millis(),
        "ip": "203.0.113.7",
        "user_agent": BROWSER,
        "request_id": shared::random::uuid(),
        "actor": user,
        "subject": user,
        "tenant_id": "00000000-0000-0000-0000-000000000001",
    })
}

/// Delivers one batch, of so many events of users who each have so many live sessions.
async fn record_batch(world: &World, kind: &str, events: u32, sessions: u32) {
    let stream = Stream::new(world).await;
    let like = world.sign_in("1005").await;
    let mut row = world.json(&like.session_key()).await;
    row.as_object_mut().expect("a row").remove("event");
    let mut records = Vec::new();
    for number in 0..events {
        let user = shared::random::uuid();
        for session in 0..sessions {
            row["id"] = json!(format!("00000000-0000-0000-0000-{session:012}"));
            let id = row["id"].as_str().expect("an id").into();
            let key = Key::session(&user.as_str().into(), &id);
            world.put_json(&key, &row).await;
        }
        let sequence = (number + 1).to_string();
        let key = format!("SESSION#{user}");
        records.push(record(&sequence, &key, &event(kind, &user), &Value::Null));
    }
    world.wire.take();
    let batch = json!({"Records": records, "shardId": shared::random::uuid(), "state": {}});
    deliver(stream.app, &batch).await.expect("it is taken");
}

impl Measured {
    pub(super) async fn recording(&mut self) {
        for (kind, what, events, sessions) in [
            ("one login", "authn_login_success", 1, 1),
            ("one login, of 100 sessions", "authn_login_success", 1, 100),
            ("three logins", "authn_login_success", 3, 1),
            (
                "three logins, of 100 sessions",
                "authn_login_success",
                3,
                100,
            ),
            ("a hundred logins", "authn_login_success", 100, 1),
            (
                "a hundred logins, of 100 sessions",
                "authn_login_success",
                100,
                100,
            ),
            ("three refreshes", REFRESH, 3, 1),
        ] {
            record_batch(&self.world, what, events, sessions).await;
            self.note("audit", kind);
        }
    }
}

const REFRESH: &str = "session_renewed";

/// The bytes of a row as DynamoDB counts them: those of its names and of its texts, and of a number half
/// its digits and one more (DynamoDB developer guide, "Item sizes and formats").
fn size(row: &Value) -> usize {
    let members = row.as_object().expect("a row").iter();
    let sizes = members.map(|(name, value)| {
        name.len()
            + match value {
                Value::String(text) => text.len(),
                number => number.to_string().len().div_ceil(2) + 1,
            }
    });
    sizes.sum()
}

/// What DynamoDB adds to each row that it stores.
const OVERHEAD: usize = 100;
/// Dollars for a GB in a month, and for going back in time.
const GB_MONTH: f64 = 0.25 + 0.20;
const DAYS_OF_A_MONTH: f64 = 30.4;

#[tokio::test]
async fn keeping_the_audit_log_costs_what_the_page_says() {
    let world = World::new().await;
    record_batch(&world, "authn_login_success", 1, 1).await;
    let rows = crate::stream::log(&world.rows().await);
    let row = rows.values().next().expect("a row");
    let size = size(row);
    let days = read()["Parameters"]["AuditRetentionDays"]["Default"]
        .as_u64()
        .expect("days");
    let bytes = u32::try_from(size + OVERHEAD).expect("few");
    let days = u32::try_from(days).expect("few");
    let price = f64::from(bytes) / 1000.0 * f64::from(days) / DAYS_OF_A_MONTH * GB_MONTH;
    let said =
        format!("{size} bytes and {OVERHEAD} of DynamoDB's own, for {days} days: ${price:.2}");
    let page = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains(&said), "{said}");
}
