//! The keys and the demonstration data that a local stack makes for itself.

use std::net::Ipv4Addr;

use local::{Stores, demonstration};
use reqwest::Client;
use serde_json::json;
use shared::clock::Clock;
use shared::store::Store;
use shared::store::key::Key;

use super::table::ask;
use super::{DOCS_PASSWORD, running};

#[tokio::test]
async fn every_demonstration_user_signs_in_by_each_of_their_names() {
    let stack = running().await;
    let _unchanged = DOCS_PASSWORD.lock().await;
    let users = [
        (
            "doctor.smith",
            "secure-password",
            "user-123456",
            "physician",
            "nuxera",
        ),
        (
            "doctor.smith@example.com",
            "secure-password",
            "user-123456",
            "physician",
            "nuxera",
        ),
        ("doc@nuxera.ai", "Abcd1234", "100", "physician", "nuxera"),
        ("john", "securePassword123", "", "admin", "acme"),
        ("john@example.com", "securePassword123", "", "admin", "acme"),
        ("alice@acme.fr", "your-password", ALICE, "admin", ALICES),
        ("victor@acme.fr", "viewer-password", "", "viewer", ALICES),
        ("user@example.com", "password", "1005", "member", "2001"),
    ];
    for (place, (name, password, id, role, tenant)) in (1..).zip(users) {
        // Five logins a minute from one address.
        let from = Ipv4Addr::new(127, 1, 0, place);
        let client = Client::builder()
            .no_proxy()
            .local_address(Some(from.into()))
            .build()
            .unwrap();
        let login = client.post(format!("{}/api/auth/login", stack.url()));
        let login = login.json(&json!({ "username": name, "password": password }));
        let answer = login.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{name}");
        let answer: serde_json::Value = answer.json().await.unwrap();
        let user = &answer["user"];
        assert_eq!(
            (&user["role"], &user["tenant_id"]),
            (&json!(role), &json!(tenant)),
            "{name}"
        );
        if !id.is_empty() {
            assert_eq!(user["id"], id);
        }
    }
}

const ALICE: &str = "00000000-0000-0000-0000-000000000010";
const ALICES: &str = "00000000-0000-0000-0000-000000000001";

#[tokio::test]
async fn the_demonstration_data_are_loaded_once() {
    let stores = Stores::in_memory().await.unwrap();
    let environment = stores.environment(Clock::System).unwrap();
    let store = Store::new(&environment);
    demonstration::load(&environment).await.unwrap();
    let key = Key::user(&"1005".into());
    let [first] = store.read([&key]).await.unwrap();
    demonstration::load(&environment).await.unwrap();
    let [second] = store.read([&key]).await.unwrap();
    assert!(first.is_some());
    // A user loaded again would have another salt in the hash.
    assert_eq!(first, second);
}

#[tokio::test]
async fn the_demonstration_client_and_its_key_are_the_same_after_every_start() {
    let stores = Stores::in_memory().await.unwrap();
    let environment = stores.environment(Clock::System).unwrap();
    let store = Store::new(&environment);
    demonstration::load(&environment).await.unwrap();
    let key = demonstration::api_key();
    assert_eq!(*key.text(), *demonstration::api_key().text());
    let rows = [
        Key::client(&"nudgescribe-demo".into()),
        Key::api_key(key.id()),
        Key::tenant(&"nudgescribe".into()),
        Key::admins(&"nudgescribe".into()),
    ];
    let first = store.read_all(&rows).await.unwrap();
    assert!(first.iter().all(Option::is_some));
    demonstration::load(&environment).await.unwrap();
    assert_eq!(store.read_all(&rows).await.unwrap(), first);
    // A folder from before there was a client gets one.
    for row in &rows {
        let delete = environment.dynamodb().delete_item();
        let delete = delete.table_name(local::TABLE_NAME);
        let delete = delete.set_key(Some(row.item())).send().await;
        delete.unwrap();
    }
    demonstration::load(&environment).await.unwrap();
    let again = store.read_all(&rows).await.unwrap();
    assert!(again.iter().all(Option::is_some));
}

#[tokio::test]
async fn stores_come_with_the_rings_of_both_secrets_and_the_public_keys() {
    let stores = Stores::in_memory().await.unwrap();
    let store = Store::new(&stores.environment(Clock::System).unwrap());
    let public = store.public_keys().await.unwrap();
    assert_eq!(public.keys.len(), 2, "an active and a next key");
    for name in [local::KEYS_SECRET, local::PASSWORDS_SECRET] {
        let secret = json!({ "SecretId": name });
        let (status, secret) = ask(
            stores.secrets_url(),
            "secretsmanager.GetSecretValue",
            secret,
        )
        .await;
        assert_eq!(status, 200);
        assert!(
            secret["SecretString"]
                .as_str()
                .unwrap()
                .starts_with(r#"{"ring":{"#)
        );
    }
}
