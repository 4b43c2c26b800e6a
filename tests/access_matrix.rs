//! Who may call what: every route of the template against every kind of caller, no cell unchecked.
//!
//! A new route needs a row in [`rows`], with the status that each of [`CALLERS`] gets; the test fails
//! while one is missing. The statuses say whether the door opens: behind it a request asks for what is
//! not there, or sends nothing, so that nothing is changed for the next cell.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::app::{App as _, Changing, Sessions, SignIn, Verifying};
use shared::credentials::Console;
use shared::store::key::Key;

use crate::agreement::routes;
use crate::calls::events;
use crate::exchange::{Received, Sent, send};
use crate::session::tampered;
use crate::users::{ALICE, ALICES, accept, invite, read};
use crate::world::World;

/// Every kind of caller, each of Alice's tenant unless it says other.
const CALLERS: [&str; 15] = [
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

/// What each of [`CALLERS`] is answered.
type Statuses = [u16; 15];

/// A route, a request for it and its answers. The request is of Alice's tenant: of one of its users, where
/// it is of one.
struct Row {
    route: &'static str,
    sent: Sent,
    statuses: Statuses,
}

/// Whatever is sent, and by whomever.
const fn all(status: u16) -> Statuses {
    [status; 15]
}

/// Users' own endpoints: a client's token opens none.
const OWN: Statuses = [
    401, 200, 200, 200, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401, 401,
];
/// The same, where what is behind the door is refused for its shape.
const OWN_400: Statuses = [
    401, 400, 400, 400, 400, 400, 400, 401, 401, 401, 401, 401, 401, 401, 401,
];
/// What admins and readers see of their tenant.
const READERS: Statuses = [
    401, 403, 403, 200, 200, 200, 200, 403, 200, 200, 200, 401, 401, 401, 401,
];
/// The same of one user, who is Alice's.
const READERS_OF_ONE: Statuses = [
    401, 403, 403, 200, 200, 404, 404, 403, 200, 200, 404, 401, 401, 401, 401,
];
/// What admins see, which Alice's tenant has none of.
const ADMINS_NONE: Statuses = [
    401, 403, 403, 404, 404, 404, 404, 401, 401, 401, 401, 401, 401, 401, 401,
];
/// What admins do in their tenant, where the body is refused for its shape.
const ADMINS_400: Statuses = [
    401, 403, 403, 400, 400, 400, 400, 401, 401, 401, 401, 401, 401, 401, 401,
];
/// What admins see of their tenant and nobody else.
const ADMINS_200: Statuses = [
    401, 403, 403, 200, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401, 401,
];
/// What clients ask of their own tokens.
const CLIENTS_OWN: Statuses = [
    400, 401, 401, 401, 401, 401, 401, 200, 200, 200, 200, 401, 401, 401, 401,
];
/// What admins do to a user or a client that is not there.
const ADMINS_404: Statuses = [
    401, 403, 403, 404, 404, 404, 404, 401, 401, 401, 401, 401, 401, 401, 401,
];

fn rows() -> Vec<Row> {
    let row = |route: &'static str, sent: Sent, statuses| Row {
        route,
        sent: sent.route(route),
        statuses,
    };
    let empty = json!({});
    let simple = |route: &'static str, statuses| {
        let (method, path) = route.split_once(' ').expect("a route");
        row(route, Sent::new(method, path), statuses)
    };
    let of_nobody = |route: &'static str, body: &Value| {
        let (method, path) = route.split_once(' ').expect("a route");
        let sent = Sent::new(method, path).header("content-type", "application/json");
        let sent = sent.body(&body.to_string()).parameter("id", "nobody");
        row(route, sent, ADMINS_404)
    };
    let name = json!({"name": "x"});
    let key = Sent::new("DELETE", "/api/v1/clients/{id}/keys/{key_id}");
    let key = key.parameter("id", "nobody").parameter("key_id", "none");
    vec![
        row("POST /api/auth/login", Sent::login("nobody", "x"), all(401)),
        row(
            "POST /api/v1/auth/login",
            Sent::post("/api/v1/auth/login", &empty),
            all(400),
        ),
        row("POST /api/auth/refresh", Sent::refresh("none"), all(401)),
        simple("GET /api/auth/me", OWN),
        simple("GET /api/auth/validate", OWN),
        row(
            "POST /api/auth/change-password",
            Sent::post("/api/auth/change-password", &empty),
            OWN_400,
        ),
        simple("GET /api/auth/aws-credentials", ADMINS_404),
        simple("GET /api/auth/nvidia-credentials", ADMINS_404),
        simple("POST /v1/auth", all(400)),
        row("ANY /v1/auth", Sent::new("TRACE", "/v1/auth"), CLIENTS_OWN),
        simple("POST /v1/auth/refresh", CLIENTS_OWN),
        row(
            "GET /api/auth/aws-credentials",
            Sent::get("/api/auth/aws-credentials"),
            ADMINS_NONE,
        ),
        row(
            "GET /api/auth/nvidia-credentials",
            Sent::get("/api/auth/nvidia-credentials"),
            ADMINS_NONE,
        ),
        row(
            "POST /api/v1/auth/accept-invite",
            accept("none", "x"),
            all(400),
        ),
        simple("GET /api/v1/users", READERS),
        row("GET /api/v1/users/{id}", read(ALICE), READERS_OF_ONE),
        row("POST /api/v1/users", invite(&empty), ADMINS_400),
        of_nobody("PATCH /api/v1/users/{id}", &name),
        of_nobody("DELETE /api/v1/users/{id}", &empty),
        simple("GET /api/v1/audit-log", ADMINS_200),
        simple("GET /api/v1/clients", ADMINS_200),
        row(
            "POST /api/v1/clients",
            Sent::post("/api/v1/clients", &empty),
            ADMINS_400,
        ),
        of_nobody("PATCH /api/v1/clients/{id}", &name),
        of_nobody("DELETE /api/v1/clients/{id}", &empty),
        of_nobody("POST /api/v1/clients/{id}/keys", &empty),
        row("DELETE /api/v1/clients/{id}/keys/{key_id}", key, ADMINS_404),
        simple("GET /metrics", all(200)),
        simple("GET /.well-known/openid-configuration", all(200)),
        simple("GET /.well-known/jwks.json", all(200)),
        simple("GET /healthz", all(200)),
        simple("GET /readyz", all(200)),
        // Last, since it ends the sessions of its callers.
        simple("POST /api/auth/logout", all(200)),
    ]
}

