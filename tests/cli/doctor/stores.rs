//! Stores that are not what they should be, behind an API that is not there.

use local::Stores;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::store::Store;
use shared::store::key::Key;
use shared::store::write::Change;

use super::{CommandLine, checks};
use crate::cli::{Ran, empty};

async fn doctor(gatehouse: &CommandLine) -> Ran {
    // Nobody listens at port 1.
    let gatehouse = gatehouse.clone().set("PORT", "1");
    gatehouse.run(&["doctor", "--read-only", "--json"]).await
}

async fn put_secret(stores: &Stores, id: &str, text: &str) {
    let client = stores.environment(Clock::System).unwrap().secrets_manager();
    let put = client.put_secret_value().secret_id(id).secret_string(text);
    put.send().await.unwrap();
}

async fn alter_keys(stores: &Stores, set: &str, value: Value) {
    let store = Store::new(&stores.environment(Clock::System).unwrap());
    let change = Change::update(Key::public_keys(), set).value(":value", value);
    store.write(&change.unwrap()).await.unwrap();
}

#[tokio::test]
async fn an_api_that_is_not_there_is_said_once_for_each_call_and_the_rest_is_looked_at() {
    let (_stores, gatehouse) = empty().await;
    let ran = doctor(&gatehouse).await;
    let checks = checks(&ran);
    assert_eq!(ran.code, 1);
    for check in [
        "api.healthz",
        "api.readyz",
        "api.issuer",
        "api.jwks",
        "api.refusal",
    ] {
        let (status, why) = &checks[check];
        assert_eq!(status, "fail", "{check}");
        assert!(
            why.starts_with("http://127.0.0.1:1 cannot be reached: "),
            "{check}: {why}"
        );
    }
    for check in [
        "table",
        "table.keys",
        "table.index",
        "table.stream",
        "keys.signing",
        "keys.published",
        "keys.passwords",
    ] {
        assert_eq!(checks[check].0, "ok", "{check}: {:?}", checks[check]);
    }
}

#[tokio::test]
async fn a_probe_without_an_api_is_removed_as_well() {
    let (_stores, gatehouse) = empty().await;
    let ran = gatehouse
        .clone()
        .set("PORT", "1")
        .run(&["doctor", "--json"])
        .await;
    let checks = checks(&ran);
    assert_eq!(ran.code, 1);
    for (check, status) in [
        ("probe.tenant", "ok"),
        ("probe.user", "ok"),
        ("user.invite", "fail"),
        ("user.login", "skip"),
        ("probe.client", "ok"),
        ("client.auth", "fail"),
        ("probe.removed", "ok"),
    ] {
        assert_eq!(checks[check].0, status, "{check}: {:?}", checks[check]);
    }
}

#[tokio::test]
async fn rings_that_are_not_made_yet_or_damaged_are_said() {
    let (stores, gatehouse) = empty().await;
    put_secret(&stores, local::KEYS_SECRET, r#"{"ring": null}"#).await;
    put_secret(
        &stores,
        local::PASSWORDS_SECRET,
        r#"{"ring": {"secret": "hunter2"}}"#,
    )
    .await;
    let ran = doctor(&gatehouse).await;
    let checks = checks(&ran);
    let fail = |check: &str, words: &str| {
        let (status, why) = &checks[check];
        assert_eq!((status.as_str(), why.as_str()), ("fail", words), "{check}");
    };
    fail(
        "keys.signing",
        "not made yet: the first run of the rotation makes them",
    );
    fail(
        "keys.published",
        "there is no ring that they could agree with",
    );
    fail("keys.passwords", "refused: the secret's text is not a ring");
    assert!(!ran.stdout.contains("hunter2"));
}

#[tokio::test]
async fn a_published_row_that_does_not_go_with_the_ring_is_said() {
    let (stores, gatehouse) = empty().await;
    let store = Store::new(&stores.environment(Clock::System).unwrap());
    let row = store.public_keys().await.unwrap();
    let active = row
        .keys
        .iter()
        .find(|key| key.life.state == shared::keys::State::Active)
        .and_then(|key| key.jwk.common.key_id.clone())
        .unwrap();
    let found = async || {
        let checks = checks(&doctor(&gatehouse).await);
        checks["keys.published"].clone()
    };
    alter_keys(&stores, "SET version = :value", json!(row.version + 4)).await;
    let (status, why) = found().await;
    let version = row.version;
    assert_eq!(status, "fail");
    assert!(
        why.starts_with(&format!(
            "the table has version {}, the secret {version}: ",
            version + 4
        )),
        "{why}"
    );
    alter_keys(&stores, "SET version = :value", json!(row.version)).await;
    assert_eq!(found().await.0, "ok");
    alter_keys(&stores, "SET revoked = :value", json!([active])).await;
    let revoked = "refused: the active signing key is revoked or not published";
    assert_eq!(found().await, ("fail".to_owned(), revoked.to_owned()));
    // Only the active one is left, and nothing to rotate to.
    alter_keys(&stores, "SET revoked = :value", json!([])).await;
    let keys = row
        .keys
        .into_iter()
        .filter(|key| key.life.state != shared::keys::State::Next);
    alter_keys(
        &stores,
        "SET #keys = :value",
        json!(keys.collect::<Vec<_>>()),
    )
    .await;
    let checks = checks(&doctor(&gatehouse).await);
    assert_eq!(checks["keys.age"].0, "warn");
    assert!(checks["keys.age"].1.ends_with("and there is no next one"));
}

#[tokio::test]
async fn a_table_of_another_shape_or_none_is_said() {
    let (stores, gatehouse) = empty().await;
    let client = stores.environment(Clock::System).unwrap().dynamodb();
    let table = local::TABLE_NAME;
    let update = client
        .update_table()
        .table_name(table)
        .deletion_protection_enabled(false);
    update.send().await.unwrap();
    client
        .delete_table()
        .table_name(table)
        .send()
        .await
        .unwrap();
    let ran = doctor(&gatehouse).await;
    let found = checks(&ran);
    assert_eq!(ran.code, 1);
    assert_eq!(
        found["table"],
        (
            "fail".to_owned(),
            "there is no table gatehouse in us-east-1".to_owned()
        )
    );
    assert_eq!(found["table.keys"].0, "skip");
    assert_eq!(found["keys.published"].0, "fail");
    assert_eq!(found["keys.signing"].0, "ok");
    // Made by hand, from memory.
    let body = json!({
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sort", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sort", "KeyType": "RANGE"},
        ],
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
    });
    crate::stack::dynamodb(&stores, "CreateTable", body).await;
    let found = checks(&doctor(&gatehouse).await);
    for (check, words) in [
        ("table.keys", "pk and sort in place of pk and sk"),
        ("table.index", "there is no index by_tenant"),
        (
            "table.stream",
            "NEW_IMAGE in place of new and old images: nothing is audited",
        ),
        (
            "table.ttl",
            "off: rows that have expired stay and are paid for",
        ),
    ] {
        assert_eq!(
            found[check],
            ("fail".to_owned(), words.to_owned()),
            "{check}"
        );
    }
}
