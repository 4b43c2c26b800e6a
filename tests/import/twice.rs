//! An import may be run again, beside itself, and after what it brought has changed.

use serde_json::json;
use shared::store::key::Key;

use super::proxy::Proxy;
use super::{PASSWORD, Place, TENANT, counted, line};

fn rows(count: usize) -> String {
    let row = |number: usize| {
        let role = if number.is_multiple_of(3) {
            "admin"
        } else {
            "member"
        };
        let more = json!({"username": format!("user{number}"), "role": role});
        line(&format!("user{number}@example.com"), &more)
    };
    (0..count).map(row).collect()
}

#[tokio::test]
async fn a_second_run_finds_all_there_without_ids_too() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows(9));
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (0, [9, 0, 0]), "{ran:?}");
    let before = place.users(TENANT).await;
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (0, [0, 9, 0]), "{ran:?}");
    // A login makes a hash anew, which makes nobody another.
    assert_eq!(place.login("user4", PASSWORD).await.status, 200);
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (0, [0, 9, 0]), "{ran:?}");
    let mut after = place.users(TENANT).await;
    let signed_in = after.remove("user4@example.com").expect("a user");
    assert_eq!(signed_in.version, 2);
    assert!(after.iter().all(|(email, user)| before[email] == *user));
    assert_eq!((after.len(), place.admins(TENANT).await), (8, 3));
    // The ids are the tenant's and the address's, and nobody's by chance.
    let id = before["user4@example.com"].id.as_str();
    assert_eq!(id.as_bytes()[14], b'8', "{id}");
}

#[tokio::test]
async fn another_hash_of_the_same_user_is_told_until_the_user_signs_in() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", line("a@example.com", &json!({})));
    assert_eq!(place.import(&file, &[]).await.code, 0);
    let other = "pbkdf2:sha256:9$salt$".to_owned() + &"0".repeat(64);
    let row = line("a@example.com", &json!({"password_hash": other}));
    let file = place.file("other.jsonl", row);
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [0, 0, 1]), "{ran:?}");
    let why = "the user is there already, and differs in password_hash".to_owned();
    assert_eq!(place.refused("other.jsonl.refused.jsonl"), [(1, why)]);
    assert_eq!(place.login("a@example.com", PASSWORD).await.status, 200);
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (0, [0, 1, 0]), "{ran:?}");
    assert_eq!(place.login("a@example.com", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn of_two_imports_of_one_file_each_user_comes_by_one() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows(60));
    let (one, other) = (place.path("one"), place.path("other"));
    let (one, other) = (["--report", &one], ["--report", &other]);
    let (one, other) = tokio::join!(place.import(&file, &one), place.import(&file, &other));
    assert_eq!((one.code, other.code), (0, 0), "{one:?} {other:?}");
    let (one, other) = (counted(&one), counted(&other));
    assert_eq!(one[0] + other[0], 60, "{one:?} {other:?}");
    assert_eq!(one[0] + one[1], 60);
    assert_eq!(other[0] + other[1], 60);
    assert_eq!(place.users(TENANT).await.len(), 60);
    assert_eq!(place.admins(TENANT).await, 20);
}

#[tokio::test]
async fn a_second_run_of_one_import_leaves_the_first_ones_report_and_place_alone() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", line("nobody", &json!({})) + &rows(2));
    let report = "users.jsonl.refused.jsonl";
    // What an earlier run has left.
    place.file(report, "{}\n");
    let kept = format!("{report}.checkpoint");
    place.file(&kept, "{}");
    // The tenant, then the first user's transaction.
    let proxy = Proxy::start(place.stores.dynamodb_url(), 2, false).await;
    let gatehouse = place.gatehouse.clone().set("DYNAMODB_PORT", &proxy.port);
    let import = ["users", "import", &file, "--tenant", TENANT];
    let one = ["--at-once", "1"];
    let running = gatehouse.command(&[&import[..], &one].concat()).spawn();
    let running = running.expect("it starts");
    proxy.reached().await;
    let written = place.refused(report);
    assert_eq!(written.len(), 1, "{written:?}");
    for more in [&[][..], &["--from-start"]] {
        let ran = place.import(&file, more).await;
        let said = format!(
            "another import is writing {}: let it end, or take another --report",
            place.path(report)
        );
        ran.assert_failed(1, &said);
        assert_eq!(place.refused(report), written);
        assert_eq!(place.read(&kept), "{}");
    }
    assert_eq!(place.users(TENANT).await.len(), 0);
    proxy.release();
    let ran = running.wait_with_output().await.expect("it ends");
    assert_eq!(ran.status.code(), Some(3), "{ran:?}");
    assert_eq!(place.users(TENANT).await.len(), 2);
    // Nothing of the run is left that keeps the next away.
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [0, 2, 1]), "{ran:?}");
    assert_eq!(place.refused(report), written);
    // Nor a report that has nothing to say.
    let file = place.file("users.jsonl", rows(2));
    assert_eq!(place.import(&file, &[]).await.code, 0);
    assert!(!std::fs::exists(place.path(report)).expect("a folder"));
}

#[tokio::test]
async fn a_user_twice_in_one_file_comes_once() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", rows(5) + &rows(5));
    let ran = place.import(&file, &["--at-once", "8"]).await;
    assert_eq!((ran.code, counted(&ran)), (0, [5, 5, 0]), "{ran:?}");
    assert_eq!(place.users(TENANT).await.len(), 5);
    assert_eq!(place.admins(TENANT).await, 2);
}

#[tokio::test]
async fn somebody_who_was_removed_stays_so() {
    let place = Place::new().await;
    let file = place.file("users.jsonl", line("a@example.com", &json!({"id": "7"})));
    assert_eq!(place.import(&file, &[]).await.code, 0);
    let key = Key::user(&"7".into());
    let change = shared::store::write::Change::update(key, "SET #status = :status");
    let change = change.value(":status", "deleted").expect("a value");
    place.store.write(&change).await.expect("the table answers");
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [0, 0, 1]), "{ran:?}");
    let why = "id is that of a user who was removed".to_owned();
    assert_eq!(place.refused("users.jsonl.refused.jsonl"), [(1, why)]);
}
