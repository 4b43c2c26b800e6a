//! The events of a login: one of each, by its OWASP name, and nothing of what somebody typed.

use serde_json::{Value, json};
use shared::app::SignIn;
use shared::store::tenant::TenantStatus;
use shared::store::user::UserStatus;

use super::{
    NAME, PASSWORD, TENANT, USER, change_tenant, change_user, events, post, put,
    without_address_limit,
};
use crate::exchange::Sent;
use crate::wire::Done;
use crate::world::{ADDRESS, START, World};

/// The one event of these calls.
fn only(calls: &[Done]) -> Value {
    let events = events(calls);
    let [event] = &events[..] else {
        panic!("{} events", events.len());
    };
    event.clone()
}

#[tokio::test]
async fn a_failure_is_an_event_of_the_user_if_there_is_one_and_of_nobody_else() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    change_user(&world, USER, |user| user.status = UserStatus::Suspended).await;
    change_user(&world, "100", |user| user.status = UserStatus::Invited).await;
    change_tenant(&world, "2001", |tenant| {
        tenant.status = TenantStatus::Suspended;
    })
    .await;
    let alices = "00000000-0000-0000-0000-000000000001";
    change_tenant(&world, alices, |tenant| {
        tenant.policy.allowed_cidrs = vec!["192.0.2.0/24".parse().expect("a network")];
    })
    .await;
    let alice = "00000000-0000-0000-0000-000000000010";
    let typed = "canary-7f3a";
    let smith = Some((USER, TENANT));
    let cases = [
        (NAME, typed, smith, "password"),
        ("doctor.smith@example.com", typed, smith, "password"),
        (NAME, PASSWORD, smith, "suspended"),
        (
            "doc@nuxera.ai",
            "Abcd1234",
            Some(("100", TENANT)),
            "invited",
        ),
        (
            "user@example.com",
            "password",
            Some(("1005", "2001")),
            "tenant",
        ),
        (
            "alice@acme.fr",
            "your-password",
            Some((alice, alices)),
            "address",
        ),
        (typed, typed, None, "name"),
        ("canary-7f3a@example.com", typed, None, "name"),
    ];
    for (name, password, whose, reason) in cases {
        world.wire.take();
        let sent = Sent::login(name, password).request_id("request-1");
        assert_eq!(post(app, sent).await.status, 401, "{name}");
        let calls = world.wire.take();
        let event = only(&calls);
        let mut expected = json!({
            "id": event["id"],
            "type": "authn_login_fail",
            "outcome": "failure",
            "time": START.millis(),
            "ip": ADDRESS,
            "user_agent": "test/1",
            "request_id": "request-1",
            "reason": reason,
        });
        if let Some((user, tenant)) = whose {
            expected["subject"] = json!(user);
            expected["tenant_id"] = json!(tenant);
        }
        assert_eq!(event, expected, "{name}");
        let id = event["id"].as_str().expect("an id");
        let row = json!({
            "pk": format!("EVENT#{id}"),
            "sk": "EVENT",
            "event": event,
            "expires_at": START.seconds() + 86_400,
        });
        assert_eq!(put(&calls), [row]);
        for done in calls {
            let body = done.call.body.to_string();
            assert!(!body.contains(typed) && !body.contains(name), "{body}");
        }
    }
}

#[tokio::test]
async fn a_failure_that_makes_the_next_attempt_wait_is_a_lock_in_its_place() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    let known = Sent::login(NAME, PASSWORD).from("192.0.2.1");
    assert_eq!(post(app, known).await.status, 200);
    for (name, address) in [(NAME, ADDRESS), ("nobody", ADDRESS), (NAME, "192.0.2.1")] {
        for number in 1..=8 {
            world.wire.take();
            let sent = Sent::login(name, "another-password").from(address);
            let reply = post(app, sent).await;
            let calls = world.wire.take();
            if number == 7 {
                // An attempt refused for waiting is no failure.
                assert_eq!((reply.status, events(&calls).len()), (429, 0));
                world.wait(1);
                continue;
            }
            let kind = if number <= 5 {
                "authn_login_fail"
            } else {
                "authn_login_lock"
            };
            let event = only(&calls);
            let seen = (
                reply.status,
                &event["type"],
                &event["outcome"],
                &event["ip"],
            );
            let (kind, failure, address) = (json!(kind), json!("failure"), json!(address));
            assert_eq!(seen, (401, &kind, &failure, &address), "{name} {number}");
        }
    }
}

#[tokio::test]
async fn a_success_is_an_event_in_the_sessions_own_row() {
    let world = World::new().await;
    let app = world.instance::<SignIn>().await;
    let sent = Sent::login("doctor.smith@example.com", PASSWORD).request_id("request-1");
    let reply = post(app, sent).await;
    assert_eq!(reply.status, 200);
    let calls = world.wire.take();
    let event = only(&calls);
    let expected = json!({
        "id": event["id"],
        "type": "authn_login_success",
        "outcome": "success",
        "time": START.millis(),
        "ip": ADDRESS,
        "user_agent": "test/1",
        "request_id": "request-1",
        "actor": USER,
        "subject": USER,
        "tenant_id": TENANT,
    });
    assert_eq!(event, expected);
    let rows = put(&calls);
    let row = rows
        .iter()
        .find(|row| row["event"] == event)
        .expect("a row");
    assert_eq!(row["pk"], "SESSION#user-123456");
    // Neither password, nor token, nor e-mail address is stored.
    let secrets = [
        PASSWORD,
        "doctor.smith@example.com",
        reply.member("token"),
        reply.member("refreshToken"),
    ];
    for done in calls {
        let body = done.call.body.to_string();
        assert!(
            secrets.iter().all(|secret| !body.contains(secret)),
            "{}",
            done.call.operation
        );
    }
}

#[tokio::test]
async fn a_request_that_is_no_login_is_no_event() {
    let world = World::new().await;
    let app = world.instance::<SignIn>().await;
    for sent in [
        Sent::post("/api/auth/login", &json!({"username": NAME})),
        Sent::new("POST", "/api/auth/login"),
        Sent::new("PUT", "/api/auth/login"),
    ] {
        post(app, sent).await;
    }
    assert_eq!(events(&world.wire.take()).len(), 0);
}
