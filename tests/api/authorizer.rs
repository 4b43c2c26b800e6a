//! The authorizer of a team's own API.

mod addresses;
mod claims;
pub mod clients;
mod limits;
mod liveness;
mod malformed;
mod tokens;

use authorizer::Authorizer;
use serde_json::{Value, json};
use shared::error::Error;
use shared::lambda::answer_event;

use crate::privilege::under_role_of;
use crate::world::World;

/// What API Gateway asks, as `events/authorizer.json` has it.
#[derive(Clone, Debug)]
pub struct Asked(pub Value);

impl Asked {
    /// About a call with this bearer token, from an address that is nobody else's.
    pub fn new(token: &str) -> Self {
        Self::with(&format!("Bearer {token}"))
    }

    /// About a call with this `Authorization`.
    pub fn with(authorization: &str) -> Self {
        let event = include_str!("../../events/authorizer.json");
        let mut event: Value = serde_json::from_str(event).expect("an event");
        event["identitySource"] = json!([authorization]);
        event["headers"]["authorization"] = json!(authorization);
        Self(event)
    }

    /// From this address.
    pub fn from(mut self, address: &str) -> Self {
        self.0["requestContext"]["http"]["sourceIp"] = json!(address);
        self
    }
}

/// What the authorizer answers, through everything but the Lambda runtime.
pub async fn ask(app: &'static Authorizer, asked: Asked) -> Result<Value, Error> {
    let id = shared::random::uuid();
    let answer = answer_event(app, authorizer::handle, asked.0, &id);
    let answer = Box::pin(under_role_of("authorizer::handle", answer)).await;
    answer.map(|answer| serde_json::to_value(answer).expect("JSON"))
}

/// A no, in which there is nothing about anybody.
pub fn no() -> Value {
    json!({"isAuthorized": false})
}

/// A yes to a user's call.
pub fn user(sub: &str, tenant: &str, role: &str) -> Value {
    let context = json!({"sub": sub, "tenant_id": tenant, "client_id": "gatehouse", "role": role});
    json!({"isAuthorized": true, "context": context})
}

/// A yes to a client's call.
pub fn client(id: &str, tenant: &str, scope: &str) -> Value {
    let context = json!({"sub": id, "tenant_id": tenant, "client_id": id, "scope": scope});
    json!({"isAuthorized": true, "context": context})
}

impl World {
    /// An instance that takes short tokens at their word.
    async fn trusting(&self) -> &'static Authorizer {
        self.instance_with(|config| config.live_check_short_tokens = false)
            .await
    }
}
