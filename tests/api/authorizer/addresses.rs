//! Addresses that a tenant does not allow.

use serde_json::{Value, json};

use super::{Asked, ask, no, user};
use crate::calls::events;
use crate::world::World;

const ALLOWED: [&str; 4] = [
    "192.0.2.9",
    "::ffff:192.0.2.9",
    "2001:db8::9",
    "2001:db8:0:ff::1",
];
const REFUSED: [&str; 4] = ["192.0.3.9", "203.0.113.7", "2001:db9::9", "::1"];

#[tokio::test]
async fn a_good_token_from_an_address_that_is_not_allowed_is_refused_and_recorded() {
    let world = World::new().await;
    let session = world.sign_in("1005").await;
    world
        .alter(&session.tenant_key(), |row| {
            row["policy"]["allowed_cidrs"] = json!(["192.0.2.0/24", "2001:db8::/32"]);
        })
        .await;
    for app in [world.instance().await, world.trusting().await] {
        let asked = Asked::new(&session.access);
        for address in ALLOWED {
            let yes = user("1005", "2001", "member");
            let answer = ask(app, asked.clone().from(address)).await;
            assert_eq!(answer, Ok(yes), "{address}");
        }
        for address in REFUSED {
            world.wire.take();
            let answer = ask(app, asked.clone().from(address)).await;
            assert_eq!(answer, Ok(no()), "{address}");
            let events = events(&world.wire.take());
            let [event] = events.as_slice() else {
                panic!("{address}: {events:?}");
            };
            let expected = json!({
                "type": "authz_fail",
                "outcome": "failure",
                "reason": "address",
                "ip": address,
                "actor": "1005",
                "subject": "1005",
                "tenant_id": "2001",
                "user_agent": "curl/8.5.0",
            });
            for (member, value) in expected.as_object().unwrap() {
                assert_eq!(&event[member], value, "{address}, {member}");
            }
        }
    }
}

#[tokio::test]
async fn forwarded_headers_make_no_address() {
    let world = World::new().await;
    let app = world.instance().await;
    let session = world.sign_in("1005").await;
    world
        .alter(&session.tenant_key(), |row| {
            row["policy"]["allowed_cidrs"] = json!(["192.0.2.0/24"]);
        })
        .await;
    let mut asked = Asked::new(&session.access);
    for header in [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "true-client-ip",
    ] {
        asked.0["headers"][header] = json!("192.0.2.9");
    }
    assert_eq!(ask(app, asked.clone()).await, Ok(no()));
    asked.0["requestContext"]["http"]["sourceIp"] = Value::Null;
    ask(app, asked).await.unwrap_err();
}
