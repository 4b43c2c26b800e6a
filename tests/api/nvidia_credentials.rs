//! `GET /api/auth/nvidia-credentials`; what it has in common with the other is tested there.

use serde_json::json;
use shared::credentials::Console;

use super::aws_credentials::store;
use crate::exchange::{Sent, send};
use crate::world::World;

const ALICE: &str = "00000000-0000-0000-0000-000000000010";

#[tokio::test]
async fn an_admin_sees_the_masked_key_that_the_document_prints() {
    let world = World::new().await;
    let app: &Console = world.instance().await;
    let admin = world.sign_in(ALICE).await;
    world
        .alter(&admin.user_key(), |row| row["role"] = json!("super_admin"))
        .await;
    let sent = Sent::get("/api/auth/nvidia-credentials").bearer(&admin.access);
    let sent = sent.query("tenant_id", "acme");
    let received = send(app, nvidia_credentials::handle, sent).await;
    assert_eq!(received.status, 200, "{}", received.text);
    let credentials = &received.body["credentials"];
    let mask = "nvap************************************xxxx";
    let expected = json!({
        "success": true,
        "credentials": {
            "apiKey": mask,
            "baseUrl": "https://integrate.api.nvidia.com",
            "endpoint": "https://integrate.api.nvidia.com/v1/chat/completions",
            "curlExample": credentials["curlExample"],
            "nodeExample": credentials["nodeExample"],
            "pythonExample": credentials["pythonExample"],
        },
    });
    assert_eq!(received.body, expected);
    for language in ["curlExample", "nodeExample", "pythonExample"] {
        assert!(credentials[language].as_str().unwrap().contains(mask));
    }
    assert!(!received.text.contains("nvapi"), "the key is in the answer");
}

#[tokio::test]
async fn it_is_404_where_none_is_stored_and_500_where_the_endpoint_is_another_servers() {
    let world = World::new().await;
    let app: &Console = world.instance().await;
    let admin = world.sign_in(ALICE).await;
    let ask = async || {
        let sent = Sent::get("/api/auth/nvidia-credentials").bearer(&admin.access);
        send(app, nvidia_credentials::handle, sent).await.status
    };
    assert_eq!(ask().await, 404);
    for (endpoint, status) in [
        ("https://a.example/v1/chat/completions", 200),
        ("https://b.example/v1/chat/completions", 500),
        ("https://a.example/v1/embeddings", 500),
    ] {
        let stored = json!({"nvidia": {
            "api_key": "nvapi-1234567890",
            "base_url": "https://a.example",
            "endpoint": endpoint,
        }});
        store(&world, admin.tenant.as_str(), &stored.to_string()).await;
        assert_eq!(ask().await, status, "{endpoint}");
    }
    let aws = json!({"aws": {
        "region": "eu-west-1",
        "access_key_id": "AKIA",
        "secret_access_key": "1234567890123456",
        "endpoint": "https://a.example/model/m/converse",
    }});
    store(&world, admin.tenant.as_str(), &aws.to_string()).await;
    assert_eq!(ask().await, 404);
}
