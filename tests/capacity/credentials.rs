//! What a look at a tenant's credentials takes.

use shared::credentials::Console;

use super::Measured;
use crate::exchange::{Sent, send};

impl Measured {
    pub(super) async fn credentials(&mut self) {
        let admin = self
            .world
            .sign_in("00000000-0000-0000-0000-000000000010")
            .await;
        let secret = r#"{
            "aws": {
                "region": "eu-west-1",
                "access_key_id": "AKIA",
                "secret_access_key": "of-sixteen-at-least",
                "endpoint": "https://a.example/model/m/converse"
            },
            "nvidia": {
                "api_key": "of-sixteen-at-least",
                "base_url": "https://a.example",
                "endpoint": "https://a.example/v1/chat/completions"
            }
        }"#;
        crate::api::aws_credentials::store(&self.world, admin.tenant.as_str(), secret).await;
        let app: &Console = self.world.instance().await;
        let sent = Sent::get("/api/auth/aws-credentials").bearer(&admin.access);
        let received = send(app, aws_credentials::handle, sent).await;
        assert_eq!(received.status, 200, "{}", received.text);
        self.note("aws-credentials", "the usual");
        let sent = Sent::get("/api/auth/nvidia-credentials").bearer(&admin.access);
        let received = send(app, nvidia_credentials::handle, sent).await;
        assert_eq!(received.status, 200, "{}", received.text);
        self.note("nvidia-credentials", "the usual");
    }
}