/// An instance of each kind, and what serves a route.
struct Functions {
    sign_in: &'static SignIn,
    sessions: &'static Sessions,
    changing: &'static Changing,
    verifying: &'static Verifying,
    credentials: &'static Console,
    discovery: &'static discovery::Discovery,
    metrics: &'static metrics::Metrics,
    health: &'static health::Health,
}

impl Functions {
    async fn send(&self, route: &str, sent: Sent) -> Received {
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
                send(self.discovery, discovery::handle, sent).await
            }
            "GET /.well-known/jwks.json" => send(verifying, jwks::handle, sent).await,
            "GET /healthz" | "GET /readyz" => send(self.health, health::handle, sent).await,
            other => panic!("nothing serves {other} here"),
        }
    }
}

/// A world in which no limit is in the way, an instance of each kind of function, and a token of each of
/// [`CALLERS`], empty for nobody's.
async fn callers() -> (World, Functions, [String; 15]) {
    let world = World::with(|config| {
        config.address_rate_limit = 1_000_000;
        config.credential_rate_limit = 1_000_000;
        config.tenant_rate_limit = 1_000_000;
        config.login_rate_limit = 1_000_000;
        config.login_free_failures = 1000;
    })
    .await;
    let functions = Functions {
        sign_in: world.instance().await,
        sessions: world.instance().await,
        changing: world.instance().await,
        verifying: world.instance().await,
        credentials: world.instance().await,
        discovery: world.instance().await,
        metrics: world.instance().await,
        health: world.instance().await,
    };
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

fn with(sent: Sent, token: &str) -> Sent {
    if token.is_empty() {
        return sent;
    }
    sent.bearer(token)
}

/// Whether a request may name a tenant: where it is an admin's.
fn takes_a_tenant(route: &str) -> bool {
    let of_v1 = route.contains(" /api/v1/") && !route.contains(" /api/v1/auth/");
    of_v1 || route.ends_with("-credentials")
}

#[test]
fn every_route_of_the_template_has_a_row() {
    let rows: BTreeSet<String> = rows().iter().map(|row| row.route.to_owned()).collect();
    assert_eq!(rows, routes());
}

#[tokio::test]
async fn each_caller_is_answered_by_each_route_as_the_table_says() {
    let (world, functions, tokens) = callers().await;
    let mut wrong = Vec::new();
    for Row {
        route,
        sent,
        statuses,
    } in rows()
    {
        for (caller, (token, status)) in CALLERS.iter().zip(tokens.iter().zip(statuses)) {
            world.wire.take();
            let received = functions.send(route, with(sent.clone(), token)).await;
            let recorded = events(&world.wire.take());
            if received.status != status {
                wrong.push(format!(
                    "{route}, {caller}: {} for {status}",
                    received.status
                ));
            }
            if received.status == 403 {
                // Whoever has a good token and is refused is on record.
                assert_eq!(recorded.len(), 1, "{route}, {caller}");
                assert_eq!(recorded[0]["type"], "authz_fail", "{route}, {caller}");
            }
            if route.contains("/api/v1/") && received.status == 401 && !route.contains("login") {
                let error = match *caller {
                    "expired token" => "Token expired",
                    _ => "Invalid token",
                };
                assert_eq!(received.member("error"), error, "{route}, {caller}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The tenant that a request names: its answers where that is Alice's, where it is that of `another`, and
/// where it is none.
#[tokio::test]
async fn each_caller_is_answered_as_the_table_says_for_the_tenant_that_it_names() {
    let (_world, functions, tokens) = callers().await;
    // Of the tenant's admin and of any super_admin: what is behind the door. Others find no such tenant.
    let of_alices = [
        401, 403, 403, 0, 0, 404, 0, 401, 401, 401, 401, 401, 401, 401, 401,
    ];
    let of_another = [
        401, 403, 403, 404, 0, 0, 0, 401, 401, 401, 401, 401, 401, 401, 401,
    ];
    let of_none = [
        401, 403, 403, 404, 404, 404, 404, 401, 401, 401, 401, 401, 401, 401, 401,
    ];
    // And of clients, where they may read.
    let clients = [
        [403, 200, 200, 404],
        [403, 404, 404, 200],
        [403, 404, 404, 404],
    ];
    let mut wrong = Vec::new();
    let tenants = [
        (ALICES, of_alices, clients[0]),
        ("2001", of_another, clients[1]),
        ("nowhere", of_none, clients[2]),
    ];
    let rows = rows().into_iter();
    for row in rows.filter(|row| takes_a_tenant(row.route)) {
        let Row { route, sent, .. } = row;
        let alices = route == "GET /api/v1/users/{id}";
        for (tenant, mut statuses, mut clients) in tenants {
            let behind = if alices && tenant != ALICES {
                clients[3] = 404;
                404
            } else {
                row.statuses[3]
            };
            if route.starts_with("GET /api/v1/users") {
                statuses[7..11].copy_from_slice(&clients);
            }
            for (caller, (token, status)) in CALLERS.iter().zip(tokens.iter().zip(statuses)) {
                let status = if status == 0 { behind } else { status };
                let sent = sent.clone().query("tenant_id", tenant);
                let received = functions.send(route, with(sent, token)).await;
                if received.status != status {
                    let got = received.status;
                    wrong.push(format!("{route} of {tenant}, {caller}: {got} for {status}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn no_route_takes_a_good_token_from_an_address_that_the_tenant_does_not_allow() {
    let (world, functions, tokens) = callers().await;
    for tenant in [ALICES, "2001"] {
        let allow = |row: &mut Value| {
            row["policy"]["allowed_cidrs"] = json!(["198.51.100.0/24", "2001:db8:1::/48"]);
        };
        world.alter(&Key::tenant(&tenant.into()), allow).await;
    }
    for Row {
        route,
        sent,
        statuses,
    } in rows()
    {
        if statuses == all(statuses[0]) {
            // It takes no token, or ends what it is given.
            continue;
        }
        for (caller, (token, status)) in CALLERS.iter().zip(tokens.iter().zip(statuses)) {
            for (address, allowed) in [
                ("198.51.100.7", true),
                ("198.51.101.7", false),
                ("2001:db8:1::7", true),
                ("2001:db8:2::7", false),
            ] {
                let sent = with(sent.clone(), token).from(address);
                let received = functions.send(route, sent).await;
                // A token that is none is none from anywhere.
                let status = if allowed || token.is_empty() || status == 401 {
                    status
                } else {
                    403
                };
                let what = format!("{route}, {caller}, {address}");
                assert_eq!(received.status, status, "{what}");
                if !allowed && status == 403 {
                    assert_eq!(received.member("error"), "Access denied", "{what}");
                }
            }
        }
    }
    assert_eq!(functions.sign_in.hashes(), 0);
}
