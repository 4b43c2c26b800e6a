//! `gatehouse users`: the users of a tenant, by the operator.

mod changed;

use shared::app::{App as _, Verifying};
use shared::clock::Clock;

use super::init::login;
use super::{demonstration, empty, hidden};
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
        people.contains("alice@acme.fr   -         Alice Martin  admin   active"),
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
