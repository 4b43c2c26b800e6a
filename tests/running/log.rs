//! The audit log through the whole running stack: what happens is in the log a moment later, once.

use std::time::Duration;

use local::Stack;
use serde_json::{Value, json};
use shared::clock::Clock;

use super::{Caller, Reply, alias};
use crate::stack::running;

/// The events of the log that this caller's logins and the like have made, newest first, once there are
/// `count` of them.
async fn events(caller: &Caller, token: &str, address: &str, count: usize) -> Vec<Value> {
    // The stream is read by and by: each call takes a moment too.
    for _ in 0..1000 {
        let reply = caller.get("/api/v1/audit-log?limit=200", token).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let events = reply.body["events"].as_array().expect("events").iter();
        let ours: Vec<_> = events
            .filter(|event| event["ip"] == address)
            .cloned()
            .collect();
        if ours.len() >= count {
            return ours;
        }
    }
    panic!("not {count} events");
}

/// The metrics, once a login and a failure are counted: after they are in the log, and after another
/// test's answer is forgotten, which holds for ten seconds.
async fn counted(caller: &Caller) -> Reply {
    let counters = [
        "gatehouse_events_total{type=\"authn_login_fail\",outcome=\"failure\"} ",
        "gatehouse_events_total{type=\"authn_login_success\",outcome=\"success\"} ",
    ];
    for _ in 0..300 {
        let metrics = caller.get("/metrics", "").await;
        assert_eq!(metrics.status, 200, "{}", metrics.text);
        let count = |counter: &str| {
            let value = metrics
                .text
                .lines()
                .find_map(|line| line.strip_prefix(counter));
            value.expect("a counter").parse::<u64>().expect("a number")
        };
        if counters.into_iter().all(|counter| count(counter) >= 1) {
            return metrics;
        }
        Clock::System.sleep(Duration::from_millis(100)).await;
    }
    panic!("nothing is counted");
}

#[tokio::test]
async fn a_login_a_failure_and_a_logout_are_in_the_log_a_moment_later() {
    let stack: &Stack = running().await;
    let name = alias(stack, "alice@acme.fr").await;
    let caller = Caller::at(stack, [127, 34, 0, 1]);
    let reader = Caller::at(stack, [127, 34, 0, 2]);
    let wrong = caller.login(&name, "wrong-password").await;
    assert_eq!(wrong.status, 401);
    let login = caller.login(&name, "your-password").await;
    assert_eq!(login.status, 200);
    let logout = caller.request("POST", "/api/auth/logout");
    let logout = super::reply(logout.bearer_auth(login.member("token"))).await;
    assert_eq!(logout.status, 200);
    let admin = reader.login(&name, "your-password").await;
    let token = admin.member("token");
    let found = events(&reader, token, "127.34.0.1", 3).await;
    let alice = "00000000-0000-0000-0000-000000000010";
    let seen: Vec<_> = found
        .iter()
        .map(|event| {
            (
                &event["type"],
                &event["actor"],
                &event["subject"],
                &event["reason"],
            )
        })
        .collect();
    let text = |text: &str| json!(text);
    let (id, none) = (text(alice), Value::Null);
    let expected = [
        (&text("session_expired"), &id, &id, &text("logout")),
        (&text("authn_login_success"), &id, &id, &none),
        (&text("authn_login_fail"), &none, &id, &text("password")),
    ];
    assert_eq!(seen, expected);
    let metrics = counted(&reader).await;
    assert_eq!(metrics.headers["content-type"], "text/plain; version=0.0.4");
    let refused: Reply = caller.get("/api/v1/audit-log", login.member("token")).await;
    assert_eq!(refused.status, 401);
}
