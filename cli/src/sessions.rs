//! Sessions of users and of API clients.

mod revoke;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use shared::app::Verifying;
use shared::auth::admin::Admin;
use shared::auth::sessions::{self, Listed};
use shared::auth::users::named::named;
use shared::clock::Timestamp;
use shared::id::ClientId;
use shared::store::client::{Client, ClientStatus};
use shared::store::key::Key;
use shared::store::parse;
use shared::store::session::Owner;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// Sessions of users.
#[derive(Debug, Subcommand)]
pub enum Sessions {
    /// List the sessions of a user or a client, live ones first.
    List(Whose),
    /// End a session, or all of a user, a client or a tenant.
    Revoke(revoke::Revoke),
}

/// Whose sessions.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Whose {
    /// A user's, by id, username or e-mail address.
    #[arg(long, value_name = "ID|NAME")]
    user: Option<String>,

    /// An API client's, by its id.
    #[arg(long, value_name = "ID")]
    client: Option<String>,
}

impl Sessions {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        match self {
            Self::List(whose) => list(&whose, operator, output).await,
            Self::Revoke(revoke) => Box::pin(revoke.run(operator, output)).await,
        }
    }
}

async fn list(whose: &Whose, operator: &Operator, output: &Output) -> Result<(), Failure> {
    let (owner, admin) = owner(
        &operator.app,
        whose.user.as_deref(),
        whose.client.as_deref(),
    )
    .await?;
    let (listed, malformed) = sessions::list(&operator.app, &admin, &owner, operator.now()).await?;
    let columns = [
        "SESSION",
        "CREATED",
        "REFRESHED",
        "ADDRESS",
        "ENDS",
        "STATE",
        "PROGRAM",
    ];
    let bodies: Vec<Value> = listed.iter().map(body).collect();
    output.list("sessions", &bodies, columns, row)?;
    if malformed > 0 {
        return Err(Failure::in_part(format!(
            "{malformed} rows of sessions are malformed, and open nothing"
        )));
    }
    Ok(())
}

/// The user or client that is named, and the operator as the admin of its tenant.
async fn owner(
    app: &Verifying,
    user: Option<&str>,
    client: Option<&str>,
) -> Result<(Owner, Admin), Failure> {
    if let Some(user) = user {
        let user = named(app, user).await?;
        return Ok((Owner::User(user.id), Admin::operator(user.tenant_id)));
    }
    let id = ClientId::from(client.unwrap_or_default());
    let [row] = app.store.read([&Key::client(&id)]).await?;
    let client: Option<Client> = row.map(|row| parse(row, "client")).transpose()?;
    let client = client.filter(|client| client.status != ClientStatus::Deleted);
    let client = client.ok_or_else(|| Failure::new("There is no such client"))?;
    Ok((Owner::Client(client.id), Admin::operator(client.tenant_id)))
}

fn body(listed: &Listed) -> Value {
    let session = &listed.session;
    let refreshed = (session.generation > 1).then(|| session.rotated_at.to_string());
    json!({
        "id": session.id,
        "created_at": session.created_at.to_string(),
        "refreshed_at": refreshed,
        "ip": session.ip,
        "user_agent": session.user_agent,
        "ends_at": Timestamp::from_seconds(session.ends_at).to_string(),
        "ended_at": session.revoked_at.map(|at| at.to_string()),
        "key_id": session.key_id,
        "live": listed.dead.is_none(),
        "dead_because": listed.dead,
    })
}

fn row(body: &Value) -> [String; 7] {
    let cell = |name: &str| body[name].as_str().unwrap_or("-").to_owned();
    let state = body["dead_because"].as_str().unwrap_or("live").to_owned();
    [
        cell("id"),
        cell("created_at"),
        cell("refreshed_at"),
        cell("ip"),
        cell("ends_at"),
        state,
        cell("user_agent"),
    ]
}
