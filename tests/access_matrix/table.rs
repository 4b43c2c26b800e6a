//! Every route, and what each kind of caller is answered by it.

use serde_json::{Value, json};

use super::targets::UNCHANGED;
use crate::exchange::Sent;
use crate::users::{ALICE, accept, invite, read};

/// What each of [`CALLERS`] is answered.
pub type Statuses = [u16; 15];

/// A route, a request for it and its answers. The request is of Alice's tenant: of one of its users, where
/// it is of one.
pub struct Row {
    pub route: &'static str,
    pub sent: Sent,
    pub statuses: Statuses,
}

/// Whatever is sent, and by whomever.
pub const fn all(status: u16) -> Statuses {
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
/// What admins see of their tenant where only Alice's has it.
const CREDENTIALS: Statuses = admins_of_one(200);
/// What admins do to a user or a client of Alice's tenant, done with this status.
const fn admins_of_one(done: u16) -> Statuses {
    [
        401, 403, 403, done, done, 404, 404, 401, 401, 401, 401, 401, 401, 401, 401,
    ]
}

pub fn rows() -> Vec<Row> {
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
    // Of whom [`Targets`] fills in.
    let of_one = |route: &'static str, body: &Value, done: u16| {
        let (method, path) = route.split_once(' ').expect("a route");
        let sent = Sent::new(method, path).header("content-type", "application/json");
        row(route, sent.body(&body.to_string()), admins_of_one(done))
    };
    let name = json!({"name": UNCHANGED});
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
        simple("GET /api/auth/aws-credentials", CREDENTIALS),
        simple("GET /api/auth/nvidia-credentials", CREDENTIALS),
        simple("POST /v1/auth", all(400)),
        row("ANY /v1/auth", Sent::new("TRACE", "/v1/auth"), CLIENTS_OWN),
        simple("POST /v1/auth/refresh", CLIENTS_OWN),
        row(
            "POST /api/v1/auth/accept-invite",
            accept("none", "x"),
            all(400),
        ),
        simple("GET /api/v1/users", READERS),
        row("GET /api/v1/users/{id}", read(ALICE), READERS_OF_ONE),
        row("POST /api/v1/users", invite(&empty), ADMINS_400),
        of_one("PATCH /api/v1/users/{id}", &name, 200),
        of_one("DELETE /api/v1/users/{id}", &empty, 204),
        simple("GET /api/v1/audit-log", ADMINS_200),
        simple("GET /api/v1/clients", ADMINS_200),
        row(
            "POST /api/v1/clients",
            Sent::post("/api/v1/clients", &empty),
            ADMINS_400,
        ),
        of_one("PATCH /api/v1/clients/{id}", &name, 200),
        of_one("DELETE /api/v1/clients/{id}", &empty, 204),
        of_one("POST /api/v1/clients/{id}/keys", &empty, 201),
        of_one("DELETE /api/v1/clients/{id}/keys/{key_id}", &empty, 204),
        simple("GET /metrics", all(200)),
        simple("GET /.well-known/openid-configuration", all(200)),
        simple("GET /.well-known/jwks.json", all(200)),
        simple("GET /healthz", all(200)),
        simple("GET /readyz", all(200)),
        // Last, since it ends the sessions of its callers.
        simple("POST /api/auth/logout", all(200)),
    ]
}

/// Whether a request may name a tenant: where it is an admin's.
pub fn takes_a_tenant(route: &str) -> bool {
    let of_v1 = route.contains(" /api/v1/") && !route.contains(" /api/v1/auth/");
    of_v1 || route.ends_with("-credentials")
}
