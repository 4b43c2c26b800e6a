//! What an export holds, who may read it, and that it is recorded before it leaves.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::proxy::Proxy;
use super::{HASH, Place, TENANT, line};
use crate::cli::{CommandLine, stopped};

async fn full() -> Place {
    let place = Place::new().await.with(&["other"]).await;
    let rows: String = (0..3)
        .map(|number| {
            let tenant = if number == 2 { "other" } else { TENANT };
            line(
                &format!("user{number}@example.com"),
                &json!({"tenant_id": tenant}),
            )
        })
        .collect();
    let file = place.file("users.jsonl", rows);
    let ran = place
        .gatehouse
        .run(&["users", "import", &file, "--all"])
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    place
}

/// The records of a type's events in the table's stream, as text, oldest first.
fn events(place: &Place, kind: &str) -> Vec<String> {
    let mut reader = place.stores.stream(None).expect("a stream");
    let mut events = Vec::new();
    loop {
        let records = reader.read().expect("records");
        if records.is_empty() {
            return events;
        }
        let texts = records.iter().map(Value::to_string);
        events.extend(texts.filter(|text| text.contains(&format!("\"{kind}\""))));
    }
}

#[tokio::test]
async fn an_export_goes_into_a_pipe_without_hashes_unless_they_are_asked_for() {
    let place = full().await;
    let ran = place
        .gatehouse
        .run(&["users", "export", "--tenant", TENANT])
        .await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let rows: Vec<Value> = ran
        .stdout
        .lines()
        .map(|row| serde_json::from_str(row).expect("JSON"))
        .collect();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row["tenant_id"] == TENANT));
    assert!(!ran.stdout.contains("hash"), "{ran:?}");
    let with = ["users", "export", "--all", "--with-hashes"];
    let ran = place.gatehouse.run(&with).await;
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 3));
    assert!(ran.stdout.lines().all(|row| row.contains(HASH)), "{ran:?}");
    assert!(ran.stderr.starts_with("THE EXPORT HOLDS PASSWORD HASHES"));
}

#[tokio::test]
async fn a_file_is_for_its_owner_alone_whole_and_never_overwritten() {
    let place = full().await;
    let out = place.path("out.csv");
    let export = [
        "users", "export", "--tenant", TENANT, "--format", "csv", "--out", &out, "--json",
    ];
    let ran = place.gatehouse.run(&export).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let document = json!({"exported": 2, "with_hashes": false, "file": out});
    assert_eq!(ran.json(), document);
    let mode = std::fs::metadata(&out)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(place.read("out.csv").lines().count(), 3);
    let ran = place.gatehouse.run(&export).await;
    ran.assert_failed(1, &format!("{out} is there already"));
    assert_eq!(place.read("out.csv.part"), "");
}

#[tokio::test]
async fn an_export_writes_through_no_link_over_no_file_and_leaves_no_part() {
    let place = full().await;
    let (out, part) = (place.path("out.jsonl"), place.path("out.jsonl.part"));
    let export = ["users", "export", "--tenant", TENANT, "--output", &out];
    let other = place.file("other", "untouched");
    std::os::unix::fs::symlink(&other, &part).expect("a link");
    let ran = place.gatehouse.run(&export).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("out.jsonl.part"), "{ran:?}");
    assert_eq!(place.read("other"), "untouched");
    std::fs::remove_file(&part).expect("the link goes");
    // Held at a call that comes once the part is there: a file of this name comes meanwhile.
    for signal in stopped::SIGNALS.map(Some).into_iter().chain([None]) {
        let proxy = Proxy::start(place.stores.dynamodb_url(), 4, false).await;
        let gatehouse = place.gatehouse.clone().set("DYNAMODB_PORT", &proxy.port);
        let running = gatehouse.command(&export).spawn().expect("it starts");
        proxy.reached().await;
        assert!(std::fs::exists(&part).expect("a folder"));
        if let Some(signal) = signal {
            stopped::signal(&running, signal).await;
        } else {
            place.file("out.jsonl", "another's");
            proxy.release();
        }
        let ran = running.wait_with_output().await.expect("it ends");
        let code = if signal.is_some() { 130 } else { 1 };
        assert_eq!(ran.status.code(), Some(code), "{ran:?}");
        assert!(!std::fs::exists(&part).expect("a folder"));
    }
    assert_eq!(place.read("out.jsonl"), "another's");
}

#[tokio::test]
async fn hashes_never_go_to_a_terminal() {
    let place = full().await;
    let export = ["users", "export", "--tenant", TENANT, "--with-hashes"];
    let gatehouse: &CommandLine = &place.gatehouse;
    let shown = gatehouse.at_terminal(&export, &[]).await;
    assert_eq!(shown.code, 2, "{shown:?}");
    assert!(shown.screen.contains("name a file with --out"), "{shown:?}");
    assert!(!shown.screen.contains("NaCl"), "{shown:?}");
}

#[tokio::test]
async fn hashes_go_into_no_file_that_the_shell_has_made() {
    let place = full().await;
    let export = ["users", "export", "--tenant", TENANT, "--with-hashes"];
    let into = |arguments: &[&str], name: &str| {
        let file = std::fs::File::create(place.path(name)).expect("a file");
        let mut command = place.gatehouse.command(arguments);
        // `output` would make standard output a pipe again.
        let running = command.stdout(file).spawn().expect("it starts");
        running.wait_with_output()
    };
    let ran = into(&export, "with").await.expect("it runs");
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains("name it with --out"), "{said}");
    assert_eq!(place.read("with"), "");
    // Without hashes it may.
    let ran = into(&export[..4], "without").await.expect("it runs");
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    assert_eq!(place.read("without").lines().count(), 2);
}

#[tokio::test]
async fn imports_and_exports_are_in_the_audit_log_with_their_counts() {
    let place = full().await;
    let imported = events(&place, "sys_import");
    assert_eq!(imported.len(), 2, "one for each tenant: {imported:?}");
    let said = imported[0].clone();
    assert!(
        said.contains("whole: 2 imported, 0 already there, 0 refused"),
        "{said}"
    );
    assert!(said.contains("\"operator\""), "{said}");
    // Each user carries its own event.
    assert_eq!(events(&place, "user_created").len(), 3);
    let ran = place
        .gatehouse
        .run(&["users", "export", "--all", "--with-hashes"])
        .await;
    assert_eq!(ran.code, 0);
    let exported = events(&place, "sys_export");
    assert_eq!(exported.len(), 2);
    let said = exported[0].clone();
    assert!(said.contains("2 users, with password hashes"), "{said}");
}
