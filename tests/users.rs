//! The endpoints for users of a tenant, in process, as an admin's program calls them.

use serde_json::{Value, json};
use shared::app::{SignIn, Verifying};
use shared::config::{Argon2Cost, Config};
use shared::id::TenantId;
use shared::store::admins::AdminsRow;
use shared::store::key::Key;
use shared::store::parse;

use crate::exchange::{Received, Sent, send};
use crate::world::World;

/// Alice, the admin of her tenant.
pub const ALICE: &str = "00000000-0000-0000-0000-000000000010";
/// Her tenant, of which Victor is a viewer.
pub const ALICES: &str = "00000000-0000-0000-0000-000000000001";
/// A password that every tenant takes.
pub const PASSWORD: &str = "three blind mice in May";

/// A world, and an instance of each function.
pub struct Users {
    pub world: World,
    pub list: &'static Verifying,
    pub invite: &'static Verifying,
    pub accept: &'static SignIn,
    pub update: &'static Verifying,
    pub delete: &'static Verifying,
}

/// A user who is invited.
#[derive(Clone, Debug)]
pub struct Invited {
    pub id: String,
    pub token: String,
}

impl Users {
    /// A world in which a hash costs next to nothing and no limit is in the way.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, with other settings.
    pub async fn with(set: impl FnOnce(&mut Config)) -> Self {
        let world = World::with(|config| {
            config.argon2 = Argon2Cost {
                memory_kib: 64,
                iterations: 1,
                parallelism: 1,
            };
            config.address_rate_limit = 1_000_000;
            config.credential_rate_limit = 1_000_000;
            config.tenant_rate_limit = 1_000_000;
            config.login_rate_limit = 1_000_000;
            set(config);
        })
        .await;
        Self {
            list: world.instance().await,
            invite: world.instance().await,
            accept: world.instance().await,
            update: world.instance().await,
            delete: world.instance().await,
            world,
        }
    }

    /// An access token of this user.
    pub async fn token(&self, user: &str) -> String {
        self.world.sign_in(user).await.access
    }

    /// An access token of a user who is given this role behind everybody's back.
    pub async fn token_as(&self, user: &str, role: &str) -> String {
        let key = Key::user(&user.into());
        self.world
            .alter(&key, |row| row["role"] = json!(role))
            .await;
        self.token(user).await
    }

    pub async fn list(&self, sent: Sent) -> Received {
        send(self.list, list_users::handle, sent).await
    }

    pub async fn read(&self, token: &str, id: &str) -> Received {
        self.list(read(id).bearer(token)).await
    }

    pub async fn invite(&self, sent: Sent) -> Received {
        send(self.invite, invite_user::handle, sent).await
    }

    pub async fn accept(&self, token: &str, password: &str) -> Received {
        let sent = accept(token, password);
        send(self.accept, accept_invite::handle, sent).await
    }

    pub async fn update(&self, token: &str, id: &str, body: &Value) -> Received {
        let sent = update(id, body).bearer(token);
        send(self.update, update_user::handle, sent).await
    }

    pub async fn delete(&self, token: &str, id: &str) -> Received {
        let sent = delete(id).bearer(token);
        send(self.delete, delete_user::handle, sent).await
    }

    /// Somebody new with this address and role.
    pub async fn invited(&self, admin: &str, email: &str, role: &str) -> Invited {
        let body = json!({"email": email, "role": role});
        let received = self.invite(invite(&body).bearer(admin)).await;
        assert_eq!(received.status, 201, "{}", received.text);
        Invited::of(&received)
    }

    /// Somebody new who has accepted; gives the id.
    pub async fn joined(&self, admin: &str, email: &str, role: &str) -> String {
        let invited = self.invited(admin, email, role).await;
        let received = self.accept(&invited.token, PASSWORD).await;
        assert_eq!(received.status, 200, "{}", received.text);
        invited.id
    }

    /// A user's row as JSON; null where there is none.
    pub async fn row(&self, id: &str) -> Value {
        self.world.json(&Key::user(&id.into())).await
    }

    /// How many active admins a tenant has, by its count.
    pub async fn admin_count(&self, tenant: &str) -> u64 {
        admin_count(&self.world, tenant).await
    }
}

/// How many active admins a tenant has, by its count.
pub async fn admin_count(world: &World, tenant: &str) -> u64 {
    let row = world.row(&Key::admins(&TenantId::from(tenant))).await;
    let row: AdminsRow = parse(row.expect("a count"), "admins").expect("a count");
    row.admin_count
}

impl Invited {
    /// What an invite answered.
    pub fn of(received: &Received) -> Self {
        let id = received.body["user"]["id"].as_str().expect("an id");
        Self {
            id: id.to_owned(),
            token: received.member("invite_token").to_owned(),
        }
    }

    /// The key of the user's row.
    pub fn key(&self) -> Key {
        Key::user(&self.id.as_str().into())
    }
}

/// `GET /api/v1/users`.
pub fn list() -> Sent {
    Sent::get("/api/v1/users")
}

/// `GET /api/v1/users/{id}`.
pub fn read(id: &str) -> Sent {
    Sent::get("/api/v1/users/{id}").parameter("id", id)
}

/// `POST /api/v1/users`.
pub fn invite(body: &Value) -> Sent {
    Sent::post("/api/v1/users", body)
}

/// `POST /api/v1/auth/accept-invite`.
pub fn accept(token: &str, password: &str) -> Sent {
    let body = json!({"invite_token": token, "password": password});
    Sent::post("/api/v1/auth/accept-invite", &body)
}

/// `PATCH /api/v1/users/{id}`.
pub fn update(id: &str, body: &Value) -> Sent {
    Sent::new("PATCH", "/api/v1/users/{id}")
        .header("content-type", "application/json")
        .body(&body.to_string())
        .parameter("id", id)
}

/// `DELETE /api/v1/users/{id}`.
pub fn delete(id: &str) -> Sent {
    Sent::new("DELETE", "/api/v1/users/{id}").parameter("id", id)
}
