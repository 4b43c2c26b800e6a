//! API clients: they sign in and refresh, and an admin makes, changes and removes them.

use serde_json::json;
use shared::app::{Sessions, Verifying};
use shared::store::key::Key;

use super::Tour;
use crate::exchange::{Received, Sent, send};
use crate::world::World;

/// An instance of every function for clients.
pub struct Clients {
    auth: &'static Sessions,
    refresh: &'static Sessions,
    list: &'static Verifying,
    create: &'static Verifying,
    update: &'static Verifying,
    delete: &'static Verifying,
    create_key: &'static Verifying,
    delete_key: &'static Verifying,
}

const AUTH: &str = "/v1/auth";
const REFRESH: &str = "/v1/auth/refresh";
const CLIENTS: &str = "/api/v1/clients";
const CLIENT: &str = "/api/v1/clients/{id}";
const KEYS: &str = "/api/v1/clients/{id}/keys";
const KEY: &str = "/api/v1/clients/{id}/keys/{key_id}";
/// The client of the demonstration data.
const DEMO: &str = "nudgescribe-demo";

impl Clients {
    pub fn cold(world: &World) -> Self {
        Self {
            auth: world.cold_instance(),
            refresh: world.cold_instance(),
            list: world.cold_instance(),
            create: world.cold_instance(),
            update: world.cold_instance(),
            delete: world.cold_instance(),
            create_key: world.cold_instance(),
            delete_key: world.cold_instance(),
        }
    }

    /// The answer of the function that serves `route`, if one of these does.
    pub async fn send(&self, route: &str, sent: Sent) -> Option<(&'static str, Received)> {
        Some(match route {
            "POST /v1/auth" => (
                "client-auth",
                send(self.auth, client_auth::handle, sent).await,
            ),
            "ANY /v1/auth" | "POST /v1/auth/refresh" => (
                "client-refresh",
                send(self.refresh, client_refresh::handle, sent).await,
            ),
            "GET /api/v1/clients" => (
                "list-clients",
                send(self.list, list_clients::handle, sent).await,
            ),
            "POST /api/v1/clients" => (
                "create-client",
                send(self.create, create_client::handle, sent).await,
            ),
            "PATCH /api/v1/clients/{id}" => (
                "update-client",
                send(self.update, update_client::handle, sent).await,
            ),
            "DELETE /api/v1/clients/{id}" => (
                "delete-client",
                send(self.delete, delete_client::handle, sent).await,
            ),
            "POST /api/v1/clients/{id}/keys" => (
                "create-client-key",
                send(self.create_key, create_client_key::handle, sent).await,
            ),
            "DELETE /api/v1/clients/{id}/keys/{key_id}" => (
                "delete-client-key",
                send(self.delete_key, delete_client_key::handle, sent).await,
            ),
            _ => return None,
        })
    }
}

fn auth(key: &str) -> Sent {
    Sent::new("POST", AUTH).header("x-api-key", key)
}

fn trace() -> Sent {
    Sent::new("TRACE", AUTH).route("ANY /v1/auth")
}

fn demo_key() -> String {
    local::demonstration::api_key().text().to_string()
}

