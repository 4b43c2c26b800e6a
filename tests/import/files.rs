//! What a file may look like, and what a row may have.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use shared::clock::Timestamp;
use shared::store::user::UserStatus;

use super::{HASH, PASSWORD, Place, TENANT, counted, line};
use crate::cli::CommandLine;

#[tokio::test]
async fn a_row_of_json_becomes_the_user_that_it_says() {
    let place = Place::new().await;
    let whole = json!({
        "id": "auth0|5f7c8ec7c33c6c004bbafe82",
        "tenant_id": TENANT,
        "username": "jane",
        "name": "Jane D\u{f6}e",
        "organization": "Acme",
        "role": "physician",
        "email_verified": true,
        "aws_region": "eu-north-1",
        "user_type": ["a", "b"],
        "created_at": "2020-01-02T03:04:05.678+01:00",
        "updated_at": "2021-01-02T03:04:05Z",
        "last_login": "2022-01-02T03:04:05Z",
        "colour": "none of ours",
    });
    let file = place.file("users.jsonl", line("Jane@Example.com", &whole));
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (0, [1, 0, 0]), "{ran:?}");
    assert!(ran.stderr.contains("left out: colour"), "{ran:?}");
    let users = place.users(TENANT).await;
    let jane = &users["Jane@Example.com"];
    assert_eq!(jane.id.as_str(), "auth0|5f7c8ec7c33c6c004bbafe82");
    assert_eq!(jane.username.as_deref(), Some("jane"));
    assert_eq!(jane.name.as_deref(), Some("Jane D\u{f6}e"));
    assert_eq!(jane.organization.as_deref(), Some("Acme"));
    assert_eq!(jane.role.as_str(), "physician");
    assert_eq!((jane.status, jane.version), (UserStatus::Active, 1));
    assert!(jane.email_verified && !jane.is_demo);
    assert_eq!(jane.aws_region.as_deref(), Some("eu-north-1"));
    assert_eq!(jane.user_type, ["a", "b"]);
    assert_eq!(jane.created_at, Timestamp::from_millis(1_577_930_645_678));
    assert_eq!(jane.updated_at.to_string(), "2021-01-02T03:04:05.000Z");
    let sealed = jane.password_hash.as_deref().expect("a hash");
    assert!(!sealed.contains("pbkdf2"), "it is sealed");
    for name in ["jane", "JANE", "jane@example.com"] {
        let received = place.login(name, PASSWORD).await;
        assert_eq!(received.status, 200, "{}", received.text);
    }
    let after = &place.users(TENANT).await["Jane@Example.com"];
    assert_eq!(after.version, 2, "the hash was made anew, once");
    assert_eq!(place.login("jane", "Correct horse").await.status, 401);
}

#[tokio::test]
async fn csv_may_have_quotes_line_ends_in_them_a_mark_and_no_last_line_end() {
    let place = Place::new().await;
    let rows = format!(
        "\u{feff}email,name,\"user_type\",email_verified,password_hash,shoe size\r\n\
         a@example.com,\"Doe, \"\"Jane\"\" A.\",a;b,t,{HASH},9\r\n\
         \r\n\
         b@example.com,5\" disk,,FALSE,{HASH},\r\n\
         \"c@example.com\",,,,\"{HASH}\",\r\n\
         d@example.com,\"two\r\nlines\",,,{HASH},\r\n\
         e@example.com,last,,1,{HASH},"
    );
    let file = place.file("users.csv", rows);
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [4, 0, 1]), "{ran:?}");
    assert!(ran.stderr.contains("left out: shoe size"), "{ran:?}");
    let users = place.users(TENANT).await;
    let names = users.values().map(|user| user.name.as_deref());
    let expected = [
        Some("Doe, \"Jane\" A."),
        Some("5\" disk"),
        None,
        Some("last"),
    ];
    assert_eq!(names.collect::<Vec<_>>(), expected);
    assert_eq!(users["a@example.com"].user_type, ["a", "b"]);
    assert!(users["a@example.com"].email_verified && users["e@example.com"].email_verified);
    // The one with a line end in its name begins in line 6.
    let refused = place.refused("users.csv.refused.jsonl");
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].0, 6);
    assert!(refused[0].1.starts_with("name must have"), "{refused:?}");
}

