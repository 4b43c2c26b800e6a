//! The session that a login writes.

use serde_json::{Value, json};
use shared::app::SignIn;
use shared::http::Request;

use super::{PASSWORD, away, change_user, failures, post, put, without_address_limit};
use crate::exchange::Sent;
use crate::wire::{Act, Done};
use crate::world::{START, World};

/// The session among the rows that were put.
fn session(calls: &[Done]) -> Value {
    let rows = put(calls).into_iter();
    let of_sessions = |row: &Value| {
        row["pk"]
            .as_str()
            .is_some_and(|pk| pk.starts_with("SESSION#"))
    };
    let mut rows: Vec<_> = rows.filter(of_sessions).collect();
    assert_eq!(rows.len(), 1, "one session");
    rows.remove(0)
}

#[tokio::test]
async fn a_session_has_the_members_of_the_data_model() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    change_user(&world, "user-123456", |user| user.epoch = 7).await;
    let agent = format!("{}é and more", "a".repeat(127));
    let mut sent = Sent::login("doctor.smith", PASSWORD).from("2001:DB8:0:0::7");
    sent.event()["requestContext"]["http"]["userAgent"] = json!(agent);
    let reply = post(app, sent).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let row = session(&world.wire.take());
    let ring = app.keys.get(START).await.expect("a ring");
    let now = START.seconds();
    let expected = json!({
        "pk": "SESSION#user-123456",
        "sk": row["id"],
        "sub": "user-123456",
        "id": row["id"],
        "kind": "user",
        "client_id": "gatehouse",
        "created_at": START.millis(),
        "generation": 1,
        "mac_kid": ring.mac().kid(),
        "rotated_at": START.millis(),
        "refresh_expires_at": now + 15 * 86_400,
        "ends_at": now + 90 * 86_400,
        "epoch": 7,
        "expires_at": now + 15 * 86_400,
        "ip": "2001:db8::7",
        // Cut at 128 bytes, before the character that would not fit.
        "user_agent": "a".repeat(127),
        "event": row["event"],
    });
    assert_eq!(row, expected);
    assert_eq!(row["event"]["user_agent"], row["user_agent"]);
    assert_eq!(row["id"].as_str().map(str::len), Some(36));
    assert!(row.to_string().len() < 1024, "a unit");
}

/// A login's status, and what it notes for the log.
async fn noted(app: &'static SignIn, sent: Sent) -> (u16, Vec<&'static str>) {
    let now = app.base.clock.now();
    let request = Request::new(sent.into_request(), now, &app.base.config).expect("a request");
    let call = request.call.clone();
    let answer = login::handle(app, request).await.expect("an answer");
    (answer.into_response().status().as_u16(), call.notes())
}

#[tokio::test]
async fn a_login_stands_when_its_count_or_its_address_cannot_be_kept() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    let login = || Sent::login("doctor.smith", PASSWORD);
    // Clearing is the update with REMOVE; making known the put of a FAIL# row.
    world.wire.rule(|call| {
        let expression = call.body["UpdateExpression"].as_str().unwrap_or_default();
        let remembers = call.operation == "PutItem" && call.touches("FAIL#");
        if expression.contains("REMOVE") || remembers {
            return Act::Fail(400, "ResourceNotFoundException");
        }
        Act::Pass
    });
    let count = "the count of failures was not cleared";
    let address = "the address was not made known";
    assert_eq!(noted(app, login()).await, (200, vec![count, address]));
    let row = failures(&world, app, "doctor.smith", None).await;
    assert_eq!(row.expect("counted").failures, 1, "one too high");
    world.wire.heal();
    assert_eq!(noted(app, login()).await, (200, vec![]));
    let row = failures(&world, app, "doctor.smith", None).await;
    assert_eq!(row.expect("counted").failures, 0);
    // Another attempt was counted meanwhile: then the count is theirs, and stands.
    world
        .wire
        .rule(|call| match call.body["UpdateExpression"].as_str() {
            Some(expression) if expression.contains("REMOVE") => {
                Act::Fail(400, "ConditionalCheckFailedException")
            }
            _ => Act::Pass,
        });
    assert_eq!(noted(app, login()).await, (200, vec![count]));
}

#[tokio::test]
async fn a_login_whose_session_cannot_be_written_hands_out_nothing() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    world.wire.rule(away("SESSION#"));
    let reply = post(app, Sent::login("doctor.smith", PASSWORD)).await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("5"))
    );
    assert!(reply.body["token"].is_null() && reply.body["user"].is_null());
}

#[tokio::test]
async fn a_failed_login_answers_no_sooner_than_the_floor_says() {
    let world = World::new().await;
    let app = world
        .instance_with::<SignIn>(|config| config.failed_login_floor_ms = 2000)
        .await;
    // A success does not wait.
    assert_eq!(
        post(app, Sent::login("doctor.smith", PASSWORD))
            .await
            .status,
        200
    );
    for name in ["doctor.smith", "nobody"] {
        let began = world.clock.now();
        let clock = world.clock.clone();
        let wire = world.wire.clone();
        // The clock stands until the event of the failure is there, then moves in steps.
        let steps = async {
            while !wire.take().iter().any(|done| done.call.touches("EVENT#")) {
                tokio::task::yield_now().await;
            }
            loop {
                clock.advance(std::time::Duration::from_millis(500));
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
            }
        };
        let reply = tokio::select! {
            reply = post(app, Sent::login(name, "another-password")) => reply,
            () = steps => unreachable!(),
        };
        assert_eq!(reply.status, 401);
        assert_eq!(world.clock.now().millis() - began.millis(), 2000, "{name}");
    }
}
