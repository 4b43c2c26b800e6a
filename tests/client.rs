//! API clients in a test's hands, and an admin who looks after them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared::app::{Sessions, Verifying};
use shared::id::SessionId;
use shared::store::key::Key;

use crate::exchange::{Received, Sent, send};
use crate::session::SignedIn;
use crate::world::World;

/// The client of the demonstration data.
pub const ID: &str = "nudgescribe-demo";
/// Its tenant.
pub const TENANT: &str = "nudgescribe";
/// What it may do.
pub const SCOPE: &str = "notes:read notes:write read:users";
/// The id of its key.
pub const KEY_ID: &str = "NudgeScribeDemo0000001";

/// Its key.
pub fn key() -> String {
    local::demonstration::api_key().text().to_string()
}

/// The key of its row.
pub fn row() -> Key {
    Key::client(&ID.into())
}

/// An attempt to sign in by the header.
pub fn auth(key: &str) -> Sent {
    Sent::new("POST", "/v1/auth").header("x-api-key", key)
}

/// An attempt to sign in with these members.
pub fn auth_by(members: &Value) -> Sent {
    Sent::post("/v1/auth", members)
}

/// A TRACE of `/v1/auth` with this bearer.
pub fn trace(token: &str) -> Sent {
    let sent = Sent::new("TRACE", "/v1/auth").route("ANY /v1/auth");
    sent.bearer(token)
}

/// A POST of a refresh token.
pub fn refresh_by(token: &str) -> Sent {
    Sent::post("/v1/auth/refresh", &json!({"refresh_token": token}))
}

/// What a client's answer of tokens has.
#[derive(Clone, Debug)]
pub struct ClientTokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// Their session.
    pub session: SessionId,
}

impl ClientTokens {
    /// Those of an answer.
    #[track_caller]
    pub fn of(received: &Received) -> Self {
        assert_eq!(received.status, 200, "{}", received.body["message"]);
        let access = received.member("access_token").to_owned();
        Self {
            session: claims(&access)["sid"].as_str().expect("a sid").into(),
            refresh: received.member("refresh_token").to_owned(),
            access,
        }
    }

    /// The key of the session's row, of the demonstration client.
    pub fn session_key(&self) -> Key {
        Key::client_session(&ID.into(), &self.session)
    }
}

/// What a token says.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("three parts");
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("JSON")
}

impl World {
    /// The tokens of a client that signs in by this key, at an instance of its own.
    pub async fn sign_in_client(&self, key: &str) -> ClientTokens {
        let app: &Sessions = self.instance().await;
        let received = send(app, client_auth::handle, auth(key)).await;
        self.wire.take();
        ClientTokens::of(&received)
    }

    /// Somebody of this role in this tenant, signed in.
    pub async fn somebody(&self, tenant: &str, role: &str) -> SignedIn {
        let alice = Key::user(&"00000000-0000-0000-0000-000000000010".into());
        let mut user = self.json(&alice).await;
        let id = format!("{role}-of-{tenant}");
        // No list shows it, least of all Alice's place in hers.
        let members = user.as_object_mut().expect("a row");
        members.retain(|name, _| !name.starts_with("tenant_"));
        user["id"] = json!(id);
        user["tenant_id"] = json!(tenant);
        user["role"] = json!(role);
        let key = Key::user(&id.as_str().into());
        self.put_json(&key, &user).await;
        self.sign_in(&id).await
    }

    /// An admin of this tenant before the endpoints that look after its clients.
    pub async fn desk(&self, tenant: &str) -> Desk {
        Desk {
            token: self.somebody(tenant, "admin").await.access,
            app: self.instance().await,
        }
    }
}

/// An admin, and an instance of each endpoint for clients that admins have: they hold the same.
pub struct Desk {
    /// The admin's access token.
    pub token: String,
    /// The instance.
    pub app: &'static Verifying,
}

const CLIENTS: &str = "/api/v1/clients";
const CLIENT: &str = "/api/v1/clients/{id}";
const KEYS: &str = "/api/v1/clients/{id}/keys";
const KEY: &str = "/api/v1/clients/{id}/keys/{key_id}";

/// A list of clients.
pub fn listed() -> Sent {
    Sent::get(CLIENTS)
}

/// A client to be made.
pub fn made(members: &Value) -> Sent {
    Sent::post(CLIENTS, members)
}

/// A client to be changed.
pub fn patched(id: &str, members: &Value) -> Sent {
    let sent = Sent::new("PATCH", CLIENT).header("content-type", "application/json");
    sent.body(&members.to_string()).parameter("id", id)
}

/// A client to be removed.
pub fn removed(id: &str) -> Sent {
    Sent::new("DELETE", CLIENT).parameter("id", id)
}

/// A key to be made.
pub fn key_made(id: &str) -> Sent {
    Sent::new("POST", KEYS).parameter("id", id)
}

/// A key to be ended.
pub fn key_removed(id: &str, key: &str) -> Sent {
    let sent = Sent::new("DELETE", KEY).parameter("id", id);
    sent.parameter("key_id", key)
}

impl Desk {
    /// What is answered to one of the above, sent by the admin.
    pub async fn ask(&self, sent: Sent) -> Received {
        self.ask_as_is(sent.bearer(&self.token)).await
    }

    /// The same, with whatever token it has.
    pub async fn ask_as_is(&self, mut sent: Sent) -> Received {
        let route = sent.event()["routeKey"].as_str().expect("one").to_owned();
        match route.as_str() {
            "GET /api/v1/clients" => send(self.app, list_clients::handle, sent).await,
            "POST /api/v1/clients" => send(self.app, create_client::handle, sent).await,
            "PATCH /api/v1/clients/{id}" => send(self.app, update_client::handle, sent).await,
            "DELETE /api/v1/clients/{id}" => send(self.app, delete_client::handle, sent).await,
            "POST /api/v1/clients/{id}/keys" => {
                send(self.app, create_client_key::handle, sent).await
            }
            "DELETE /api/v1/clients/{id}/keys/{key_id}" => {
                send(self.app, delete_client_key::handle, sent).await
            }
            route => panic!("no endpoint of clients: {route}"),
        }
    }
}
