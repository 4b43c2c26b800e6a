//! `DELETE /api/v1/clients/{id}`: an admin removes a client.

use serde_json::{Value, json};
use shared::app::Sessions;
use shared::store::key::Key;

use crate::calls::{cost, events};
use crate::client::{
    ID, KEY_ID, TENANT, auth, key, key_made, key_removed, listed, patched, removed, row, trace,
};
use crate::exchange::send;
use crate::wire::Act;
use crate::world::{START, World};

#[tokio::test]
async fn a_removed_client_leaves_no_name_no_list_and_no_key_that_opens() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    let second = desk.ask(key_made(ID)).await;
    let second_id = second.member("key_id");
    let tokens = [
        world.sign_in_client(&key()).await,
        world.sign_in_client(second.member("api_key")).await,
    ];
    let before = world.json(&row()).await;
    world.wire.take();
    let received = desk.ask(removed(ID).request_id("r-1")).await;
    let calls = world.wire.work();
    assert_eq!((received.status, received.text.as_str()), (204, ""));
    assert_eq!(received.header("content-type"), None);
    assert_eq!(received.header("cache-control"), Some("no-store"));
    // Who calls, the client, and a transaction of three rows.
    assert_eq!(cost(&calls), (3, 7.0));
    assert_eq!(events(&calls).len(), 1);

    let expires_at = START.plus_seconds(91 * 86_400).seconds();
    let mut row = world.json(&row()).await;
    let event = row["event"].take();
    let expected = json!({
        "pk": format!("CLIENT#{ID}"),
        "sk": "PROFILE",
        "id": ID,
        "tenant_id": TENANT,
        "name": "",
        "scope": "",
        "status": "deleted",
        "version": 3,
        "epoch": 2,
        "keys": [],
        "created_at": before["created_at"],
        "expires_at": expires_at,
        "event": null,
    });
    assert_eq!(row, expected);
    for (member, value) in [
        ("type", "authn_token_revoked"),
        ("outcome", "success"),
        ("reason", "deleted"),
        ("actor", "admin-of-nudgescribe"),
        ("subject", ID),
        ("tenant_id", TENANT),
    ] {
        assert_eq!(event[member], value, "{event}");
    }
    for id in [KEY_ID, second_id] {
        let key = world.json(&Key::api_key(&id.into())).await;
        assert_eq!(
            (&key["revoked_at"], &key["expires_at"]),
            (&json!(START), &json!(expires_at))
        );
    }

    let app: &Sessions = world.instance().await;
    for key in [&key(), second.member("api_key")] {
        let received = send(app, client_auth::handle, auth(key)).await;
        assert_eq!(
            (received.status, received.member("message")),
            (401, "Invalid API key")
        );
    }
    for token in tokens
        .iter()
        .flat_map(|tokens| [&tokens.access, &tokens.refresh])
    {
        let received = send(app, client_refresh::handle, trace(token)).await;
        assert_eq!(received.status, 401, "{}", received.text);
    }
    let received = desk.ask(listed()).await;
    assert_eq!(received.body["clients"], json!([]));
    for sent in [
        removed(ID),
        patched(ID, &json!({"status": "active"})),
        key_made(ID),
        key_removed(ID, KEY_ID),
    ] {
        assert_eq!(desk.ask(sent).await.status, 404);
    }
}

#[tokio::test]
async fn a_client_without_keys_is_removed_too_and_once() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    assert_eq!(desk.ask(key_removed(ID, KEY_ID)).await.status, 204);
    world.wire.rule(|call| {
        let change = call.operation == "UpdateItem" && call.touches("CLIENT#");
        if change && call.attempt == 1 {
            Act::Lose
        } else {
            Act::Pass
        }
    });
    let received = desk.ask(removed(ID)).await;
    world.wire.heal();
    assert_eq!(received.status, 204, "{}", received.text);
    let row = world.json(&row()).await;
    assert_eq!(
        (&row["status"], &row["epoch"]),
        (&json!("deleted"), &json!(2))
    );
    assert_eq!(row["tenant_pk"], Value::Null);
}
