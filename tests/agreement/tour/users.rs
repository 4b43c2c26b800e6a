//! Users of a tenant: admins list, invite, change and remove them, and the invited accept.

use serde_json::{Value, json};
use shared::app::{SignIn, Verifying};
use shared::store::key::Key;

use super::Tour;
use crate::exchange::{Received, Sent, send};
use crate::world::World;

/// An instance of every function for users.
pub struct Users {
    list: &'static Verifying,
    invite: &'static Verifying,
    accept: &'static SignIn,
    update: &'static Verifying,
    delete: &'static Verifying,
}

const ACCEPT: &str = "/api/v1/auth/accept-invite";
const USERS: &str = "/api/v1/users";
const USER: &str = "/api/v1/users/{id}";
const PASSWORD: &str = "three blind mice in May";

impl Users {
    pub fn cold(world: &World) -> Self {
        Self {
            list: world.cold_instance(),
            invite: world.cold_instance(),
            accept: world.cold_instance(),
            update: world.cold_instance(),
            delete: world.cold_instance(),
        }
    }

    /// The answer of the function that serves `route`, if one of these does.
    pub async fn send(&self, route: &str, sent: Sent) -> Option<(&'static str, Received)> {
        Some(match route {
            "GET /api/v1/users" | "GET /api/v1/users/{id}" => (
                "list-users",
                send(self.list, list_users::handle, sent).await,
            ),
            "POST /api/v1/users" => (
                "invite-user",
                send(self.invite, invite_user::handle, sent).await,
            ),
            "POST /api/v1/auth/accept-invite" => (
                "accept-invite",
                send(self.accept, accept_invite::handle, sent).await,
            ),
            "PATCH /api/v1/users/{id}" => (
                "update-user",
                send(self.update, update_user::handle, sent).await,
            ),
            "DELETE /api/v1/users/{id}" => (
                "delete-user",
                send(self.delete, delete_user::handle, sent).await,
            ),
            _ => return None,
        })
    }
}

fn invite(email: &str, role: &str) -> Sent {
    Sent::post(USERS, &json!({"email": email, "role": role}))
}

fn accept(token: &str, password: &str) -> Sent {
    Sent::post(
        ACCEPT,
        &json!({"invite_token": token, "password": password}),
    )
}

fn update(id: &str, body: &Value) -> Sent {
    Sent::new("PATCH", USER)
        .header("content-type", "application/json")
        .body(&body.to_string())
        .parameter("id", id)
}

/// What an admin does.
fn administration(id: &str) -> [Sent; 5] {
    [
        Sent::get(USERS),
        Sent::get(USER).parameter("id", id),
        invite("new@example.com", "viewer"),
        update(id, &json!({"name": "Another"})),
        Sent::new("DELETE", USER).parameter("id", id),
    ]
}

/// Every route, with a token where it takes one.
pub fn everywhere() -> Vec<Sent> {
    let mut all = vec![accept("nobody's", PASSWORD)];
    all.extend(administration("1005").map(|sent| sent.bearer("e30.e30.e30")));
    all
}

impl Tour {
    pub(super) async fn users(&mut self) {
        let admin = self.login("john", "securePassword123").await;
        let admin = admin.member("token").to_owned();
        // Each in a minute of its own, so that no limit is used up before its turn.
        self.users_are_shut_to_others(&admin).await;
        self.world.wait(60);
        let invited = self.users_are_invited(&admin).await;
        self.world.wait(60);
        self.invites_are_accepted(&admin, &invited).await;
        self.world.wait(60);
        self.users_are_changed(&admin, &invited).await;
        self.world.wait(60);
        self.users_are_limited(&admin).await;
    }

    async fn users_are_shut_to_others(&mut self, admin: &str) {
        let viewer = self.login("victor@acme.fr", "viewer-password").await;
        let viewer = viewer.member("token");
        for sent in administration("1005") {
            self.visit(sent.clone()).await;
            self.visit(sent.clone().bearer(viewer)).await;
            let others = sent.query("tenant_id", "2001");
            self.visit(others.bearer(admin)).await;
        }
        for scope in ["read:users", "read:interactions"] {
            let client = self.world.client_with_scope("acme", scope).await;
            self.visit(Sent::get(USERS).bearer(&client.access)).await;
        }
    }

