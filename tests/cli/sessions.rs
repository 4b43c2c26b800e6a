//! `gatehouse sessions`.

use local::Stores;
use serde_json::{Value, json};
use shared::address::Address;
use shared::app::{App as _, Sessions};
use shared::auth::holder::Holder;
use shared::auth::issue;
use shared::call::Call;
use shared::clock::Clock;
use shared::store::event::{EventType, Outcome};
use shared::store::key::Key;
use shared::store::parse;
use shared::store::session::Owner;
use shared::store::tenant::Tenant;

use super::demonstration;

/// A new session of an owner of these stores; gives its id.
async fn sign_in(stores: &Stores, owner: &Owner) -> String {
    let app = Sessions::new(&stores.environment(Clock::System).unwrap());
    let now = Clock::System.now();
    let [row] = app.base.store.read([&Holder::key(owner)]).await.unwrap();
    let holder = Holder::parse(owner, row.expect("an owner")).unwrap();
    let tenant = Key::tenant(holder.tenant_id());
    let [row] = app.base.store.read([&tenant]).await.unwrap();
    let tenant: Tenant = parse(row.expect("a tenant"), "tenant").unwrap();
    let address = Address::parse("203.0.113.7").unwrap();
    let call = Call::new("login", now, address, "a\u{1b}[31mprogram", String::new());
    let lifetimes = holder.lifetimes(&tenant, &app.base.config);
    let mut session = issue::new_session(&call, &holder, lifetimes, "kid");
    if let Holder::Client(client) = &holder {
        session.key_id = client.keys.first().map(|key| key.id.clone());
    }
    let kind = EventType::AuthnLoginSuccess;
    let event = call.event_by(kind, Outcome::Success, owner, holder.tenant_id());
    app.base.store.put_session(&session, &event).await.unwrap();
    session.id.to_string()
}

fn user(id: &str) -> Owner {
    Owner::User(id.into())
}

async fn event_of(stores: &Stores, key: &Key) -> Value {
    let store = shared::store::Store::new(&stores.environment(Clock::System).unwrap());
    let [row] = store.read([key]).await.unwrap();
    let row: Value = serde_dynamo::from_item(row.expect("a row")).unwrap();
    row["event"].clone()
}

#[tokio::test]
async fn sessions_are_listed_for_people_and_for_programs() {
    let (stores, gatehouse) = demonstration().await;
    let id = sign_in(&stores, &user("1005")).await;
    let printed = gatehouse
        .done(&["sessions", "list", "--user", "user@example.com"])
        .await;
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 2, "{printed}");
    assert!(lines[0].starts_with("SESSION "), "{printed}");
    for part in [
        id.as_str(),
        "203.0.113.7",
        "  live  ",
        r"a\u{1b}[31mprogram",
    ] {
        assert!(lines[1].contains(part), "{part}: {printed}");
    }
    let listed = gatehouse
        .json(&["sessions", "list", "--user", "1005"])
        .await;
    let session = &listed["sessions"][0];
    assert_eq!(
        (&session["id"], &session["live"], &session["dead_because"]),
        (&json!(id), &json!(true), &Value::Null)
    );
    assert_eq!(session["refreshed_at"], Value::Null);
    let listed = gatehouse.json(&["sessions", "list", "--user", "100"]).await;
    assert_eq!(listed, json!({"sessions": []}));
}

