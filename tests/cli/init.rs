//! `gatehouse init`: an empty deployment gets its first tenant and super_admin, once.

mod asked;

use local::Stores;
use serde_json::json;
use shared::app::{App as _, SignIn, Verifying};
use shared::clock::Clock;
use shared::id::TenantId;
use shared::store::Store;
use shared::store::admins::AdminsRow;
use shared::store::key::Key;
use shared::store::parse;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use super::{CommandLine, demonstration, empty};
use crate::exchange::{Received, Sent, send};

const PASSWORD: &str = "three blind mice in May";
const IN_A_PIPE: [&str; 6] = [
    "init",
    "--tenant",
    "acme",
    "--email",
    "root@acme.example",
    "--password-stdin",
];

/// A login through the real handler.
pub async fn login(stores: &Stores, name: &str, password: &str) -> Received {
    let environment = stores.environment(Clock::System).unwrap();
    let app: &SignIn = Box::leak(Box::new(SignIn::new(&environment)));
    send(app, login::handle, Sent::login(name, password)).await
}

/// The users of every tenant, as somebody sees them who has signed in.
async fn users(stores: &Stores, token: &str, tenant: &str) -> Received {
    let environment = stores.environment(Clock::System).unwrap();
    let app: &Verifying = Box::leak(Box::new(Verifying::new(&environment)));
    let sent = Sent::get("/api/v1/users").query("tenant_id", tenant);
    send(app, list_users::handle, sent.bearer(token)).await
}

async fn admins(stores: &Stores, tenant: &str) -> u64 {
    let store = Store::new(&stores.environment(Clock::System).unwrap());
    let [row] = store
        .read([&Key::admins(&TenantId::from(tenant))])
        .await
        .unwrap();
    row.map_or(0, |row| {
        let row: AdminsRow = parse(row, "admins").unwrap();
        row.admin_count
    })
}

async fn in_a_pipe(gatehouse: &CommandLine) -> super::Ran {
    gatehouse
        .run_with(&IN_A_PIPE, &format!("{PASSWORD}\n"))
        .await
}

#[tokio::test]
async fn in_a_pipe_it_makes_a_super_admin_who_signs_in_and_sees_every_tenant() {
    let (stores, gatehouse) = empty().await;
    let ran = in_a_pipe(&gatehouse).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.contains("super_admin  root@acme.example\n"),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("API          http://127.0.0.1:9000\n"));
    assert!(ran.stderr.contains("/api/auth/login"), "{ran:?}");
    assert!(!format!("{ran:?}").contains(PASSWORD));

    let received = login(&stores, "root@acme.example", PASSWORD).await;
    assert_eq!(received.status, 200, "{}", received.text);
    assert_eq!(received.body["user"]["role"], "super_admin");
    assert_eq!(received.body["user"]["tenant_id"], "acme");
    assert_eq!(admins(&stores, "acme").await, 1);
    gatehouse.done(&["tenants", "create", "other"]).await;
    let token = received.member("token");
    let seen = users(&stores, token, "other").await;
    assert_eq!((seen.status, &seen.body["users"]), (200, &json!([])));
}

#[track_caller]
#[tokio::test]
async fn a_second_time_it_says_what_is_there_and_changes_nothing() {
    let (stores, gatehouse) = empty().await;
    assert_eq!(in_a_pipe(&gatehouse).await.code, 0);
    let again = gatehouse
        .run_with(&IN_A_PIPE, "another long word here")
        .await;
    assert_eq!(again.code, 0, "{again:?}");
    let said =
        "It is there already, and nothing was changed: its password is the one that it had.\n";
    assert_eq!(again.stderr, said);
    assert!(again.stdout.contains("root@acme.example"));
    assert_eq!(admins(&stores, "acme").await, 1);
    assert_eq!(
        login(&stores, "root@acme.example", PASSWORD).await.status,
        200
    );

    // Somebody else, as the first: init makes no second.
    let other = [
        "init",
        "--tenant",
        "acme",
        "--email",
        "b@acme.example",
        "--invite",
    ];
    gatehouse.run(&other).await.assert_failed(
        1,
        "the tenant acme is there already and has 1 active admin: init makes only the first. For one \
         more: gatehouse users create acme --role super_admin",
    );
}

