//! The bodies of API clients: what they sign in for, and how admins see them.

use serde::Serialize;

use crate::auth::client::Described;
use crate::auth::issue::Tokens;
use crate::scope::Scope;
use crate::store::client::ClientStatus;

/// What `client-auth` and `client-refresh` answer.
#[derive(Serialize)]
pub struct ClientTokensBody<'a> {
    access_token: &'a str,
    #[serde(rename = "accessToken")]
    access_token_again: &'a str,
    refresh_token: Option<&'a str>,
    #[serde(rename = "refreshToken")]
    refresh_token_again: Option<&'a str>,
    token_type: &'static str,
    expires_in: i64,
    refresh_expires_in: Option<i64>,
    scope: Option<&'a Scope>,
}

impl<'a> ClientTokensBody<'a> {
    /// The tokens of a client's session.
    #[must_use]
    pub fn new(tokens: &'a Tokens) -> Self {
        let refresh = tokens.refresh.as_deref();
        Self {
            access_token: &tokens.access,
            access_token_again: &tokens.access,
            refresh_token: refresh,
            refresh_token_again: refresh,
            token_type: "Bearer",
            expires_in: tokens.expires_in,
            refresh_expires_in: tokens.refresh_expires_in,
            scope: tokens.scope.as_ref(),
        }
    }
}

/// A client as admins see it. No other field of the stored client is ever shown.
#[derive(Debug, Serialize)]
pub struct ClientBody<'a> {
    id: &'a str,
    name: &'a str,
    scope: &'a Scope,
    status: ClientStatus,
    keys: Vec<ClientKeyBody<'a>>,
}

/// One of its keys: of the secret there is nothing to show.
#[derive(Debug, Serialize)]
struct ClientKeyBody<'a> {
    id: &'a str,
    created_at: String,
    last_used_at: Option<String>,
}

impl<'a> ClientBody<'a> {
    /// The client, and when its keys were last used.
    #[must_use]
    pub fn new(described: &'a Described) -> Self {
        let client = &described.client;
        let keys = client.keys.iter().zip(&described.last_used);
        let keys = keys.map(|(key, last_used)| ClientKeyBody {
            id: key.id.as_str(),
            created_at: key.created_at.to_string(),
            last_used_at: last_used.map(|moment| moment.to_string()),
        });
        Self {
            id: client.id.as_str(),
            name: &client.name,
            scope: &client.scope,
            status: client.status,
            keys: keys.collect(),
        }
    }
}