    /// Gives the first user and its token.
    async fn users_are_invited(&mut self, admin: &str) -> Value {
        for sent in [
            Sent::new("POST", USERS),
            Sent::new("PATCH", USER).parameter("id", "100"),
        ] {
            self.bad_user_bodies(sent.bearer(admin)).await;
        }
        let sent = invite("bob@example.com", "admin").bearer(admin);
        let bob = self.visit(sent.clone()).await;
        self.visit(sent).await;
        let above = invite("eve@example.com", "super_admin");
        self.visit(above.bearer(admin)).await;
        // Names of an expired invite are there for the taking.
        let late = json!({"email": "late@example.com", "username": "late", "role": "viewer"});
        self.visit(Sent::post(USERS, &late).bearer(admin)).await;
        self.world
            .alter(&user_key(&bob), |row| {
                row["invite"]["expires_at"] = json!(1);
            })
            .await;
        let again = json!({"email": "bob@example.com", "username": "bob", "role": "admin"});
        let first = self.visit(Sent::post(USERS, &again).bearer(admin)).await;
        self.world
            .alter(&user_key(&first), |row| {
                row["invite"]["expires_at"] = json!(1);
            })
            .await;
        let sent = invite("bob@example.com", "admin").bearer(admin);
        self.visit(sent).await.body
    }

    async fn invites_are_accepted(&mut self, admin: &str, invited: &Value) {
        self.bad_user_bodies(Sent::new("POST", ACCEPT)).await;
        let token = invited["invite_token"].as_str().expect("a token");
        let tenant = Key::tenant(&"acme".into());
        let elsewhere = json!(["192.0.2.0/24"]);
        let policy = self
            .world
            .alter(&tenant, |row| row["policy"]["allowed_cidrs"] = elsewhere)
            .await;
        self.visit(accept(token, PASSWORD)).await;
        for sent in administration("1005") {
            self.visit(sent.bearer(admin)).await;
        }
        self.world.put_json(&tenant, &policy).await;
        self.visit(accept(token, "short")).await;
        self.visit(accept(token, PASSWORD)).await;
        self.visit(accept(token, PASSWORD)).await;
    }

    async fn users_are_changed(&mut self, admin: &str, invited: &Value) {
        let bob = invited["user"]["id"].as_str().expect("an id");
        self.visit(Sent::get(USERS).query("limit", "1").bearer(admin))
            .await;
        self.visit(Sent::get(USERS).query("limit", "0").bearer(admin))
            .await;
        self.visit(Sent::get(USER).parameter("id", bob).bearer(admin))
            .await;
        for body in [
            json!({"name": "Bob"}),
            json!({"role": "viewer"}),
            json!({"status": "suspended"}),
            json!({"status": "active", "role": "admin"}),
            json!({"role": "super_admin"}),
        ] {
            self.visit(update(bob, &body).bearer(admin)).await;
        }
        let delete = |id| Sent::new("DELETE", USER).parameter("id", id);
        self.visit(delete(bob).bearer(admin)).await;
        self.visit(delete(bob).bearer(admin)).await;
        self.visit(update(bob, &json!({"name": "Bob"})).bearer(admin))
            .await;
        // The last admin stays.
        let me = self
            .visit(Sent::get("/api/auth/me").bearer(admin))
            .await
            .member("id")
            .to_owned();
        self.visit(update(&me, &json!({"role": "viewer"})).bearer(admin))
            .await;
        self.visit(delete(&me).bearer(admin)).await;
    }

    async fn users_are_limited(&mut self, admin: &str) {
        let from = self.address();
        for _ in 0..100 {
            let sent = Sent::get(USERS).from(&from);
            self.functions.users.send("GET /api/v1/users", sent).await;
        }
        for _ in 0..31 {
            self.visit(accept("nobody's", PASSWORD).from(&from)).await;
        }
        for sent in administration("1005") {
            self.visit(sent.bearer(admin).from(&from)).await;
        }
    }

    /// Bodies that are refused for their shape, in this request.
    async fn bad_user_bodies(&mut self, sent: Sent) {
        let large = format!("{{\"a\": \"{}\"}}", "a".repeat(16 << 10));
        for (content_type, body) in [
            ("application/json", "no"),
            ("application/json", &*large),
            ("text/plain", "{}"),
        ] {
            let sent = sent.clone().header("content-type", content_type);
            self.visit(sent.body(body)).await;
        }
    }
}

fn user_key(invited: &Received) -> Key {
    let id = invited.body["user"]["id"].as_str().expect("an id");
    Key::user(&id.into())
}