#[tokio::test]
async fn two_at_once_make_one() {
    let (stores, gatehouse) = empty().await;
    let (one, other) = tokio::join!(in_a_pipe(&gatehouse), in_a_pipe(&gatehouse));
    assert_eq!((one.code, other.code), (0, 0), "{one:?} {other:?}");
    let both = format!("{}{}", one.stderr, other.stderr);
    assert_eq!(both.matches("It is there already").count(), 1, "{both}");
    assert_eq!(admins(&stores, "acme").await, 1);
    let users = gatehouse.json(&["users", "list", "acme"]).await;
    assert_eq!(users["users"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn it_goes_on_where_a_tenant_is_there_without_an_admin() {
    let (stores, gatehouse) = empty().await;
    gatehouse
        .done(&["tenants", "create", "acme", "--password-min-length", "30"])
        .await;
    let ran = in_a_pipe(&gatehouse).await;
    // By the tenant's own rules, and after that the tenant is as it was.
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr
            .ends_with("gatehouse: The password must have at least 30 characters.\n")
    );
    let longer = "three blind mice in May, and one in June";
    let ran = gatehouse.run_with(&IN_A_PIPE, longer).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr
            .contains("The tenant acme is there already, without an admin")
    );
    assert_eq!(
        login(&stores, "root@acme.example", longer).await.status,
        200
    );
    assert_eq!(admins(&stores, "acme").await, 1);
}

#[tokio::test]
async fn an_address_that_is_somebodys_is_named_with_what_to_do() {
    let (_stores, gatehouse) = demonstration().await;
    let ran = gatehouse
        .run(&[
            "init",
            "--tenant",
            "new",
            "--email",
            "alice@acme.fr",
            "--invite",
        ])
        .await;
    ran.assert_failed(
        1,
        "the e-mail address is taken by user 00000000-0000-0000-0000-000000000010 of tenant \
         00000000-0000-0000-0000-000000000001, role admin; a role is given by: gatehouse users update \
         00000000-0000-0000-0000-000000000001 00000000-0000-0000-0000-000000000010 --role super_admin",
    );
}

#[tokio::test]
async fn an_invite_is_printed_and_accepting_it_makes_the_super_admin() {
    let (stores, gatehouse) = empty().await;
    let arguments = [
        "init",
        "--tenant",
        "acme",
        "--email",
        "root@acme.example",
        "--invite",
    ];
    let printed = gatehouse.json(&arguments).await;
    assert_eq!(printed["made"], true);
    assert_eq!(printed["user"]["status"], "invited");
    let environment = stores.environment(Clock::System).unwrap();
    let app: &SignIn = Box::leak(Box::new(SignIn::new(&environment)));
    let sent = crate::users::accept(printed["invite_token"].as_str().unwrap(), PASSWORD);
    let ran = gatehouse.run(&arguments).await;
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("has been invited already"), "{ran:?}");
    let received = send(app, accept_invite::handle, sent).await;
    assert_eq!(received.status, 200, "{}", received.text);
    assert_eq!(received.body["user"]["role"], "super_admin");
    assert_eq!(admins(&stores, "acme").await, 1);
}

