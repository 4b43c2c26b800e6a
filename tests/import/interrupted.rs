//! An import that ends half way goes on: killed before or after any call, interrupted by Ctrl-C, or left
//! without its table.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::proxy::Proxy;
use super::{Place, TENANT, counted, line};
use crate::cli::{Ran, stopped::signal};

/// Five rows: one that is refused and one of an admin among them.
fn rows() -> String {
    [
        line("a@example.com", &json!({"role": "admin"})),
        line("b@example.com", &json!({"username": "b"})),
        line("nobody", &json!({})),
        line(
            "c@example.com",
            &json!({"last_login": "2022-01-02T03:04:05Z"}),
        ),
        line("d@example.com", &json!({"status": "suspended"})),
    ]
    .concat()
}

/// What has to be there in the end, however it came to be.
async fn assert_whole(place: &Place) {
    let users = place.users(TENANT).await;
    let emails: Vec<&String> = users.keys().collect();
    let expected = [
        "a@example.com",
        "b@example.com",
        "c@example.com",
        "d@example.com",
    ];
    assert_eq!(emails, expected);
    assert!(users.values().all(|user| user.version == 1));
    assert_eq!(place.admins(TENANT).await, 1);
    let refused = place.refused("users.jsonl.refused.jsonl");
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].0, 3);
    assert_eq!(place.read("users.jsonl.refused.jsonl.checkpoint"), "");
}

/// An import whose rows come one after another, so that a call of it is the same every time.
fn one_at_a_time(file: &str) -> [&str; 7] {
    [
        "users",
        "import",
        file,
        "--tenant",
        TENANT,
        "--at-once",
        "1",
    ]
}

#[tokio::test]
async fn killed_before_or_after_any_of_its_calls_it_is_whole_the_next_time() {
    let mut held = 1;
    let mut kills = 0;
    loop {
        let mut reached = false;
        for forward_first in [false, true] {
            let place = Place::new().await;
            let file = place.file("users.jsonl", rows());
            let proxy = Proxy::start(place.stores.dynamodb_url(), held, forward_first).await;
            let gatehouse = place.gatehouse.clone().set("DYNAMODB_PORT", &proxy.port);
            let import = [
                "users",
                "import",
                &file,
                "--tenant",
                TENANT,
                "--at-once",
                "2",
            ];
            let mut running = gatehouse.command(&import).spawn().expect("it starts");
            let killed = tokio::select! {
                () = proxy.reached() => true,
                _ = running.wait() => false,
            };
            if killed {
                running.kill().await.expect("it is killed");
                kills += 1;
                let ran = place.import(&file, &[]).await;
                assert_eq!(ran.code, 3, "call {held}: {ran:?}");
            }
            reached |= killed;
            assert_whole(&place).await;
        }
        if !reached {
            break;
        }
        held += 1;
    }
    // The tenant, a transaction for each of four users, the import's own event: each before and after.
    assert!(kills >= 12, "{kills}");
}

/// An import of [`rows`] that Ctrl-C has ended in the transaction of line 2, or of the one behind line 3 that
/// is refused; gives its checkpoint.
async fn stopped(place: &Place, file: &str, line: usize) -> Value {
    // The tenant, then a transaction for each.
    let held = if line == 2 { 3 } else { 4 };
    let proxy = Proxy::start(place.stores.dynamodb_url(), held, false).await;
    let gatehouse = place.gatehouse.clone().set("DYNAMODB_PORT", &proxy.port);
    let import = ["users", "import", file, "--tenant", TENANT];
    let one = ["--at-once", "1"];
    let mut running = gatehouse
        .command(&[&import[..], &one[..]].concat())
        .spawn()
        .expect("it starts");
    proxy.reached().await;
    signal(&running, "-INT").await;
    let mut stderr = BufReader::new(running.stderr.take().expect("a pipe"));
    let mut said = String::new();
    stderr.read_line(&mut said).await.expect("it says so");
    proxy.release();
    let status = running.wait().await.expect("it ends");
    assert_eq!(status.code(), Some(130));
    let checkpoint = place.read("users.jsonl.refused.jsonl.checkpoint");
    serde_json::from_str(&checkpoint).expect("a checkpoint")
}

