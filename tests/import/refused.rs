//! Which rows are refused: as the API would, and never with a word of what they hold.

use serde_json::{Value, json};

use super::{HASH, Place, TENANT, counted, line};

/// Members of a row, and how the reason begins for which it is refused.
fn cases() -> Vec<(Value, &'static str)> {
    let long = "x".repeat(201);
    vec![
        (json!({"email": null}), "email is required"),
        (json!({"email": ""}), "email is required"),
        (json!({"email": 5}), "email must be a string"),
        (json!({"email": "nobody"}), "email must have one @"),
        (
            json!({"email": "a b@example.com"}),
            "email must have no spaces",
        ),
        (
            json!({"email": "\u{212a}elvin@example.com"}),
            "email must have no characters",
        ),
        (json!({"username": "a@b"}), "username must have no @"),
        (json!({"username": "a b"}), "username must have no spaces"),
        (json!({"role": "Admin"}), "role must be a small letter"),
        (
            json!({"role": "super_admin"}),
            "role super_admin is given only with",
        ),
        (json!({"name": long}), "name must have from 1 to 200"),
        (
            json!({"name": "two\nlines"}),
            "name must have from 1 to 200",
        ),
        (json!({"organization": long}), "organization must have"),
        (json!({"aws_region": "a\tb"}), "aws_region must have"),
        (json!({"status": "deleted"}), "status must be active"),
        (
            json!({"status": "invited"}),
            "status cannot be invited with",
        ),
        (
            json!({"status": "active", "password_hash": null}),
            "status cannot be active without",
        ),
        (
            json!({"status": "active", "password_hash": "!x"}),
            "status cannot be active without",
        ),
        (json!({"email_verified": "yes"}), "email_verified must be"),
        (json!({"is_demo": 1}), "is_demo must be"),
        (json!({"user_type": [1]}), "user_type must be"),
        (json!({"user_type": {}}), "user_type must be"),
        (
            json!({"created_at": "2020-01-01"}),
            "created_at must be a time",
        ),
        (json!({"updated_at": 5}), "updated_at must be a string"),
        (json!({"last_login": "now"}), "last_login must be a time"),
        (json!({"id": "operator"}), "id must have"),
        (json!({"id": "gatehouse"}), "id must have"),
        (json!({"id": "rotation"}), "id must have"),
        (json!({"id": "rotate-keys"}), "id must have"),
        (json!({"id": 5}), "id must be a string"),
        (json!({"id": "-x"}), "id must have"),
        (json!({"id": "a#b"}), "id must have"),
        (json!({"id": "a@b"}), "id must have"),
        (json!({"id": "x".repeat(129)}), "id must have"),
        (
            json!({"tenant_id": "another"}),
            "tenant_id is another tenant's",
        ),
        (json!({"invite_hash": "short"}), "invite_hash must be"),
        (
            json!({"invite_hash": "x".repeat(43)}),
            "invite_hash belongs",
        ),
        (
            json!({"invite_hash": "x".repeat(43), "password_hash": null}),
            "invite_expires_at is required",
        ),
        (
            json!({"password_hash": "plain words"}),
            "password_hash: a password hash is of no scheme",
        ),
        (
            json!({"password_hash": "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}),
            "password_hash: a password hash's bcrypt cost is above 14",
        ),
        (
            json!({"password_hash": HASH.replace("$9$", "$2147483648$")}),
            "password_hash: a password hash's PBKDF2 rounds are too many",
        ),
        (
            json!({"password_hash": ["x"]}),
            "password_hash must be a string",
        ),
    ]
}

#[tokio::test]
async fn a_row_is_refused_for_each_member_that_the_api_would_not_take() {
    let place = Place::new().await;
    let cases = cases();
    let lines = cases
        .iter()
        .map(|(members, _)| line("somebody@example.com", members));
    let file = place.file("users.jsonl", lines.collect::<String>());
    let ran = place.import(&file, &[]).await;
    let all = u64::try_from(cases.len()).expect("few");
    assert_eq!((ran.code, counted(&ran)), (3, [0, 0, all]), "{ran:?}");
    let refused = place.refused("users.jsonl.refused.jsonl");
    for ((number, (members, why)), (line, reason)) in cases.iter().enumerate().zip(&refused) {
        assert_eq!(usize::try_from(*line), Ok(number + 1));
        assert!(reason.starts_with(why), "{members}: {reason}");
    }
    // No word of theirs is anywhere.
    let said = [
        place.read("users.jsonl.refused.jsonl"),
        ran.stdout,
        ran.stderr,
    ]
    .concat();
    for word in ["NaCl", "plain words", "CCCCC", "somebody", "elvin"] {
        assert!(!said.contains(word), "{word}");
    }
    assert!(place.users(TENANT).await.is_empty());
}

#[tokio::test]
async fn a_super_admin_comes_only_where_the_operator_says_so() {
    let place = Place::new().await;
    let row = line("root@example.com", &json!({"role": "super_admin"}));
    let file = place.file("users.jsonl", row);
    assert_eq!(place.import(&file, &[]).await.code, 3);
    assert_eq!(place.admins(TENANT).await, 0);
    let ran = place.import(&file, &["--allow-super-admin"]).await;
    assert_eq!((ran.code, counted(&ran)), (0, [1, 0, 0]), "{ran:?}");
    assert_eq!(place.admins(TENANT).await, 1);
}

#[tokio::test]
async fn nobody_takes_a_name_an_id_or_a_tenant_that_is_somebody_elses() {
    let other = "other";
    let place = Place::new().await.with(&[other]).await;
    let first = line("jane@example.com", &json!({"id": "1", "username": "jane"}));
    let file = place.file("first.jsonl", first);
    assert_eq!(place.import(&file, &[]).await.code, 0);
    let rows = [
        line("JANE@example.com", &json!({"id": "2"})),
        line("new@example.com", &json!({"id": "3", "username": "Jane"})),
        line(
            "jane@example.com",
            &json!({"id": "1", "username": "jane", "role": "admin", "name": "J"}),
        ),
        line("fine@example.com", &json!({})),
    ];
    let file = place.file("second.jsonl", rows.concat());
    let ran = place.import(&file, &[]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [1, 0, 3]), "{ran:?}");
    let expected = [
        (1, "email is somebody else's"),
        (2, "username is somebody else's"),
        (3, "the user is there already, and differs in role, name"),
    ];
    let expected = expected.map(|(line, why)| (line, why.to_owned()));
    assert_eq!(place.refused("second.jsonl.refused.jsonl"), expected);
    assert_eq!(place.admins(TENANT).await, 0);
    let row = line("else@example.com", &json!({"id": "1"}));
    let file = place.file("third.jsonl", row);
    let import = ["users", "import", file.as_str(), "--tenant", other];
    assert_eq!(place.gatehouse.run(&import).await.code, 3);
    let expected = [(1, "id is that of another tenant's user".to_owned())];
    assert_eq!(place.refused("third.jsonl.refused.jsonl"), expected);
}

#[tokio::test]
async fn an_invite_of_somebody_elses_refuses_its_row_alone() {
    let place = Place::new().await;
    let invited = json!({
        "password_hash": null,
        "invite_hash": "x".repeat(43),
        "invite_expires_at": "2030-01-01T00:00:00Z",
    });
    let file = place.file("first.jsonl", line("jane@example.com", &invited));
    assert_eq!(place.import(&file, &[]).await.code, 0);
    assert_eq!(counted(&place.import(&file, &[]).await), [0, 1, 0]);
    let rows = line("joe@example.com", &invited) + &line("fine@example.com", &json!({}));
    let file = place.file("second.jsonl", rows);
    let expected = [(1, "invite_hash is somebody else's".to_owned())];
    let dry = place.import(&file, &["--dry-run"]).await;
    assert_eq!((dry.code, counted(&dry)), (3, [1, 0, 1]), "{dry:?}");
    assert_eq!(place.refused("second.jsonl.dry-run.jsonl"), expected);
    let ran = place.import(&file, &["--patience", "0"]).await;
    assert_eq!((ran.code, counted(&ran)), (3, [1, 0, 1]), "{ran:?}");
    assert_eq!(place.refused("second.jsonl.refused.jsonl"), expected);
}

#[tokio::test]
async fn with_all_each_row_names_its_own_tenant() {
    let place = Place::new().await.with(&["other"]).await;
    let rows = [
        line("a@example.com", &json!({"tenant_id": TENANT})),
        line(
            "b@example.com",
            &json!({"tenant_id": "other", "role": "admin"}),
        ),
        line("c@example.com", &json!({})),
        line("d@example.com", &json!({"tenant_id": "nobodys"})),
    ];
    let file = place.file("users.jsonl", rows.concat());
    let import = ["users", "import", file.as_str(), "--all", "--json"];
    let ran = place.gatehouse.run(&import).await;
    assert_eq!((ran.code, counted(&ran)), (3, [2, 0, 2]), "{ran:?}");
    let expected = [
        (3, "tenant_id is required with --all".to_owned()),
        (4, "there is no tenant of this tenant_id".to_owned()),
    ];
    assert_eq!(place.refused("users.jsonl.refused.jsonl"), expected);
    assert_eq!(place.users(TENANT).await.len(), 1);
    assert_eq!(place.users("other").await.len(), 1);
    assert_eq!(
        (place.admins(TENANT).await, place.admins("other").await),
        (0, 1)
    );
}
