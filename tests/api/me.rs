//! `GET /api/auth/me`.

use serde_json::json;
use shared::app::Verifying;
use shared::clock::Timestamp;
use shared::store::key::Key;

use crate::calls::cost;
use crate::exchange::{Sent, send};
use crate::wire::Act;
use crate::world::{START, World};

fn me(token: &str) -> Sent {
    Sent::get("/api/auth/me").bearer(token)
}

#[tokio::test]
async fn me_answers_the_user_at_the_top_level_in_one_request() {
    let world = World::new().await;
    let user = world.sign_in("100").await;
    let app: &Verifying = world.instance().await;
    let received = send(app, me::handle, me(&user.access)).await;
    let calls = world.wire.work();
    assert_eq!(received.status, 200, "{}", received.text);
    received.assert_headers(&[]);
    let expected = json!({
        "id": "100",
        "username": null,
        "email": "doc@nuxera.ai",
        "email_verified": true,
        "name": "Doctor Hisham",
        "display_name": "Doctor Hisham",
        "organization": null,
        "aws_region": null,
        "role": "physician",
        "tenant_id": "nuxera",
        "status": "active",
        "is_active": true,
        "is_demo": false,
        "user_type": ["ai-medical-note"],
        "created_at": "2025-03-31T16:54:47.134Z",
        "updated_at": "2025-05-07T16:17:29.082Z",
        "last_login": "2025-03-01T05:29:00.000Z",
        "userId": "100",
        "tenantId": "nuxera",
    });
    assert_eq!(received.body, expected);
    assert_eq!(cost(&calls), (1, 0.0));
    assert_eq!(calls[0].call.operation, "BatchGetItem");
}

#[tokio::test]
async fn the_last_login_is_the_later_of_the_recorded_one_and_the_sessions_own() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Verifying = world.instance().await;
    let seen = Key::seen(&user.user);
    let later = START.plus_seconds(5);
    let earlier = START.plus_seconds(-5);
    for (recorded, shown) in [
        (json!({"last_login": later}), later),
        (json!({"last_login": earlier}), START),
        (json!({"last_login": START}), START),
        (json!({"last_used_at": later}), START),
    ] {
        world.put_json(&seen, &recorded).await;
        let received = send(app, me::handle, me(&user.access)).await;
        assert_eq!(received.member("last_login"), shown.to_string());
    }
}

#[tokio::test]
async fn what_has_changed_in_the_rows_shows_at_once_whatever_the_token_says() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Verifying = world.instance().await;
    let changed_at = Timestamp::from_millis(START.millis() + 1);
    world
        .alter(&user.user_key(), |row| {
            row["role"] = json!("admin");
            row["email"] = json!("other@example.com");
            row["username"] = json!("other");
            row["organization"] = json!("Acme Corp");
            row["aws_region"] = json!("eu-north-1");
            row["is_demo"] = json!(true);
            row["updated_at"] = json!(changed_at);
        })
        .await;
    let received = send(app, me::handle, me(&user.access)).await;
    assert_eq!(received.member("role"), "admin");
    assert_eq!(received.member("email"), "other@example.com");
    assert_eq!(received.member("username"), "other");
    assert_eq!(received.member("organization"), "Acme Corp");
    assert_eq!(received.member("aws_region"), "eu-north-1");
    assert_eq!(received.body["is_demo"], json!(true));
    assert_eq!(received.member("updated_at"), changed_at.to_string());
    assert!(!received.text.contains("hash"));
}

#[tokio::test]
async fn me_ignores_body_content_type_and_query() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Verifying = world.instance().await;
    for content_type in ["text/plain", "application/json", ""] {
        let sent = me(&user.access).header("content-type", content_type);
        let received = send(app, me::handle, sent.body(&"{".repeat(20_000))).await;
        assert_eq!(received.status, 200, "{}", received.text);
    }
}

#[tokio::test]
async fn me_serves_get_alone() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Verifying = world.instance().await;
    for method in ["POST", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"] {
        let sent = Sent::new(method, "/api/auth/me").bearer(&user.access);
        let received = send(app, me::handle, sent).await;
        received.assert_refusal(
            405,
            ["Method not allowed", "GET", "GET"],
            &[("allow", "GET")],
        );
    }
    assert_eq!(world.wire.work().len(), 0);
}

#[tokio::test]
async fn me_answers_503_where_the_table_is_away_and_the_token_is_good() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Verifying = world.instance().await;
    world.wire.rule(|call| match call.operation.as_str() {
        "BatchGetItem" => Act::Refuse,
        _ => Act::Pass,
    });
    let received = send(app, me::handle, me(&user.access)).await;
    received.assert_unavailable();
    assert_eq!(world.wire.work().len(), 3);
    // A refusal stays one.
    let received = send(app, me::handle, me("garbage")).await;
    assert_eq!(received.status, 401);
    world.wire.heal();
    let received = send(app, me::handle, me(&user.access)).await;
    assert_eq!(received.status, 200);
}
