//! What a panic leaves in the log, tried in a process of its own since its hook is the process's.

use std::process::Command;

use serde_json::Value;
use shared::app::Verifying;
use shared::http::{Answer, Request};

use crate::exchange::{Sent, send};
use crate::world::World;

const CANARY: &str = "canary-of-a-panic";

#[test]
fn a_panic_leaves_its_place_and_one_line_of_the_request_and_nothing_of_its_message() {
    let child = "running::panics::panics_for_the_test_above";
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--ignored", "--nocapture", "--quiet"])
        .output()
        .unwrap();
    assert!(done.status.success());
    let printed = String::from_utf8(done.stdout).unwrap() + &String::from_utf8_lossy(&done.stderr);
    assert!(!printed.contains(CANARY));
    let lines = printed.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [place, request] = lines.as_slice() else {
        panic!("{printed}");
    };
    assert_eq!(place["error"], "panic");
    let place = place["place"].as_str().unwrap();
    assert!(place.contains("panics.rs:"), "{place}");
    assert_eq!(request["request_id"], "of-the-panic");
    assert_eq!(
        (&request["status"], &request["outcome"]),
        (&500.into(), &"failed".into())
    );
}

#[tokio::test]
#[ignore = "the test above runs it"]
async fn panics_for_the_test_above() {
    let world = World::new().await;
    let app = world.instance::<Verifying>().await;
    shared::log::hush_panics();
    let handle = async |_: &'static Verifying, request: Request| -> Result<Answer, _> {
        assert!(request.headers().is_empty(), "{CANARY}");
        request.only("POST")?;
        Answer::ok(&())
    };
    let sent = Sent::get("/api/auth/me").request_id("of-the-panic");
    let reply = send(app, handle, sent.header("x", CANARY)).await;
    assert_eq!(reply.status, 500);
    assert_eq!(reply.member("request_id"), "of-the-panic");
}
