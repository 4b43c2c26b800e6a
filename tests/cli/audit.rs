//! `gatehouse audit`.

use std::os::unix::fs::PermissionsExt as _;

use local::Stores;
use serde_json::{Value, json};
use shared::clock::{Clock, Timestamp};
use shared::store::Store;
use shared::store::event::{Event, EventType};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::followed::event as like;
use super::stopped::signal;
use super::{CommandLine, Ran, demonstration};
use crate::stack::Folder;

/// An event of tenant 2001, so many seconds ago.
fn event(id: &str, ago: i64) -> Event {
    Event {
        time: Clock::System.now().plus_seconds(-ago),
        ..like(id, 0)
    }
}

async fn put(stores: &Stores, events: &[Event]) {
    let store = Store::new(&stores.environment(Clock::System).unwrap());
    store.put_audit(events, 400).await.unwrap();
}

fn ids(lines: &str) -> Vec<String> {
    let id = |line: &str| {
        let event: Value = serde_json::from_str(line).expect("a line of JSON");
        event["id"].as_str().expect("an id").to_owned()
    };
    lines.lines().map(id).collect()
}

const DAY: i64 = 86_400;

#[tokio::test]
async fn the_log_is_listed_newest_first_in_columns_and_as_json_lines() {
    let (stores, gatehouse) = demonstration().await;
    let mut odd = event("odd", 30);
    odd.reason = Some("a\u{7}b".to_owned());
    odd.kind = EventType::AuthnLoginFail;
    odd.actor = None;
    put(&stores, &[event("old", 3 * DAY), odd, event("new", 10)]).await;
    let list = ["audit", "list", "--tenant", "2001"];
    let printed = gatehouse.done(&list).await;
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 4, "{printed}");
    assert!(lines[0].starts_with("TIME "), "{printed}");
    assert!(
        lines[2].contains("authn_login_fail") && lines[2].contains(r"a\u{7}b"),
        "{printed}"
    );
    let json_lines = gatehouse.done(&[&list[..], &["--json"]].concat()).await;
    assert_eq!(ids(&json_lines), ["new", "odd", "old"]);
    // The members are those of the API.
    let first: Value = serde_json::from_str(json_lines.lines().next().unwrap()).unwrap();
    let names: Vec<_> = first.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 15, "{names:?}");
    assert_eq!(
        (&first["tenant_id"], &first["reason"]),
        (&json!("2001"), &Value::Null)
    );
    for (more, expected) in [
        (&["--limit", "2"][..], &["new", "odd"][..]),
        (&["--from", "1d"], &["new", "odd"]),
        (&["--to", "2d"], &["old"]),
        (&["--type", "authn_login_fail"], &["odd"]),
        (&["--actor", "1005"], &["new", "old"]),
        (&["--from", "2999-01-01"], &[]),
    ] {
        let arguments = [&list[..], &["--json"], more].concat();
        assert_eq!(ids(&gatehouse.done(&arguments).await), expected, "{more:?}");
    }
}

#[tokio::test]
async fn a_span_in_days_has_all_of_its_last_day() {
    let (stores, gatehouse) = demonstration().await;
    let day = Clock::System.now().plus_seconds(-5 * DAY).day();
    let at = |time: &str| Timestamp::parse(&format!("{day}T{time}Z")).unwrap();
    let events = [("first", "00:00:00.000"), ("last", "23:59:59.999")];
    let events = events.map(|(id, time)| Event {
        time: at(time),
        ..event(id, 0)
    });
    let before = Event {
        time: at("00:00:00.000").plus_seconds(-1),
        ..event("before", 0)
    };
    put(&stores, &events).await;
    put(&stores, &[before]).await;
    let span = [
        "audit", "export", "--tenant", "2001", "--from", &day, "--to", &day,
    ];
    assert_eq!(ids(&gatehouse.done(&span).await), ["first", "last"]);
}

#[tokio::test]
async fn the_log_of_no_tenant_is_a_dash_and_a_tenant_that_is_not_there_is_said() {
    let (stores, gatehouse) = demonstration().await;
    let nobodys = Event {
        tenant_id: None,
        ..event("nobodys", 10)
    };
    put(&stores, &[nobodys]).await;
    let listed = gatehouse
        .done(&["audit", "list", "--tenant", "-", "--json"])
        .await;
    assert_eq!(ids(&listed), ["nobodys"]);
    let ran = gatehouse.run(&["audit", "list", "--tenant", "2002"]).await;
    ran.assert_failed(1, "there is no tenant 2002");
    for wrong in [
        &["audit", "list"][..],
        &["audit", "list", "--tenant", "2001", "--type", "login"],
        &["audit", "list", "--tenant", "2001", "--from", "yesterday"],
        &["audit", "list", "--tenant", "2001", "--from", "+5m"],
        &["audit", "export", "--tenant", "2001", "--append"],
        &[
            "audit",
            "export",
            "--tenant",
            "2001",
            "--after",
            "somewhere",
        ],
        &["audit", "tail", "--tenant", "2001", "--late", "0"],
    ] {
        let ran = gatehouse.run(wrong).await;
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (2, ""),
            "{wrong:?}: {}",
            ran.stderr
        );
    }
}

