//! What serves each route.

use shared::app::{Changing, Sessions, SignIn, Verifying};
use shared::credentials::Console;

use crate::exchange::{Received, Sent, send};
use crate::world::World;

/// An instance of each kind, and what serves a route.
pub struct Functions {
    pub sign_in: &'static SignIn,
    sessions: &'static Sessions,
    changing: &'static Changing,
    verifying: &'static Verifying,
    credentials: &'static Console,
    metrics: &'static metrics::Metrics,
    health: &'static health::Health,
}

impl Functions {
    pub async fn new(world: &World) -> Self {
        Self {
            sign_in: world.instance().await,
            sessions: world.instance().await,
            changing: world.instance().await,
            verifying: world.instance().await,
            credentials: world.instance().await,
            metrics: world.instance().await,
            health: world.instance().await,
        }
    }

    /// The answer of what serves this route.
    pub async fn send(&self, route: &str, sent: Sent) -> Received {
        let verifying = self.verifying;
        match route {
            "POST /api/auth/login" | "POST /api/v1/auth/login" => {
                send(self.sign_in, login::handle, sent).await
            }
            "POST /api/auth/refresh" => send(self.sessions, refresh::handle, sent).await,
            "POST /api/auth/logout" => send(self.sessions, logout::handle, sent).await,
            "GET /api/auth/me" => send(verifying, me::handle, sent).await,
            "GET /api/auth/validate" => send(verifying, validate::handle, sent).await,
            "POST /api/auth/change-password" => {
                send(self.changing, change_password::handle, sent).await
            }
            "POST /api/v1/auth/accept-invite" => {
                send(self.sign_in, accept_invite::handle, sent).await
            }
            "GET /api/v1/users" | "GET /api/v1/users/{id}" => {
                send(verifying, list_users::handle, sent).await
            }
            "POST /api/v1/users" => send(verifying, invite_user::handle, sent).await,
            "PATCH /api/v1/users/{id}" => send(verifying, update_user::handle, sent).await,
            "DELETE /api/v1/users/{id}" => send(verifying, delete_user::handle, sent).await,
            "GET /api/auth/aws-credentials" => {
                send(self.credentials, aws_credentials::handle, sent).await
            }
            "GET /api/auth/nvidia-credentials" => {
                send(self.credentials, nvidia_credentials::handle, sent).await
            }
            "POST /v1/auth" => send(self.sessions, client_auth::handle, sent).await,
            "ANY /v1/auth" | "POST /v1/auth/refresh" => {
                send(self.sessions, client_refresh::handle, sent).await
            }
            "GET /api/v1/audit-log" => send(verifying, list_audit_log::handle, sent).await,
            "GET /api/v1/clients" => send(verifying, list_clients::handle, sent).await,
            "POST /api/v1/clients" => send(verifying, create_client::handle, sent).await,
            "PATCH /api/v1/clients/{id}" => send(verifying, update_client::handle, sent).await,
            "DELETE /api/v1/clients/{id}" => send(verifying, delete_client::handle, sent).await,
            "POST /api/v1/clients/{id}/keys" => {
                send(verifying, create_client_key::handle, sent).await
            }
            "DELETE /api/v1/clients/{id}/keys/{key_id}" => {
                send(verifying, delete_client_key::handle, sent).await
            }
            "GET /metrics" => send(self.metrics, metrics::handle, sent).await,
            "GET /.well-known/openid-configuration" => {
                send(verifying, discovery::handle, sent).await
            }
            "GET /.well-known/jwks.json" => send(verifying, jwks::handle, sent).await,
            "GET /healthz" | "GET /readyz" => send(self.health, health::handle, sent).await,
            other => panic!("nothing serves {other} here"),
        }
    }
}