#[tokio::test]
async fn with_other_options_it_begins_anew() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows());
    stopped(&place, &file, 2).await;
    let ran = place.import(&file, &["--allow-super-admin"]).await;
    assert!(ran.stderr.contains("other options"), "{ran:?}");
    assert_eq!((ran.code, counted(&ran)), (3, [2, 2, 1]), "{ran:?}");
    assert_whole(&place).await;
}

#[tokio::test]
async fn it_says_that_rows_that_were_refused_before_are_not_tried_again() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows());
    stopped(&place, &file, 4).await;
    let ran = place.import(&file, &[]).await;
    let told = "going on after line 4\n1 rows were refused before this place; --from-start tries them again\n";
    assert!(ran.stderr.starts_with(told), "{ran:?}");
    assert_eq!((ran.code, counted(&ran)), (3, [4, 0, 1]), "{ran:?}");
    assert_whole(&place).await;
}

#[tokio::test]
async fn it_says_that_the_report_of_what_was_refused_before_is_gone() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows());
    stopped(&place, &file, 4).await;
    std::fs::remove_file(place.path("users.jsonl.refused.jsonl")).expect("it goes");
    let ran = place.import(&file, &[]).await;
    let told = "users.jsonl.refused.jsonl no longer says why; --from-start writes it anew\n";
    assert!(ran.stderr.contains(told), "{ran:?}");
    assert_eq!((ran.code, counted(&ran)), (3, [4, 0, 1]), "{ran:?}");
    let ran = place.import(&file, &["--from-start"]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [0, 4, 1]), "{ran:?}");
    assert_whole(&place).await;
}

#[tokio::test]
async fn it_remembers_which_hash_took_longest_and_never_the_hash() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows());
    let mut checkpoint = stopped(&place, &file, 2).await;
    assert_eq!(checkpoint["slowest"]["scheme"], "PBKDF2");
    assert!(!checkpoint.to_string().contains("NaCl"), "{checkpoint}");
    // As if a costlier one had been among the first rows.
    checkpoint["slowest"] = json!({"scheme": "bcrypt", "milliseconds": 123_456});
    let kept = "users.jsonl.refused.jsonl.checkpoint";
    place.file(kept, checkpoint.to_string());
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [4, 0, 1]), "{ran:?}");
    assert_eq!(ran.json()["slowest_hash_ms"], 123_456);
}

#[tokio::test]
async fn at_ctrl_c_it_ends_what_is_under_way_says_how_to_go_on_and_goes_on_there() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows());
    // The tenant, then the second row's transaction.
    let proxy = Proxy::start(place.stores.dynamodb_url(), 3, false).await;
    let gatehouse = place.gatehouse.clone().set("DYNAMODB_PORT", &proxy.port);
    let import = one_at_a_time(&file);
    let mut running = gatehouse.command(&import).spawn().expect("it starts");
    proxy.reached().await;
    signal(&running, "-INT").await;
    let stderr = running.stderr.take().expect("a pipe");
    let mut stderr = BufReader::new(stderr);
    let mut said = String::new();
    stderr.read_line(&mut said).await.expect("it says so");
    assert_eq!(
        said,
        "stopping after what is under way; again to stop at once\n"
    );
    proxy.release();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).await.expect("the rest");
    let status = running.wait().await.expect("it ends");
    assert_eq!(status.code(), Some(130), "{rest}");
    let told =
        "gatehouse: interrupted; all up to line 2 is done: run the same command again to go on\n";
    assert_eq!(rest, told);
    assert_eq!(place.users(TENANT).await.len(), 2);
    let ran = place.import(&file, &[]).await;
    assert!(ran.stderr.starts_with("going on after line 2\n"), "{ran:?}");
    // Nobody is looked at again.
    assert_eq!((ran.code, counted(&ran)), (3, [4, 0, 1]), "{ran:?}");
    assert_whole(&place).await;
}

