//! A team's own API behind Gatehouse: `GET /api/transcribe` [000] and `GET /api/v1/interactions` [002].
//!
//! API Gateway has asked the authorizer before this function is called, and hands over whose token it
//! was as `requestContext.authorizer.lambda`; its own JWT authorizer hands over the token's claims as
//! `requestContext.authorizer.jwt.claims`, of the same names. So there is no token to verify here: what
//! is left to decide is what the caller may see.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What API Gateway calls the function with (HTTP API, payload 2.0), as far as it is read here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    route_key: String,
    #[serde(default)]
    query_string_parameters: BTreeMap<String, String>,
    request_context: RequestContext,
}

#[derive(Debug, Deserialize)]
struct RequestContext {
    #[serde(default)]
    authorizer: Authorizer,
}

/// What the authorizer has said: one of the two.
#[derive(Debug, Default, Deserialize)]
struct Authorizer {
    lambda: Option<Caller>,
    jwt: Option<Jwt>,
}

#[derive(Debug, Deserialize)]
struct Jwt {
    claims: Caller,
}

/// Whose token it was. A user has a role, a client a scope.
#[derive(Debug, Deserialize)]
struct Caller {
    sub: String,
    tenant_id: String,
    scope: Option<String>,
    role: Option<String>,
}

/// What the function answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    status_code: u16,
    headers: BTreeMap<&'static str, &'static str>,
    body: String,
}

/// The scope that a client needs for interactions; `admin:all` includes it.
const READ: &str = "read:interactions";
/// How many interactions every tenant has here.
const INTERACTIONS: usize = 120;
/// The most on one page, and how many where `limit` is not given.
const PAGE: (usize, usize) = (200, 50);

/// Answers a call that an authorizer has let through.
#[must_use]
pub fn handle(event: &Event) -> Response {
    let authorizer = &event.request_context.authorizer;
    let jwt = authorizer.jwt.as_ref().map(|jwt| &jwt.claims);
    let Some(caller) = authorizer.lambda.as_ref().or(jwt) else {
        return refuse(500, "Internal server error", "There is no authorizer");
    };
    match event.route_key.as_str() {
        "GET /api/transcribe" => transcribe(caller),
        "GET /api/v1/interactions" => interactions(caller, &event.query_string_parameters),
        _ => refuse(404, "Not found", "There is no such route"),
    }
}

fn transcribe(caller: &Caller) -> Response {
    let body = json!({
        "status": "ready",
        "user": caller.sub,
        "tenant_id": caller.tenant_id,
        "transcripts": [],
    });
    answer(200, &body)
}

/// A page of the interactions of the caller's tenant; `cursor` is the `next_cursor` of the one before.
fn interactions(caller: &Caller, query: &BTreeMap<String, String>) -> Response {
    if !caller.may(READ) {
        return refuse(403, "Insufficient permissions", READ);
    }
    let (most, usual) = PAGE;
    let Some(limit) = number(query, "limit", usual).filter(|limit| (1..=most).contains(limit))
    else {
        return refuse(400, "Bad request", "limit must be from 1 to 200");
    };
    let Some(first) = number(query, "cursor", 0) else {
        return refuse(400, "Bad request", "cursor is not one of ours");
    };
    let tenant = &caller.tenant_id;
    let page: Vec<Value> = (first..INTERACTIONS)
        .take(limit)
        .map(|number| json!({"id": format!("{tenant}-{number}"), "tenant_id": tenant}))
        .collect();
    let next = first.saturating_add(limit);
    let next_cursor = (next < INTERACTIONS).then(|| next.to_string());
    answer(
        200,
        &json!({"interactions": page, "next_cursor": next_cursor}),
    )
}

impl Caller {
    /// Whether a call may do what `scope` stands for: a user by having any role, a client by its scope.
    /// By the role first: a client has none.
    fn may(&self, scope: &str) -> bool {
        let scopes = self.scope.as_deref().unwrap_or_default();
        self.role.is_some()
            || scopes
                .split(' ')
                .any(|one| one == scope || one == "admin:all")
    }
}

fn number(query: &BTreeMap<String, String>, name: &str, default: usize) -> Option<usize> {
    match query.get(name) {
        Some(value) => value.parse().ok(),
        None => Some(default),
    }
}

fn refuse(status: u16, error: &str, message: &str) -> Response {
    answer(status, &json!({"error": error, "message": message}))
}

fn answer(status_code: u16, body: &Value) -> Response {
    let headers = [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
    ];
    Response {
        status_code,
        headers: headers.into(),
        body: body.to_string(),
    }
}
