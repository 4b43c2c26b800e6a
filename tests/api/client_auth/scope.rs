//! A scope that is asked for narrows, and never widens.

use serde_json::{Value, json};
use shared::app::Sessions;

use crate::calls::events;
use crate::client::{ID, KEY_ID, SCOPE, TENANT, auth_by, claims, key, row};
use crate::exchange::{Received, send};
use crate::world::World;

async fn asked(app: &'static Sessions, scope: &Value) -> Received {
    let body = json!({"api_key": key(), "scope": scope});
    send(app, client_auth::handle, auth_by(&body)).await
}

#[tokio::test]
async fn a_part_of_the_scope_is_granted_and_nothing_else() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    for (asked_for, granted) in [
        (json!("notes:read"), "notes:read"),
        (json!("read:users notes:read"), "notes:read read:users"),
        (json!("notes:read notes:read"), "notes:read"),
        (json!(SCOPE), SCOPE),
        (json!(null), SCOPE),
        (json!(""), ""),
    ] {
        let received = asked(app, &asked_for).await;
        assert_eq!(received.status, 200, "{asked_for}: {}", received.text);
        assert_eq!(received.member("scope"), granted, "{asked_for}");
        let claims = claims(received.member("access_token"));
        assert_eq!(claims["scope"], granted, "{asked_for}");
    }
}

#[tokio::test]
async fn a_scope_beyond_the_clients_is_refused_by_its_name_and_recorded() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    for beyond in ["notes:delete", "admin:all", "notes", "notes:read:all"] {
        world.wire.take();
        let received = asked(app, &json!(format!("notes:read {beyond}"))).await;
        let what = format!("The client does not have the scope {beyond}");
        assert_eq!(
            (received.status, received.member("error")),
            (403, "Insufficient permissions")
        );
        assert_eq!(received.member("message"), what);
        assert_eq!(received.member("detail"), "Forbidden");
        let calls = world.wire.take();
        assert!(!calls.iter().any(|done| done.call.touches("CSESSION#")));
        let recorded = events(&calls);
        assert_eq!(recorded.len(), 1);
        let event = &recorded[0];
        for (member, value) in [
            ("type", "authz_fail"),
            ("outcome", "failure"),
            ("reason", "scope"),
            ("actor", ID),
            ("subject", ID),
            ("tenant_id", TENANT),
            ("key_id", KEY_ID),
        ] {
            assert_eq!(event[member], value, "{event}");
        }
    }
}

#[tokio::test]
async fn a_client_of_every_scope_may_ask_for_any() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    world
        .alter(&row(), |row| row["scope"] = json!("admin:all"))
        .await;
    for (scope, granted) in [
        ("admin:all", "admin:all"),
        ("anything", "anything"),
        // The one includes the other.
        ("admin:all notes:read", "admin:all"),
    ] {
        let received = asked(app, &json!(scope)).await;
        assert_eq!(received.member("scope"), granted);
    }
    assert_eq!(asked(app, &json!(null)).await.member("scope"), "admin:all");
}

#[tokio::test]
async fn a_malformed_scope_is_a_bad_request_before_any_key_is_looked_at() {
    let world = World::new().await;
    let app: &Sessions = world.instance().await;
    let long = "a".repeat(257);
    for scope in [
        " ",
        "notes:read ",
        " notes:read",
        "a  b",
        "a\tb",
        "Notes",
        "a,b",
        "é",
        "a\"b",
        &long,
    ] {
        world.wire.take();
        let received = asked(app, &json!(scope)).await;
        assert_eq!(received.status, 400, "{scope:?}");
        let message = received.member("message");
        assert!(
            message.starts_with("scope must be words of a-z"),
            "{message}"
        );
        // The count, and nothing else.
        assert_eq!(world.wire.take().len(), 1);
    }
    for scope in [json!(7), json!(["notes:read"]), json!({})] {
        let received = asked(app, &scope).await;
        assert_eq!(received.member("message"), "scope must be a string");
    }
}