#[tokio::test]
async fn an_export_goes_on_where_it_was_cut_off_with_every_event_once() {
    let (stores, gatehouse) = demonstration().await;
    let events: Vec<Event> = (0..200)
        .map(|number| event(&format!("event-{number}"), 400 + number * 3600))
        .collect();
    put(&stores, &events).await;
    let expected: Vec<String> = events
        .iter()
        .rev()
        .map(|event| event.id.to_string())
        .collect();
    let folder = Folder::new();
    std::fs::create_dir_all(&folder.0).unwrap();
    let path = folder.0.join("log.jsonl");
    let file = path.to_str().unwrap();
    let export = ["audit", "export", "--tenant", "2001"];
    let printed = gatehouse.done(&export).await;
    assert_eq!(ids(&printed), expected);
    let to_file = [&export[..], &["--output", file]].concat();
    let ran = gatehouse.run(&to_file).await;
    assert_eq!(
        (ran.code, &*ran.stdout, &*ran.stderr),
        (0, "", "200 events\n")
    );
    let read = || std::fs::read_to_string(&path).unwrap();
    assert_eq!(read(), printed);
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    // Never over what is there.
    let ran = gatehouse.run(&to_file).await;
    ran.assert_failed(
        2,
        &format!("{file} is there: take another, or --append to it"),
    );
    // Killed in the middle of a line, at different places.
    let append = [&to_file[..], &["--append"]].concat();
    for cut in [printed.len() - 1, printed.len() / 2, 10, 0] {
        std::fs::write(&path, &printed.as_bytes()[..cut]).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        gatehouse.done(&append).await;
        assert_eq!(read(), printed, "{cut}");
        assert_eq!(mode(), 0o600);
    }
    // And what has come since.
    put(&stores, &[event("since", 350)]).await;
    let ran = gatehouse.run(&append).await;
    assert_eq!((ran.code, &*ran.stderr), (0, "1 events\n"));
    assert_eq!(ids(&read()).last().unwrap(), "since");
    let place = format!("{}#{}", events[1].time, events[1].id);
    let rest = gatehouse
        .done(&[&export[..], &["--after", &place]].concat())
        .await;
    assert_eq!(ids(&rest), ["event-0", "since"]);
    std::fs::write(&path, "{\"id\": \"1\"}\n").unwrap();
    let ran = gatehouse.run(&append).await;
    ran.assert_failed(2, &format!("{file} is no export of this log"));
}

#[tokio::test]
async fn an_export_leaves_out_what_may_still_be_on_its_way_unless_told() {
    let (stores, gatehouse) = demonstration().await;
    put(&stores, &[event("settled", 310), event("fresh", 5)]).await;
    let export = ["audit", "export", "--tenant", "2001", "--from", "1h"];
    assert_eq!(ids(&gatehouse.done(&export).await), ["settled"]);
    let all = [&export[..], &["--to", "0s"]].concat();
    assert_eq!(ids(&gatehouse.done(&all).await), ["settled", "fresh"]);
}

/// A tail that runs, and its lines.
struct Tail {
    running: tokio::process::Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Tail {
    fn start(gatehouse: &CommandLine, more: &[&str]) -> Self {
        let arguments = [&["audit", "tail", "--tenant", "2001"], more].concat();
        let mut running = gatehouse.command(&arguments).spawn().unwrap();
        let lines = BufReader::new(running.stdout.take().unwrap()).lines();
        Self { running, lines }
    }

    async fn next(&mut self) -> String {
        let line = self.lines.next_line().await.unwrap();
        line.expect("it goes on")
    }

    /// Interrupts it; what is left of it.
    async fn interrupt(mut self) -> Ran {
        signal(&self.running, "-INT").await;
        let mut rest = String::new();
        while let Some(line) = self.lines.next_line().await.unwrap() {
            rest.push_str(&line);
        }
        Ran {
            stdout: rest,
            ..Ran::of(self.running.wait_with_output().await.unwrap())
        }
    }
}

#[tokio::test]
async fn a_tail_shows_what_comes_and_what_comes_late_once_and_ends_well_by_ctrl_c() {
    let (stores, gatehouse) = demonstration().await;
    put(&stores, &[event("before", 5)]).await;
    let mut tail = Tail::start(&gatehouse, &["--json", "--from", "10s"]);
    assert_eq!(ids(&tail.next().await), ["before"]);
    put(&stores, &[event("new", 0)]).await;
    assert_eq!(ids(&tail.next().await), ["new"]);
    put(&stores, &[event("late", 4), event("newer", 0)]).await;
    let two = [tail.next().await, tail.next().await].join("\n");
    assert_eq!(ids(&two), ["late", "newer"]);
    let ran = tail.interrupt().await;
    assert_eq!((ran.code, &*ran.stdout, &*ran.stderr), (0, "", ""));
}

#[tokio::test]
async fn a_tail_for_people_has_a_line_for_each_event() {
    let (stores, gatehouse) = demonstration().await;
    put(&stores, &[event("before", 5)]).await;
    let mut tail = Tail::start(&gatehouse, &["--from", "1h"]);
    let line = tail.next().await;
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(
        words[1..],
        [
            "authn_login_success",
            "success",
            "1005",
            "1005",
            "203.0.113.7",
            "-"
        ]
    );
    assert_eq!(tail.interrupt().await.code, 0);
}
