//! Ctrl-C and SIGTERM end a command wherever it is, also where it waits for a pipe.

use std::io::Write as _;
use std::os::fd::AsFd;
use std::time::Duration;

use serde_json::json;
use shared::clock::Clock;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use super::{Ran, demonstration, press};
use crate::import::proxy::Proxy;
use crate::import::{Place, TENANT, line};

/// A tenant of the demonstration data.
const DEMONSTRATION: &str = "00000000-0000-0000-0000-000000000001";

/// What stops a command.
pub const SIGNALS: [&str; 2] = ["-INT", "-TERM"];

/// Sends it a signal.
pub async fn signal(running: &Child, signal: &str) {
    let process = running.id().expect("it runs").to_string();
    let kill = Command::new("kill").args([signal, &process]).status().await;
    assert!(kill.expect("kill runs").success());
}

#[tokio::test]
async fn a_command_that_holds_nothing_ends_at_once() {
    let (stores, gatehouse) = demonstration().await;
    for signal in SIGNALS {
        let proxy = Proxy::start(stores.dynamodb_url(), 1, false).await;
        let gatehouse = gatehouse.clone().set("DYNAMODB_PORT", &proxy.port);
        let running = gatehouse.command(&["tenants", "list"]).spawn();
        let running = running.expect("it starts");
        proxy.reached().await;
        self::signal(&running, signal).await;
        Ran::of_running(running)
            .await
            .expect("it ends")
            .assert_failed(130, "interrupted");
    }
}

#[tokio::test]
async fn a_command_that_waits_for_standard_input_ends() {
    let (stores, gatehouse) = demonstration().await;
    for signal in SIGNALS {
        // The tenant is all that is asked for before the password.
        let proxy = Proxy::start(stores.dynamodb_url(), 1, false).await;
        let gatehouse = gatehouse.clone().set("DYNAMODB_PORT", &proxy.port);
        let create = [
            "users",
            "create",
            DEMONSTRATION,
            "--email",
            "new@example.com",
            "--password-stdin",
        ];
        let mut running = gatehouse.command(&create).spawn().expect("it starts");
        let mut input = running.stdin.take().expect("a pipe");
        proxy.reached().await;
        proxy.release();
        input
            .write_all(b"half of a pass")
            .await
            .expect("it takes it");
        // Whoever reads it has it.
        until(|| waiting(&input) == 0).await;
        self::signal(&running, signal).await;
        Ran::of_running(running)
            .await
            .expect("it ends")
            .assert_failed(130, "interrupted");
    }
}

#[tokio::test]
async fn a_command_whose_output_nobody_reads_ends() {
    let place = Place::new().await;
    let row = |number| {
        let name = "x".repeat(100);
        line(&format!("user{number}@example.com"), &json!({"name": name}))
    };
    let file = place.file("users.jsonl", (0..600).map(row).collect::<String>());
    assert_eq!(place.import(&file, &[]).await.code, 0);
    for signal in SIGNALS {
        let export = ["users", "export", "--tenant", TENANT];
        let running = place.gatehouse.command(&export).spawn();
        let running = running.expect("it starts");
        let stdout = running.stdout.as_ref().expect("a pipe");
        // It holds 64 KiB, and no part of a line.
        until(|| waiting(stdout) > 64_000).await;
        // It would put things in order, and waits for the pipe; the second is enough.
        self::signal(&running, signal).await;
        self::signal(&running, signal).await;
        let ran = Ran::of_running(running).await.expect("it ends");
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (130, "gatehouse: interrupted\n")
        );
    }
}

#[tokio::test]
async fn however_early_it_is_stopped_a_hidden_question_leaves_the_terminal_as_it_was() {
    let (_stores, gatehouse) = demonstration().await;
    let set = ["credentials", "set", DEMONSTRATION, "--nvidia"];
    for _ in 0..10 {
        for key in ["\x03", "\x01"] {
            let shown = gatehouse
                .at_terminal(&set, &[press("NVIDIA API key", key)])
                .await;
            assert_eq!((shown.code, shown.sane), (130, true), "{shown:?}");
        }
    }
}

#[tokio::test]
async fn stopped_as_one_hidden_question_follows_another_it_leaves_the_terminal_as_it_was() {
    let (_stores, gatehouse) = demonstration().await;
    let create = [
        "users",
        "create",
        DEMONSTRATION,
        "--email",
        "new@example.com",
    ];
    for _ in 0..20 {
        let enter = press("Password", "\0a long enough password\r\x01");
        let shown = gatehouse.at_terminal(&create, &[enter]).await;
        assert_eq!((shown.code, shown.sane), (130, true), "{shown:?}");
    }
}

#[tokio::test]
async fn a_command_whose_last_word_nobody_reads_ends() {
    let (stores, gatehouse) = demonstration().await;
    for signal in SIGNALS {
        let proxy = Proxy::start(stores.dynamodb_url(), 1, false).await;
        let gatehouse = gatehouse.clone().set("DYNAMODB_PORT", &proxy.port);
        let (_reader, mut stderr) = std::io::pipe().expect("a pipe");
        // As much as it holds.
        stderr.write_all(&vec![b'x'; 65_536]).expect("it takes it");
        let mut list = gatehouse.command(&["tenants", "list"]);
        let running = list.stderr(stderr).spawn().expect("it starts");
        proxy.reached().await;
        self::signal(&running, signal).await;
        let ran = Ran::of_running(running).await.expect("it ends");
        assert_eq!(ran.code, 130);
    }
}

/// How many bytes a pipe holds.
fn waiting(pipe: &impl AsFd) -> u64 {
    rustix::io::ioctl_fionread(pipe.as_fd()).expect("a pipe")
}

async fn until(is: impl Fn() -> bool) {
    for _ in 0..3000 {
        if is() {
            return;
        }
        Clock::System.sleep(Duration::from_millis(10)).await;
    }
    panic!("it never is");
}
