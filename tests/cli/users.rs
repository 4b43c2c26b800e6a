//! `gatehouse users`: the users of a tenant, by the operator.

use serde_json::json;
use shared::app::{App as _, Verifying};
use shared::clock::Clock;

use super::init::login;
use super::{demonstration, empty, events, hidden, press, typed};
use crate::exchange::{Sent, send};
use crate::users::ALICES;

const PASSWORD: &str = "three blind mice in May";

#[tokio::test]
async fn a_user_is_made_with_a_password_in_a_pipe_or_at_a_terminal() {
    let (stores, gatehouse) = empty().await;
    gatehouse.done(&["tenants", "create", "acme"]).await;
    let piped = [
        "users",
        "create",
        "acme",
        "--email",
        "a@acme.example",
        "--password-stdin",
    ];
    let ran = gatehouse.run_with(&piped, &format!("{PASSWORD}\r\n")).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.lines().any(|line| line.ends_with("  member")),
        "{ran:?}"
    );
    let typed = [
        "users",
        "create",
        "acme",
        "--email",
        "b@acme.example",
        "--role",
        "super_admin",
        "--json",
    ];
    let steps = [
        hidden("Password", PASSWORD),
        hidden("The same again", PASSWORD),
    ];
    let shown = gatehouse.at_terminal_into_pipe(&typed, &steps).await;
    assert_eq!((shown.code, shown.sane), (0, true), "{shown:?}");
    let made: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(made["user"]["role"], "super_admin");
    for name in ["a@acme.example", "b@acme.example"] {
        assert_eq!(login(&stores, name, PASSWORD).await.status, 200, "{name}");
    }
    let ran = gatehouse.run_with(&piped, PASSWORD).await;
    ran.assert_failed(1, "The email is taken");
    let ran = gatehouse.run(&piped[..5]).await;
    let said =
        "a password is asked for at a terminal; --password-stdin reads it from standard input";
    ran.assert_failed(2, said);
    let weak = [
        "users",
        "create",
        "acme",
        "--email",
        "c@acme.example",
        "--password-stdin",
    ];
    let ran = gatehouse.run_with(&weak, "c@acme.example").await;
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
}