#[tokio::test]
async fn lines_that_are_too_long_cut_or_not_utf_8_are_refused_alone_by_their_numbers() {
    let place = Place::new().await;
    let mut content = line("first@example.com", &json!({})).into_bytes();
    content.extend_from_slice(b"{\"email\": \"");
    content.resize(content.len() + 10_000_000, b'x');
    content.extend_from_slice(b"\"}\n");
    content.extend_from_slice(b"{\"email\": \"caf\xe9@example.com\"}\r\n");
    content.extend_from_slice(b"\n   \n");
    content.extend_from_slice(b"{\"email\": \"cut@exam\n");
    content.extend_from_slice(b"[1]\n");
    content.extend_from_slice(b"{\"email\": \"a@b\", \"email\": \"c@d\"}\n");
    content.extend_from_slice(line("last@example.com", &json!({})).trim_end().as_bytes());
    let file = place.file("users.jsonl", content);
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [2, 0, 5]), "{ran:?}");
    let expected = [
        (2, "it is longer than 64 KiB"),
        (3, "it is not UTF-8"),
        (6, "it must be a JSON object"),
        (7, "it must be a JSON object"),
        (8, "it has a member twice"),
    ];
    let expected = expected.map(|(line, why)| (line, why.to_owned()));
    assert_eq!(place.refused("users.jsonl.refused.jsonl"), expected);
    let users = place.users(TENANT).await;
    let emails: Vec<&String> = users.keys().collect();
    assert_eq!(emails, ["first@example.com", "last@example.com"]);
    let report = place.path("users.jsonl.refused.jsonl");
    let mode = std::fs::metadata(report).expect("a report").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[tokio::test]
async fn quotes_that_are_never_closed_take_nobody_in_that_nobody_meant() {
    let place = Place::new().await;
    let mut rows =
        format!("email,name,password_hash\na@example.com,A,{HASH}\nb@example.com,\"B,{HASH}\n");
    rows.extend((0..2000).map(|number| format!("c{number}@example.com,C,{HASH}\n")));
    let file = place.file("users.csv", rows);
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [1, 0, 1]), "{ran:?}");
    let refused = place.refused("users.csv.refused.jsonl");
    assert_eq!(refused, [(3, "its quotes are never closed".to_owned())]);
}

#[tokio::test]
async fn a_file_that_cannot_be_meant_is_refused_whole() {
    let place = Place::new().await;
    let cases = [
        ("none.csv", "", "the header row: it is not there"),
        (
            "twice.csv",
            "email,name,email\n",
            "the header row has a column twice",
        ),
        (
            "nobody.csv",
            "name,id\n",
            "the header row has no column email",
        ),
    ];
    for (name, content, why) in cases {
        let file = place.file(name, content);
        place.import(&file, &[]).await.assert_failed(1, why);
    }
    let unnamed = place.file("users", "");
    let ran = place.import(&unnamed, &[]).await;
    ran.assert_failed(
        2,
        "how is the file written? Say --format jsonl or --format csv",
    );
    let own = place.file("own.jsonl", line("own@example.com", &json!({})));
    let ran = place.import(&own, &["--report", &own]).await;
    ran.assert_failed(2, "the report cannot be the file itself");
    // By another name of it, of another's file, of what is no file or waits for a reader.
    let [link, symbolic, pipe] = ["link", "symbolic", "pipe"].map(|name| place.path(name));
    let before = place.read("own.jsonl");
    std::fs::hard_link(&own, &link).expect("a link");
    std::os::unix::fs::symlink(&own, &symbolic).expect("a link");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    for report in [&link, &symbolic, &pipe, "/dev/null"] {
        for more in [
            &["--report", report][..],
            &["--report", report, "--dry-run"],
        ] {
            let ran = place.import(&own, more).await;
            assert!([1, 2].contains(&ran.code), "{ran:?}");
            assert_eq!(place.read("own.jsonl"), before);
        }
    }
    // Before it is even asked which deployment.
    let gone = place.path("gone.jsonl");
    let import = ["users", "import", &gone, "--tenant", TENANT];
    let nowhere = CommandLine::without_target().await;
    let ran = nowhere.run(&import).await;
    assert!(ran.stderr.contains("gone.jsonl"), "{ran:?}");
    assert!(ran.stderr.contains("No such file"), "{ran:?}");
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = place.gatehouse.run(&["users", "import", &own]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    let import = ["users", "import", own.as_str(), "--tenant", "nobodys"];
    let ran = place.gatehouse.run(&import).await;
    ran.assert_failed(1, "there is no tenant nobodys");
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_writes_no_user() {
    let place = Place::new().await;
    let rows = line("a@example.com", &json!({})) + &line("b@example", &json!({"role": "No Role"}));
    let file = place.file("users.jsonl", rows);
    let ran = place.import(&file, &["--dry-run"]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [1, 0, 1]), "{ran:?}");
    assert!(place.users(TENANT).await.is_empty());
    assert_eq!(place.refused("users.jsonl.dry-run.jsonl").len(), 1);
    assert_eq!(place.read("users.jsonl.refused.jsonl"), "");
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [1, 0, 1]), "{ran:?}");
    let ran = place.import(&file, &["--dry-run"]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [0, 1, 1]), "{ran:?}");
}
