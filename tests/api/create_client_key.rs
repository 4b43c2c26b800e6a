//! `POST /api/v1/clients/{id}/keys`: a client gets a second key, and the first is replaced without a
//! pause.

use serde_json::json;
use shared::api_key::ApiKey;
use shared::app::Sessions;
use shared::store::key::Key;

use crate::calls::{cost, events};
use crate::client::{ID, KEY_ID, TENANT, auth, key, key_made, key_removed, listed, patched, row};
use crate::exchange::send;
use crate::wire::Act;
use crate::world::{START, World};

#[tokio::test]
async fn a_second_key_opens_beside_the_first_and_a_third_is_refused() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    world.wait(7);
    let received = desk.ask(key_made(ID)).await;
    let calls = world.wire.work();
    assert_eq!(received.status, 201, "{}", received.text);
    let second = ApiKey::parse(received.member("api_key")).expect("a key");
    let expected = json!({"key_id": second.id(), "api_key": received.member("api_key")});
    assert_eq!(received.body, expected);
    // Who calls, the client, and a transaction of two rows.
    assert_eq!(cost(&calls), (3, 4.0));

    let mut client = world.json(&row()).await;
    let event = client["event"].take();
    assert_eq!(
        (&client["version"], &client["epoch"]),
        (&json!(2), &json!(1))
    );
    let keys = json!([
        {"id": KEY_ID, "created_at": START.millis()},
        {"id": second.id(), "created_at": START.millis() + 7000},
    ]);
    assert_eq!(client["keys"], keys);
    for (member, value) in [
        ("type", "authn_token_created"),
        ("actor", "admin-of-nudgescribe"),
        ("subject", ID),
        ("tenant_id", TENANT),
        ("key_id", second.id().as_str()),
    ] {
        assert_eq!(event[member], value, "{event}");
    }
    assert_eq!(events(&calls).len(), 1);
    let kept = world.json(&Key::api_key(second.id())).await;
    assert_eq!(
        (&kept["hash"], &kept["client_id"]),
        (&json!(second.hash()), &json!(ID))
    );

    let app: &Sessions = world.instance().await;
    for key in [&key(), received.member("api_key")] {
        let received = send(app, client_auth::handle, auth(key)).await;
        assert_eq!(received.status, 200, "{}", received.text);
    }
    let third = desk.ask(key_made(ID)).await;
    let what = "The client has two keys: delete one before you make another";
    assert_eq!(
        (third.status, third.member("error"), third.member("message")),
        (409, "Conflict", what)
    );
    let listed = desk.ask(listed()).await;
    let listed = listed.body["clients"][0]["keys"]
        .as_array()
        .expect("keys")
        .len();
    assert_eq!(listed, 2);
    // With the first gone there is room again.
    assert_eq!(desk.ask(key_removed(ID, KEY_ID)).await.status, 204);
    assert_eq!(desk.ask(key_made(ID)).await.status, 201);
    assert_eq!(desk.ask(key_made(ID)).await.status, 409);
}

#[tokio::test]
async fn a_suspended_client_may_get_a_key_which_opens_when_it_is_active_again() {
    let world = World::new().await;
    let desk = world.desk(TENANT).await;
    let status = |to: &str| patched(ID, &json!({"status": to}));
    assert_eq!(desk.ask(status("suspended")).await.status, 200);
    let received = desk.ask(key_made(ID)).await;
    assert_eq!(received.status, 201, "{}", received.text);
    let app: &Sessions = world.instance().await;
    let sent = auth(received.member("api_key"));
    assert_eq!(
        send(app, client_auth::handle, sent.clone()).await.status,
        403
    );
    assert_eq!(desk.ask(status("active")).await.status, 200);
    assert_eq!(send(app, client_auth::handle, sent).await.status, 200);
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_has_made_one_key() {
    for act in [Act::Lose, Act::Twice] {
        let world = World::new().await;
        let desk = world.desk(TENANT).await;
        world.wire.rule(move |call| {
            let transaction = call.operation == "TransactWriteItems";
            if transaction && call.attempt == 1 {
                act.clone()
            } else {
                Act::Pass
            }
        });
        let received = desk.ask(key_made(ID)).await;
        world.wire.heal();
        assert_eq!(received.status, 201, "{}", received.text);
        world.sign_in_client(received.member("api_key")).await;
        let client = world.json(&row()).await;
        assert_eq!(client["keys"].as_array().map(Vec::len), Some(2));
        assert_eq!(client["version"], json!(2));
    }
}