#[tokio::test]
async fn users_are_listed_page_by_page_and_found_by_any_of_their_names() {
    let (stores, gatehouse) = demonstration().await;
    let listed = gatehouse.json(&["users", "list", ALICES]).await;
    assert_eq!(listed["users"].as_array().unwrap().len(), 2);
    let people = gatehouse.done(&["users", "list", ALICES]).await;
    assert!(people.starts_with("ID  "), "{people}");
    assert!(
        people.contains("alice@acme.fr  -         Alice Martin  admin   active"),
        "{people}"
    );
    for name in ["doctor.smith", "Doctor.Smith@example.com", "user-123456"] {
        let shown = gatehouse.json(&["users", "show", "nuxera", name]).await;
        assert_eq!(shown["user"]["id"], "user-123456", "{name}");
    }
    // Of another tenant there is none, by whichever name.
    for name in ["doctor.smith", "user-123456", "nobody", "a b"] {
        let ran = gatehouse.run(&["users", "show", "acme", name]).await;
        ran.assert_failed(1, &format!("tenant acme has no user {name}"));
    }
    let ran = gatehouse.run(&["users", "list", "nowhere"]).await;
    ran.assert_failed(1, "there is no tenant nowhere");

    // More than a page.
    crowd(&stores, 205).await;
    let listed = gatehouse.json(&["users", "list", "crowd"]).await;
    let ids = listed["users"].as_array().unwrap().iter();
    let mut ids: Vec<_> = ids.map(|user| user["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), 205);
}

/// A tenant with so many users, made as the operator invites them.
async fn crowd(stores: &local::Stores, size: usize) {
    use shared::address::Address;
    use shared::auth::admin::Admin;
    use shared::auth::invite::{Invitee, invite};
    use shared::auth::login_name::LoginName;
    use shared::auth::tenants::found;
    use shared::call::Call;
    use shared::role::Role;
    use shared::store::tenant::record::Record;

    let app = Verifying::new(&stores.environment(Clock::System).unwrap());
    let admin = Admin::operator("crowd".into());
    let now = Clock::System.now();
    let call = Call::new("r", now, Address::NONE, "test", String::new());
    let new = Record::new("crowd".into(), None, now);
    assert!(found(&app, &call, &admin, &new).await.unwrap());
    for number in 0..size {
        let email = format!("{number}@crowd.example");
        let name = LoginName::new_email(&email).unwrap();
        let invitee = Invitee {
            email: (email, name),
            username: None,
            role: Role::parse("member").unwrap(),
            name: None,
            organization: None,
        };
        invite(&app, &call, &admin, &invitee).await.unwrap();
    }
}

#[tokio::test]
async fn wide_and_odd_names_stand_in_their_columns_and_move_nothing() {
    let (_stores, gatehouse) = empty().await;
    gatehouse.done(&["tenants", "create", "acme"]).await;
    // Wide, combined, and one that would turn the rest of its line around.
    for (number, name) in ["山田太郎", "Zoe\u{308}", "evil\u{202e}gro.emca@nimda"]
        .iter()
        .enumerate()
    {
        let email = format!("u{number}@acme.example");
        gatehouse
            .done(&["users", "invite", "acme", "--email", &email, "--name", name])
            .await;
    }
    let people = gatehouse.done(&["users", "list", "acme"]).await;
    assert!(people.contains("山田太郎               "), "{people}");
    assert!(
        people.contains("evil\\u{202e}gro.emca@nimda  member"),
        "{people}"
    );
    assert!(!people.contains('\u{202e}'));
    // What programs read is what is stored.
    let listed = gatehouse.json(&["users", "list", "acme"]).await.to_string();
    assert!(
        listed.contains('\u{202e}') || listed.contains("\\u202e"),
        "{listed}"
    );
    let ran = gatehouse.run(&[
        "users",
        "invite",
        "acme",
        "--email",
        "x@y",
        "--name",
        "a\x1b[2Jb",
    ]);
    let ran = ran.await;
    assert_eq!(ran.code, 2);
    assert!(!ran.stderr.contains('\x1b'), "{ran:?}");
}

#[tokio::test]
async fn an_invite_is_printed_once_with_how_to_accept_it() {
    let (_stores, gatehouse) = demonstration().await;
    let arguments = [
        "users",
        "invite",
        "acme",
        "--email",
        "new@acme.example",
        "--role",
        "admin",
    ];
    let ran = gatehouse.run(&arguments).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let token = ran
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("invite token"));
    let token = token.unwrap().trim();
    assert_eq!(token.len(), 43);
    assert!(ran.stderr.contains("/api/v1/auth/accept-invite") && ran.stderr.contains(token));
    let ran = gatehouse.run(&arguments).await;
    ran.assert_failed(1, "The email is taken");
}

#[tokio::test]
async fn role_name_and_status_are_changed_and_a_last_admin_stays() {
    let (stores, gatehouse) = demonstration().await;
    let update =
        |flags: &[&'static str]| [&["users", "update", ALICES, "victor@acme.fr"], flags].concat();
    let arguments = update(&["--role", "super_admin", "--name", "Victor"]);
    let user = gatehouse.json(&arguments).await["user"].clone();
    assert_eq!(
        (&user["role"], &user["name"]),
        (&json!("super_admin"), &json!("Victor"))
    );
    let changed = events(&stores).await.pop().unwrap();
    assert_eq!(changed["type"], "authz_change");
    assert_eq!(
        (&changed["from"], &changed["to"]),
        (&json!("viewer"), &json!("super_admin"))
    );
    assert_eq!(changed["actor"], "operator");
    let user = gatehouse.json(&update(&["--status", "suspended"])).await["user"].clone();
    assert_eq!(user["status"], "suspended");
    assert_eq!(
        login(&stores, "victor@acme.fr", "viewer-password")
            .await
            .status,
        401
    );
    let ran = gatehouse.run(&[
        "users",
        "update",
        ALICES,
        "alice@acme.fr",
        "--role",
        "viewer",
    ]);
    ran.await.assert_failed(
        1,
        "The tenant's last admin cannot be demoted, suspended or removed",
    );
    let ran = gatehouse.run(&update(&[])).await;
    ran.assert_failed(2, "what is to be changed? --name, --role or --status");
}

#[tokio::test]
async fn a_user_is_removed_only_when_that_is_meant() {
    let (stores, gatehouse) = demonstration().await;
    let delete = ["users", "delete", ALICES, "victor@acme.fr"];
    let ran = gatehouse.run(&delete).await;
    ran.assert_failed(
        2,
        "--yes is needed where nobody can be asked whether that is meant",
    );
    for (answer, code) in [
        (typed("for good? [y/N]", ""), 1),
        (press("[y/N]", "\x03"), 130),
    ] {
        let shown = gatehouse.at_terminal(&delete, &[answer]).await;
        assert_eq!((shown.code, shown.sane), (code, true), "{shown:?}");
    }
    assert_eq!(
        login(&stores, "victor@acme.fr", "viewer-password")
            .await
            .status,
        200
    );
    let shown = gatehouse.at_terminal(&delete, &[typed("[y/N]", "y")]).await;
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(
        shown.screen.contains("Remove victor@acme.fr ("),
        "{shown:?}"
    );
    assert_eq!(
        login(&stores, "victor@acme.fr", "viewer-password")
            .await
            .status,
        401
    );
    let ran = gatehouse.run(&[&delete[..], &["--yes"]].concat()).await;
    ran.assert_failed(1, &format!("tenant {ALICES} has no user victor@acme.fr"));
}

#[tokio::test]
async fn a_new_password_ends_every_session_of_its_user() {
    let (stores, gatehouse) = demonstration().await;
    let before = login(&stores, "user@example.com", "password").await;
    let reset = ["users", "reset-password", "2001", "user@example.com"];
    let steps = [
        hidden("Password", PASSWORD),
        hidden("The same again", PASSWORD),
    ];
    let shown = gatehouse.at_terminal(&reset, &steps).await;
    assert_eq!((shown.code, shown.sane), (0, true), "{shown:?}");
    assert!(
        shown
            .screen
            .ends_with("1005 has the new password, and is signed out everywhere.\n")
    );
    let app = Verifying::new(&stores.environment(Clock::System).unwrap());
    let app: &Verifying = Box::leak(Box::new(app));
    let sent = Sent::get("/api/auth/me").bearer(before.member("token"));
    assert_eq!(send(app, me::handle, sent).await.status, 401);
    assert_eq!(
        login(&stores, "user@example.com", "password").await.status,
        401
    );
    assert_eq!(
        login(&stores, "user@example.com", PASSWORD).await.status,
        200
    );
    let changed = events(&stores).await;
    let changed = changed
        .iter()
        .find(|event| event["type"] == "authn_password_change");
    let changed = changed.unwrap();
    assert_eq!(
        (&changed["actor"], &changed["subject"]),
        (&json!("operator"), &json!("1005"))
    );

    gatehouse
        .done(&["users", "invite", "2001", "--email", "new@example.com"])
        .await;
    let reset = [
        "users",
        "reset-password",
        "2001",
        "new@example.com",
        "--password-stdin",
    ];
    let ran = gatehouse.run_with(&reset, PASSWORD).await;
    ran.assert_failed(
        1,
        "an invited user sets the first password, by accepting the invite",
    );
}
