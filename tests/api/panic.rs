//! A panic in one call: a 500, a line in the log, and nothing for the next.

use std::process::Command;

use shared::app::Verifying;
use shared::error::Error;
use shared::http::{Answer, Request};

use crate::exchange::{Received, Sent, send};
use crate::world::World;

/// What no log may have.
const CANARY: &str = "canary-of-a-panic";

async fn panics(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    me::handle(app, request).await?;
    panic!("{CANARY}");
}

#[track_caller]
fn assert_500(received: &Received) {
    let what = "Internal server error";
    let advice = "Please retry, and quote request_id if it persists";
    received.assert_refusal(500, [what, advice, what], &[]);
    assert_eq!(received.member("request_id"), "r-panic");
}

async fn panic_and_go_on(world: &World) {
    let user = world.sign_in("1005").await;
    let app: &Verifying = world.instance().await;
    let sent = Sent::get("/api/auth/me").bearer(&user.access);
    let received = send(app, panics, sent.clone().request_id("r-panic")).await;
    assert_500(&received);
    for _ in 0..2 {
        let received = send(app, me::handle, sent.clone()).await;
        assert_eq!(received.status, 200, "{}", received.text);
    }
}

#[tokio::test]
async fn a_panic_is_a_500_and_leaves_nothing_for_the_next_call() {
    let world = World::new().await;
    panic_and_go_on(&world).await;
}

#[tokio::test]
#[ignore = "another test runs it in a process of its own, since the panic hook is the process's"]
async fn panicking_with_the_functions_own_hook() {
    shared::log::hush_panics();
    let world = World::new().await;
    panic_and_go_on(&world).await;
}

#[test]
fn of_a_panic_the_log_has_the_place_alone() {
    let binary = std::env::current_exe().expect("this binary");
    let test = "api::panic::panicking_with_the_functions_own_hook";
    let output = Command::new(binary)
        .args(["--exact", test, "--ignored", "--nocapture"])
        .output()
        .expect("it runs");
    let out = String::from_utf8(output.stdout).expect("text");
    let err = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("1 passed"), "{out}");
    assert!(!out.contains(CANARY) && !err.contains(CANARY));
    let lines = out.lines().filter_map(|line| {
        let json = line.find('{').map(|start| &line[start..])?;
        serde_json::from_str::<serde_json::Value>(json).ok()
    });
    let lines: Vec<_> = lines.collect();
    let place = lines.iter().find_map(|line| line["place"].as_str());
    let place = place.expect("the place of the panic");
    assert!(place.contains("panic.rs:"), "{place}");
    let request = lines.iter().find(|line| line["request_id"] == "r-panic");
    let request = request.expect("the line of the request");
    assert_eq!(request["status"], 500);
    assert_eq!(request["outcome"], "failed");
    assert_eq!(request["error"], "panic");
}
