//! `DELETE /api/v1/clients/{id}/keys/{key_id}`: a key ends, and what was signed in for by it.

use serde_json::json;
use shared::app::Sessions;
use shared::store::key::Key;

use crate::calls::{cost, events};
use crate::client::{ID, KEY_ID, TENANT, auth, key, key_made, key_removed, made, row, trace};
use crate::exchange::send;
use crate::world::{START, World};

#[tokio::test]
async fn a_deleted_key_ends_its_own_tokens_at_once_and_no_others() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    let second = desk.ask(key_made(ID)).await;
    let second = second.member("api_key");
    let first_tokens = world.sign_in_client(&key()).await;
    let second_tokens = world.sign_in_client(second).await;
    world.wire.take();
    let received = desk.ask(key_removed(ID, KEY_ID)).await;
    let calls = world.wire.work();
    assert_eq!((received.status, received.text.as_str()), (204, ""));
    // Who calls, the client, and a transaction of two rows.
    assert_eq!(cost(&calls), (3, 4.0));

    let mut client = world.json(&row()).await;
    let event = client["event"].take();
    assert_eq!(
        (&client["version"], &client["epoch"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(client["keys"].as_array().map(Vec::len), Some(1));
    for (member, value) in [
        ("type", "authn_token_revoked"),
        ("actor", "admin-of-nudgescribe"),
        ("subject", ID),
        ("tenant_id", TENANT),
        ("key_id", KEY_ID),
    ] {
        assert_eq!(event[member], value, "{event}");
    }
    assert_eq!(events(&calls).len(), 1);
    let kept = world.json(&Key::api_key(&KEY_ID.into())).await;
    let expires_at = START.plus_seconds(91 * 86_400).seconds();
    assert_eq!(
        (&kept["revoked_at"], &kept["expires_at"]),
        (&json!(START), &json!(expires_at))
    );

    let app: &Sessions = world.instance().await;
    let received = send(app, client_auth::handle, auth(&key())).await;
    assert_eq!(
        (received.status, received.member("message")),
        (401, "Invalid API key")
    );
    assert_eq!(
        send(app, client_auth::handle, auth(second)).await.status,
        200
    );
    for (tokens, status) in [(first_tokens, 401), (second_tokens, 200)] {
        for token in [&tokens.access, &tokens.refresh] {
            let received = send(app, client_refresh::handle, trace(token)).await;
            assert_eq!(received.status, status, "{}", received.text);
        }
    }
    // A second time there is nothing to delete.
    let received = desk.ask(key_removed(ID, KEY_ID)).await;
    assert_eq!(
        (received.status, received.member("message")),
        (404, "The client has no such key")
    );
}

#[tokio::test]
async fn another_clients_key_is_not_there_and_stays() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    let other = desk.ask(made(&json!({"name": "x"}))).await;
    let id = other.body["client"]["id"].as_str().expect("an id");
    let received = desk.ask(key_removed(id, KEY_ID)).await;
    assert_eq!(
        (received.status, received.member("message")),
        (404, "The client has no such key")
    );
    world.sign_in_client(&key()).await;
}

#[tokio::test]
async fn the_last_key_may_go_and_a_client_without_one_gets_one_again() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    assert_eq!(desk.ask(key_removed(ID, KEY_ID)).await.status, 204);
    let received = desk.ask(key_made(ID)).await;
    assert_eq!(received.status, 201, "{}", received.text);
    world.sign_in_client(received.member("api_key")).await;
}
