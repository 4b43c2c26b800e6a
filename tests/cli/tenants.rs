//! `gatehouse tenants`: a tenant and its rules.

mod rules;

use serde_json::{Value, json};

use super::init::login;
use super::{demonstration, empty, events};

#[tokio::test]
async fn a_tenant_is_made_shown_and_listed_with_the_rules_that_are_in_force() {
    let (_stores, gatehouse) = empty().await;
    let made = gatehouse
        .json(&[
            "tenants",
            "create",
            "acme",
            "--name",
            "Acme Corp",
            "--access-token",
            "24h",
        ])
        .await;
    let shown = gatehouse.json(&["tenants", "show", "acme"]).await;
    assert_eq!(made, shown);
    assert_eq!(shown["policy"]["access_token_seconds"], 86_400);
    assert_eq!(shown["policy"]["refresh_max_seconds"], Value::Null);
    assert_eq!(shown["in_force"]["access_token_seconds"], 86_400);
    assert_eq!(shown["in_force"]["session_seconds"], 90 * 86_400);
    assert_eq!(shown["in_force"]["rate_limit"], 1000);
    let people = gatehouse.done(&["tenants", "show", "acme"]).await;
    for line in [
        "name                          Acme Corp",
        "status                        active",
        "access token                  1d",
        "session                       90d (default)",
        "calls a minute                1000 (default)",
        "new passwords                 at least 12 characters, hard to guess",
        "allowed networks              any",
    ] {
        assert!(people.lines().any(|it| it == line), "{line}\n{people}");
    }
    gatehouse.done(&["tenants", "create", "2001"]).await;
    let listed = gatehouse.json(&["tenants", "list"]).await;
    let ids = listed["tenants"].as_array().unwrap().iter();
    assert_eq!(
        ids.map(|it| &it["id"]).collect::<Vec<_>>(),
        ["2001", "acme"]
    );
    let ran = gatehouse.run(&["tenants", "create", "acme"]).await;
    ran.assert_failed(1, "there is a tenant acme already, and nothing was changed");
    let ran = gatehouse.run(&["tenants", "show", "nobody"]).await;
    ran.assert_failed(1, "there is no tenant nobody");
}

#[tokio::test]
async fn an_id_that_fits_no_key_or_path_is_refused() {
    let (_stores, gatehouse) = empty().await;
    let long = "a".repeat(65);
    for id in [
        "-",
        "",
        "a b",
        "a#b",
        "a/b",
        "ä",
        ".a",
        "_a",
        "a\n",
        long.as_str(),
    ] {
        let ran = gatehouse.run(&["tenants", "create", "--", id]).await;
        assert_eq!(ran.code, 2, "{id:?}: {ran:?}");
        assert!(
            ran.stderr.contains("from 1 to 64 letters, digits"),
            "{id:?}: {ran:?}"
        );
    }
    let most = "A".repeat(64);
    for id in ["a", "0.-_", most.as_str()] {
        gatehouse.done(&["tenants", "create", id]).await;
    }
}

#[tokio::test]
async fn two_operators_do_not_lose_each_others_change() {
    let (stores, gatehouse) = empty().await;
    gatehouse.done(&["tenants", "create", "acme"]).await;
    let (one, two, three) = (
        ["tenants", "set", "acme", "--access-token", "1h"],
        ["tenants", "set", "acme", "--rate-limit", "77"],
        ["tenants", "set", "acme", "--allow-cidr", "10.0.0.0/8"],
    );
    tokio::join!(
        gatehouse.done(&one),
        gatehouse.done(&two),
        gatehouse.done(&three)
    );
    let policy = gatehouse.json(&["tenants", "show", "acme"]).await["policy"].clone();
    assert_eq!(policy["access_token_seconds"], 3600);
    assert_eq!(policy["rate_limit"], 77);
    assert_eq!(policy["allowed_cidrs"], json!(["10.0.0.0/8"]));
    let event = events(&stores).await.remove(0);
    assert_eq!(event["type"], "user_updated");
    assert_eq!(
        (&event["actor"], &event["subject"]),
        (&json!("operator"), &json!("acme"))
    );
    let reason = event["reason"].as_str().unwrap();
    assert!(reason.starts_with("tenant "), "{reason}");
}

/// The row's condition: a change that was decided on another state of it is refused.
#[tokio::test]
async fn a_change_of_a_tenant_is_made_on_the_row_that_was_read_alone() {
    use shared::app::{App as _, Verifying};
    use shared::auth::admin::Admin;
    use shared::auth::tenants::event;
    use shared::clock::Clock;
    use shared::id::TenantId;
    use shared::store::event::EventType;

    let (stores, gatehouse) = demonstration().await;
    gatehouse.done(&["tenants", "create", "new"]).await;
    let app = Verifying::new(&stores.environment(Clock::System).unwrap());
    // One that no operator has ever changed, and one that one has made.
    for id in ["acme", "new"] {
        let id = TenantId::from(id);
        let before = app.store.tenant_record(&id).await.unwrap().unwrap();
        let admin = Admin::operator(id.clone());
        let call = shared::call::Call::new(
            "r",
            Clock::System.now(),
            shared::address::Address::NONE,
            "test",
            String::new(),
        );
        for (limit, made) in [(1, true), (2, false)] {
            let mut after = before.clone();
            after.tenant.policy.rate_limit = Some(limit);
            let event = event(&call, &admin, EventType::UserUpdated, "tenant");
            let change = before.changed_to(&after, &event).unwrap();
            assert_eq!(app.store.make(&[change], &event).await.unwrap(), made);
        }
        let after = app.store.tenant_record(&id).await.unwrap().unwrap();
        assert_eq!(after.tenant.policy.rate_limit, Some(1));
    }
}

#[tokio::test]
async fn a_suspended_tenant_lets_nobody_in_until_it_is_active_again() {
    let (stores, gatehouse) = demonstration().await;
    let suspended = gatehouse.json(&["tenants", "suspend", "2001"]).await;
    assert_eq!(suspended["status"], "suspended");
    let login = async || login(&stores, "user@example.com", "password").await.status;
    assert_eq!(login().await, 401);
    let archived = events(&stores).await;
    let archived = archived
        .iter()
        .filter(|event| event["type"] == "user_archived");
    let archived: Vec<_> = archived.map(|event| event["reason"].clone()).collect();
    assert_eq!(archived, ["tenant status"]);
    gatehouse.done(&["tenants", "activate", "2001"]).await;
    assert_eq!(login().await, 200);
}