#[tokio::test]
async fn a_second_ctrl_c_drops_what_is_under_way_and_nothing_is_lost() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows());
    let proxy = Proxy::start(place.stores.dynamodb_url(), 3, true).await;
    let gatehouse = place.gatehouse.clone().set("DYNAMODB_PORT", &proxy.port);
    let import = one_at_a_time(&file);
    let mut running = gatehouse.command(&import).spawn().expect("it starts");
    proxy.reached().await;
    let mut stderr = BufReader::new(running.stderr.take().expect("a pipe"));
    for _ in 0..2 {
        signal(&running, "-INT").await;
        let mut said = String::new();
        stderr.read_line(&mut said).await.expect("it says so");
    }
    let status = running.wait().await.expect("it ends");
    assert_eq!(status.code(), Some(130));
    // Nor was it recorded: the table may be what has kept it waiting.
    assert_eq!(proxy.seen(), 3);
    let ran = place.import(&file, &[]).await;
    // The second row was done, and its answer never came.
    assert_eq!((ran.code, counted(&ran)), (3, [3, 1, 1]), "{ran:?}");
    assert_whole(&place).await;
}

#[tokio::test]
async fn a_table_that_stays_away_ends_it_and_one_that_comes_back_does_not() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows());
    let proxy = Proxy::start(place.stores.dynamodb_url(), 3, false).await;
    let gatehouse = place.gatehouse.clone().set("DYNAMODB_PORT", &proxy.port);
    let import = [&one_at_a_time(&file)[..], &["--patience", "0"]].concat();
    let running = gatehouse.command(&import).spawn().expect("it starts");
    proxy.reached().await;
    // The wire of this one request stays silent for as long as a try may take, and the SDK tries again.
    let ran = Ran::of_running(running).await.expect("it ends");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(proxy.seen() > 6);
    assert_whole(&place).await;
}

#[tokio::test]
async fn another_file_of_the_same_name_begins_anew() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows());
    let checkpoint = json!({
        "of": {
            "sha256": "x", "table": "gatehouse", "format": "Jsonl", "tenant": TENANT,
            "allow_super_admin": false, "api": "http://127.0.0.1:9000",
        },
        "position": {"bytes": 10, "lines": 1},
        "counts": {"imported": 1, "already_there": 0, "refused": 0},
        "report_bytes": 0,
        "slowest": null,
    });
    place.file(
        "users.jsonl.refused.jsonl.checkpoint",
        checkpoint.to_string(),
    );
    let ran = place.import(&file, &[]).await;
    assert!(ran.stderr.contains("its file has changed"), "{ran:?}");
    assert_eq!((ran.code, counted(&ran)), (3, [4, 0, 1]), "{ran:?}");
    assert_whole(&place).await;
    // A checkpoint that is none counts for nothing.
    place.file("users.jsonl.refused.jsonl.checkpoint", "{");
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [0, 4, 1]), "{ran:?}");
    assert_whole(&place).await;
}

#[tokio::test]
async fn a_person_at_a_terminal_sees_a_bar_and_a_program_does_not() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows());
    let import = ["users", "import", &file, "--tenant", TENANT];
    let gatehouse = place.gatehouse.clone().set("TERM", "xterm");
    let shown = gatehouse.at_terminal(&import, &[]).await;
    assert_eq!(shown.code, 3, "{shown:?}");
    assert!(shown.screen.contains("left"), "{shown:?}");
    assert!(shown.screen.contains("1 rows were refused"), "{shown:?}");
    let ran = place.gatehouse.run(&import).await;
    assert!(!ran.stderr.contains('\u{1b}'), "{ran:?}");
    assert_whole(&place).await;
}