/// What an admin does to a client and one of its keys.
fn administration(client: &str, key: &str) -> [Sent; 6] {
    [
        Sent::get(CLIENTS),
        Sent::post(CLIENTS, &json!({"name": "Batch", "scope": "notes:read"})),
        Sent::new("PATCH", CLIENT)
            .header("content-type", "application/json")
            .body(r#"{"scope": "notes:write"}"#)
            .parameter("id", client),
        Sent::new("POST", KEYS).parameter("id", client),
        Sent::new("DELETE", KEY)
            .parameter("id", client)
            .parameter("key_id", key),
        Sent::new("DELETE", CLIENT).parameter("id", client),
    ]
}

/// Every route, with a token or a key where it takes one.
pub fn everywhere() -> Vec<Sent> {
    let refresh = Sent::post(REFRESH, &json!({"refresh_token": "e30.e30.e30"}));
    let mut all = vec![auth(&demo_key()), trace().bearer("e30.e30.e30"), refresh];
    let administration = administration(DEMO, "key");
    all.extend(administration.map(|sent| sent.bearer("e30.e30.e30")));
    all
}

impl Tour {
    pub(super) async fn clients(&mut self) {
        self.clients_sign_in().await;
        self.clients_refresh().await;
        self.clients_are_administered().await;
        self.clients_are_limited().await;
    }

    /// Bodies that are refused for their shape, in this request.
    async fn bad_client_bodies(&mut self, sent: Sent) {
        let large = format!("{{\"a\": \"{}\"}}", "a".repeat(16 << 10));
        for (content_type, body) in [
            ("application/json", "no"),
            ("application/json", &*large),
            ("text/plain", "{}"),
        ] {
            let from = self.address();
            let sent = sent.clone().header("content-type", content_type);
            self.visit(sent.body(body).from(&from)).await;
        }
    }

    async fn clients_sign_in(&mut self) {
        self.bad_client_bodies(Sent::new("POST", AUTH)).await;
        self.visit(Sent::new("POST", AUTH)).await;
        for key in [&demo_key(), "nobody's"] {
            self.visit(auth(key)).await;
        }
        let nobodys = shared::api_key::ApiKey::random().text().to_string();
        self.visit(auth(&nobodys)).await;
        let body = json!({"api_key": demo_key(), "scope": "notes:delete"});
        self.visit(Sent::post(AUTH, &body)).await;
        let from = self.address();
        for _ in 0..31 {
            self.visit(Sent::new("POST", AUTH).from(&from)).await;
        }
    }

    async fn clients_refresh(&mut self) {
        let tokens = self.visit(auth(&demo_key())).await;
        let access = tokens.member("access_token").to_owned();
        let mut token = tokens.member("refresh_token").to_owned();
        let post = || Sent::new("POST", REFRESH);
        for sent in [trace(), post()] {
            self.bad_client_bodies(sent.clone()).await;
            self.visit(sent.clone()).await;
            self.visit(sent.clone().bearer(&access)).await;
            self.visit(sent.clone().bearer("e30.e30.e30")).await;
            let answer = self.visit(sent.clone().bearer(&token)).await;
            // Once more: the answer may have been lost.
            self.visit(sent.bearer(&token)).await;
            answer.member("refresh_token").clone_into(&mut token);
        }
        let tenant = Key::tenant(&"nudgescribe".into());
        let elsewhere = json!(["192.0.2.0/24"]);
        let policy = self
            .world
            .alter(&tenant, |row| row["policy"]["allowed_cidrs"] = elsewhere)
            .await;
        for sent in [trace(), post()] {
            self.visit(sent.clone().bearer(&access)).await;
            self.visit(sent.bearer(&token)).await;
        }
        self.world.put_json(&tenant, &policy).await;
        // A replay, later.
        self.world.wait(3600);
        let stale = tokens.member("refresh_token");
        self.visit(post().bearer(stale)).await;
    }

    async fn clients_are_administered(&mut self) {
        let viewer = self.login("victor@acme.fr", "viewer-password").await;
        let admin = self.login("john", "securePassword123").await;
        let (viewer, admin) = (viewer.member("token"), admin.member("token"));
        let new = json!({"name": "Batch"});
        let made = self.visit(Sent::post(CLIENTS, &new).bearer(admin)).await;
        let client = made.body["client"]["id"].as_str().expect("an id");
        let key = made.body["client"]["keys"][0]["id"].as_str().expect("one");
        for sent in administration(client, key) {
            self.visit(sent.clone()).await;
            self.visit(sent.clone().bearer(viewer)).await;
            let others = sent.query("tenant_id", "nudgescribe").bearer(admin);
            self.visit(others).await;
        }
        for sent in [
            Sent::new("POST", CLIENTS),
            Sent::new("PATCH", CLIENT).parameter("id", client),
        ] {
            self.bad_client_bodies(sent.bearer(admin)).await;
        }
        let page = Sent::get(CLIENTS).query("limit", "0");
        self.visit(page.bearer(admin)).await;
        let third = Sent::new("POST", KEYS).parameter("id", client);
        for sent in administration(client, key) {
            self.visit(sent.bearer(admin)).await;
            self.visit(third.clone().bearer(admin)).await;
        }
    }

    /// Somebody has used up what an address may.
    async fn clients_are_limited(&mut self) {
        let from = self.address();
        for _ in 0..100 {
            let sent = trace().from(&from);
            self.functions.clients.send("ANY /v1/auth", sent).await;
        }
        for sent in everywhere() {
            self.visit(sent.from(&from)).await;
        }
    }
}