#[tokio::test]
async fn one_session_is_ended_and_ending_it_again_says_so() {
    let (stores, gatehouse) = demonstration().await;
    let (id, other) = (
        sign_in(&stores, &user("1005")).await,
        sign_in(&stores, &user("1005")).await,
    );
    let revoke = ["sessions", "revoke", &id, "--user", "1005"];
    assert_eq!(
        gatehouse.json(&revoke).await,
        json!({"session": id, "ended": true})
    );
    let printed = gatehouse.done(&revoke).await;
    assert!(printed.contains("had ended before"), "{printed}");
    let listed = gatehouse
        .json(&["sessions", "list", "--user", "1005"])
        .await;
    let sessions = listed["sessions"].as_array().unwrap();
    let seen: Vec<_> = sessions
        .iter()
        .map(|session| {
            (
                session["id"].as_str().unwrap(),
                session["live"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [(other.as_str(), true), (id.as_str(), false)]);
    let event = event_of(&stores, &user("1005").session(&id.as_str().into())).await;
    assert_eq!(
        (&event["type"], &event["reason"], &event["actor"]),
        (
            &json!("session_expired"),
            &json!("operator"),
            &json!("operator")
        )
    );
    let program = concat!("gatehouse/", env!("CARGO_PKG_VERSION"), " local");
    assert_eq!(event["user_agent"], program);
}

#[tokio::test]
async fn all_of_a_user_of_a_client_and_of_a_tenant_are_ended() {
    let (stores, gatehouse) = demonstration().await;
    let client = Owner::Client("nudgescribe-demo".into());
    sign_in(&stores, &user("1005")).await;
    sign_in(&stores, &client).await;
    let live = async |of: [&str; 2]| {
        let listed = gatehouse.json(&["sessions", "list", of[0], of[1]]).await;
        let sessions = listed["sessions"].as_array().unwrap().clone();
        sessions
            .iter()
            .filter(|session| session["live"] == true)
            .count()
    };
    for whose in [["--user", "1005"], ["--client", "nudgescribe-demo"]] {
        assert_eq!(live(whose).await, 1, "{whose:?}");
        let revoke = ["sessions", "revoke", "--all", whose[0], whose[1]];
        assert_eq!(gatehouse.json(&revoke).await, json!({"ended": "all"}));
        assert_eq!(live(whose).await, 0, "{whose:?}");
    }
    sign_in(&stores, &client).await;
    sign_in(&stores, &user("100")).await;
    let revoke = ["sessions", "revoke", "--all", "--tenant"];
    let of_client = [&revoke[..], &["nudgescribe"]].concat();
    assert_eq!(
        gatehouse.json(&of_client).await,
        json!({"users": 0, "clients": 1})
    );
    let of_users = [&revoke[..], &["nuxera"]].concat();
    let printed = gatehouse.done(&of_users).await;
    assert_eq!(printed, "users signed out    2\nclients signed out  0\n");
    assert_eq!(live(["--user", "100"]).await, 0);
    // From where an earlier call stopped: only what follows.
    let rest = [&of_users[..], &["--after", "users:100"]].concat();
    assert_eq!(
        gatehouse.json(&rest).await,
        json!({"users": 1, "clients": 0})
    );
    let rest = [&of_users[..], &["--after", "clients:"]].concat();
    assert_eq!(
        gatehouse.json(&rest).await,
        json!({"users": 0, "clients": 0})
    );
}

#[tokio::test]
async fn whoever_is_not_there_is_said_and_nothing_is_done() {
    let (_stores, gatehouse) = demonstration().await;
    for (arguments, line) in [
        (
            &["sessions", "list", "--user", "nobody"][..],
            "There is no such user",
        ),
        (
            &["sessions", "list", "--client", "none"],
            "There is no such client",
        ),
        (
            &["sessions", "revoke", "none", "--user", "1005"],
            "There is no such session",
        ),
        (
            &["sessions", "revoke", "--tenant", "none", "--all"],
            "there is no tenant none",
        ),
    ] {
        gatehouse.run(arguments).await.assert_failed(1, line);
    }
    let place = [
        "sessions", "revoke", "--tenant", "acme", "--all", "--after", "there",
    ];
    let ran = gatehouse.run(&place).await;
    ran.assert_failed(2, "--after must be a place that was named");
}

#[tokio::test]
async fn it_has_to_be_said_whose_sessions_and_which() {
    let (_stores, gatehouse) = demonstration().await;
    for arguments in [
        &["sessions", "list"][..],
        &["sessions", "list", "--user", "1005", "--client", "c"],
        &["sessions", "revoke", "--user", "1005"],
        &["sessions", "revoke", "id", "--user", "1005", "--all"],
        &["sessions", "revoke", "id", "--tenant", "acme"],
        &["sessions", "revoke", "--tenant", "acme"],
        &["sessions", "revoke", "--all"],
        &[
            "sessions", "revoke", "--user", "1005", "--all", "--after", "users:",
        ],
    ] {
        let ran = gatehouse.run(arguments).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(
            ran.stderr.contains("Usage: gatehouse sessions"),
            "{arguments:?}"
        );
    }
}
