//! `GET /api/auth/validate`.

use serde_json::json;
use shared::app::Verifying;
use shared::store::key::Key;

use crate::calls::cost;
use crate::exchange::{Sent, send};
use crate::world::{START, World};

#[tokio::test]
async fn validate_answers_that_the_token_is_valid_and_whose_in_one_request() {
    let world = World::new().await;
    let user = world.sign_in("00000000-0000-0000-0000-000000000010").await;
    let app: &Verifying = world.instance().await;
    let sent = Sent::get("/api/auth/validate").bearer(&user.access);
    let received = send(app, validate::handle, sent).await;
    let calls = world.wire.work();
    assert_eq!(received.status, 200, "{}", received.text);
    received.assert_headers(&[]);
    let expected = json!({
        "success": true,
        "message": "Token is valid",
        "user": {
            "id": "00000000-0000-0000-0000-000000000010",
            "username": null,
            "email": "alice@acme.fr",
            "email_verified": false,
            "name": "Alice Martin",
            "display_name": "Alice Martin",
            "organization": null,
            "aws_region": null,
            "role": "admin",
            "tenant_id": "00000000-0000-0000-0000-000000000001",
            "status": "active",
            "is_active": true,
            "is_demo": false,
            "user_type": [],
            "created_at": "2025-03-01T05:29:00.000Z",
            "updated_at": "2025-03-01T05:29:00.000Z",
            "last_login": "2025-03-01T05:29:00.000Z",
        },
    });
    assert_eq!(received.body, expected);
    assert_eq!(cost(&calls), (1, 0.0));
}

#[tokio::test]
async fn validate_shows_what_the_rows_say_now() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let app: &Verifying = world.instance().await;
    let later = START.plus_seconds(60);
    let seen = Key::seen(&user.user);
    world.put_json(&seen, &json!({"last_login": later})).await;
    world
        .alter(&user.user_key(), |row| row["role"] = json!("viewer"))
        .await;
    let sent = Sent::get("/api/auth/validate").bearer(&user.access);
    let received = send(app, validate::handle, sent).await;
    assert_eq!(received.body["user"]["role"], json!("viewer"));
    assert_eq!(
        received.body["user"]["last_login"],
        json!(later.to_string())
    );
}

#[tokio::test]
async fn validate_serves_get_alone() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    for method in ["POST", "HEAD", "TRACE"] {
        let received = send(
            app,
            validate::handle,
            Sent::new(method, "/api/auth/validate"),
        )
        .await;
        received.assert_refusal(
            405,
            ["Method not allowed", "GET", "GET"],
            &[("allow", "GET")],
        );
    }
}