#[tokio::test]
async fn without_a_terminal_it_says_which_flag_is_missing() {
    let (_stores, gatehouse) = empty().await;
    let no_password = "how does the super_admin get a password? --password-stdin reads it from standard \
                       input, --invite prints an invite";
    gatehouse.run(&["init"]).await.assert_failed(2, no_password);
    let ran = gatehouse.run(&["init", "--invite"]).await;
    ran.assert_failed(2, "which tenant? Give it an id with --tenant");
    let ran = gatehouse.run(&["init", "--invite", "--tenant", "a"]).await;
    ran.assert_failed(
        2,
        "who is the super_admin? Give the e-mail address with --email",
    );
    let ran = gatehouse.run(&IN_A_PIPE).await;
    ran.assert_failed(1, "there is no password on standard input");
    let long = "a".repeat(1025);
    let ran = gatehouse.run_with(&IN_A_PIPE, &long).await;
    ran.assert_failed(1, "The password must have at most 1024 bytes.");
}

#[tokio::test]
async fn what_it_did_is_in_the_audit_log_by_the_operator() {
    let (stores, gatehouse) = empty().await;
    assert_eq!(in_a_pipe(&gatehouse).await.code, 0);
    let events = super::events(&stores).await;
    let seen: Vec<_> = events
        .iter()
        .map(|event| (event["type"].as_str().unwrap(), event["reason"].as_str()))
        .collect();
    assert!(seen.contains(&("user_created", None)), "{events:?}");
    assert!(
        seen.contains(&("user_created", Some("tenant"))),
        "{events:?}"
    );
    assert_eq!(seen.len(), 2, "{events:?}");
    for event in &events {
        assert_eq!(event["actor"], "operator");
        assert_eq!(event["tenant_id"], "acme");
        let agent = event["user_agent"].as_str().unwrap();
        assert!(
            agent.starts_with("gatehouse/") && agent.ends_with(" local"),
            "{agent}"
        );
    }
}

/// Takes the rings away, as a stack has them before its first rotation; gives them.
async fn unmade(stores: &Stores) -> Vec<(String, String)> {
    let environment = stores.environment(Clock::System).unwrap();
    let secrets = environment.secrets_manager();
    let config = &environment.config;
    let mut rings = Vec::new();
    for name in [&config.keys_secret, &config.passwords_secret] {
        let ring = secrets
            .get_secret_value()
            .secret_id(name)
            .send()
            .await
            .unwrap();
        rings.push((name.clone(), ring.secret_string.unwrap()));
        let put = secrets.put_secret_value().secret_id(name);
        put.secret_string(r#"{"ring": null}"#).send().await.unwrap();
    }
    rings
}

#[tokio::test]
async fn it_waits_for_the_keys_and_says_where_to_look_when_they_do_not_come() {
    let (stores, gatehouse) = empty().await;
    let rings = unmade(&stores).await;
    let arguments = [&IN_A_PIPE[..], &["--wait", "1s"]].concat();
    let ran = gatehouse.run_with(&arguments, PASSWORD).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
    let begun = "Waiting for the keys, which a new deployment makes by itself (at most 1s).\n\
                 gatehouse: there are still no keys after 1s (the secret with the signing keys: not \
                 made yet).";
    assert!(ran.stderr.starts_with(begun), "{ran:?}");
    assert!(
        ran.stderr.contains("the log of the function rotate-keys"),
        "{ran:?}"
    );

    let environment = stores.environment(Clock::System).unwrap();
    let secrets = environment.secrets_manager();
    let mut waiting = gatehouse.command(&IN_A_PIPE).spawn().unwrap();
    let mut stdin = waiting.stdin.take().unwrap();
    stdin.write_all(PASSWORD.as_bytes()).await.unwrap();
    drop(stdin);
    let mut said = BufReader::new(waiting.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).await.unwrap();
    assert!(line.starts_with("Waiting for the keys"), "{line}");
    for (name, ring) in rings {
        let put = secrets.put_secret_value().secret_id(name);
        put.secret_string(ring).send().await.unwrap();
    }
    let mut rest = String::new();
    said.read_to_string(&mut rest).await.unwrap();
    assert!(rest.starts_with("The keys are there.\n"), "{rest}");
    assert!(waiting.wait().await.unwrap().success(), "{rest}");
    assert_eq!(
        login(&stores, "root@acme.example", PASSWORD).await.status,
        200
    );
}
