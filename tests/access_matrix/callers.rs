//! Every kind of caller.

use serde_json::json;
use shared::store::key::Key;

use super::functions::Functions;
use super::targets;
use crate::exchange::Sent;
use crate::session::tampered;
use crate::users::{ALICE, ALICES};
use crate::world::World;

/// Every kind of caller, each of Alice's tenant unless it says other.
pub const CALLERS: [&str; 15] = [
    "nobody",
    "member",
    "viewer",
    "admin",
    "super_admin",
    "admin of another tenant",
    "super_admin of another tenant",
    "client without a scope",
    "client with read:users",
    "client with admin:all",
    "client of another tenant with admin:all",
    "expired token",
    "revoked session",
    "suspended user",
    "forged token",
];

/// A world in which no limit is in the way, an instance of each kind of function, and a token of each of
/// [`CALLERS`], empty for nobody's.
pub async fn callers() -> (World, Functions, [String; 15]) {
    let world = World::with(|config| {
        config.address_rate_limit = 1_000_000;
        config.credential_rate_limit = 1_000_000;
        config.tenant_rate_limit = 1_000_000;
        config.login_rate_limit = 1_000_000;
        config.login_free_failures = 1000;
    })
    .await;
    targets::credentials(&world).await;
    let functions = Functions::new(&world).await;
    let mut tokens = Vec::new();
    for caller in CALLERS {
        tokens.push(token(&world, caller).await);
    }
    let tokens = tokens.try_into().expect("one for each");
    (world, functions, tokens)
}

/// A copy of Alice with this id, status, role and tenant.
async fn user(world: &World, id: &str, role: &str, tenant: &str) {
    let mut row = world.json(&Key::user(&ALICE.into())).await;
    row["id"] = json!(id);
    row["role"] = json!(role);
    row["tenant_id"] = json!(tenant);
    for name in ["pk", "sk", "tenant_pk", "tenant_sk"] {
        row.as_object_mut().unwrap().remove(name);
    }
    world.put_json(&Key::user(&id.into()), &row).await;
}

async fn token(world: &World, caller: &str) -> String {
    let client = async |tenant: &str, scope: &str| {
        let client = world.client_with_scope(tenant, scope).await;
        client.access
    };
    let role = match caller {
        "nobody" => return String::new(),
        "client without a scope" => return client(ALICES, "").await,
        "client with read:users" => return client(ALICES, "read:users").await,
        "client with admin:all" => return client(ALICES, "admin:all").await,
        "client of another tenant with admin:all" => return client("2001", "admin:all").await,
        "member" | "viewer" | "super_admin" => caller,
        "super_admin of another tenant" => "super_admin",
        _ => "admin",
    };
    let tenant = if caller.contains("another") {
        "2001"
    } else {
        ALICES
    };
    user(world, caller, role, tenant).await;
    let signed_in = world.sign_in(caller).await;
    match caller {
        "expired token" => {
            let now = world.clock.now().seconds();
            world
                .access_token(&signed_in.access, |claims| {
                    claims.iat = now - 1;
                    claims.exp = now;
                })
                .await
        }
        "revoked session" => {
            let now = world.clock.now();
            let key = signed_in.session_key();
            world
                .alter(&key, |row| row["revoked_at"] = json!(now))
                .await;
            signed_in.access
        }
        "suspended user" => {
            let key = signed_in.user_key();
            world
                .alter(&key, |row| row["status"] = json!("suspended"))
                .await;
            signed_in.access
        }
        "forged token" => tampered(&signed_in.access),
        _ => signed_in.access,
    }
}

pub fn with(sent: Sent, token: &str) -> Sent {
    if token.is_empty() {
        return sent;
    }
    sent.bearer(token)
}
