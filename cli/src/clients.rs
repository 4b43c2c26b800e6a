//! API clients of a tenant.

mod keys;

use clap::{Args, Subcommand};
use serde::Serialize;
use shared::auth::client::{self, Described};
use shared::http::client::ClientBody;
use shared::id::ClientId;
use shared::scope::Scope;
use shared::store::client::ClientStatus;

use crate::ask;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::{Output, or_dash};
use crate::values;

/// How many clients one request asks for.
const PAGE: usize = 100;

/// API clients of a tenant.
#[derive(Debug, Subcommand)]
pub enum Clients {
    /// List a tenant's clients, and their keys.
    List(List),
    /// Make a client; prints its API key, alone, on standard output, this once.
    Create(Create),
    /// Change a client's name, scope or status; a suspended client is signed out at once.
    Update(Update),
    /// Remove a client, its keys, and all that it has signed in for.
    Delete(Delete),
    /// A client's API keys, two at most, so that one is replaced without a pause.
    #[command(subcommand)]
    Keys(keys::Keys),
}

/// A tenant's clients.
#[derive(Debug, Args)]
pub struct List {
    /// The tenant's id.
    tenant: String,
}

/// A client.
#[derive(Debug, Args)]
struct Named {
    /// The tenant's id.
    tenant: String,
    /// The client's id.
    client: String,
}

/// A new client.
#[derive(Debug, Args)]
pub struct Create {
    /// The tenant's id.
    tenant: String,
    /// Its name, for people.
    #[arg(long, value_parser = values::line)]
    name: String,
    /// What its tokens may do: words with spaces between, as in "notes:read read:users".
    #[arg(long, default_value = "", value_parser = values::scope)]
    scope: Scope,
}

/// A change of a client.
#[derive(Debug, Args)]
pub struct Update {
    #[command(flatten)]
    named: Named,
    /// Its name, for people.
    #[arg(long, value_parser = values::line)]
    name: Option<String>,
    /// What its tokens may do: words with spaces between; "" is nothing.
    #[arg(long, value_parser = values::scope)]
    scope: Option<Scope>,
    /// Whether it may sign in.
    #[arg(long)]
    status: Option<values::Status>,
}

/// The removal of a client.
#[derive(Debug, Args)]
pub struct Delete {
    #[command(flatten)]
    named: Named,
    /// Do not ask whether that is meant.
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct ClientOnly<'a> {
    client: ClientBody<'a>,
}

#[derive(Serialize)]
struct CreatedBody<'a> {
    client: ClientBody<'a>,
    api_key: &'a str,
}

impl Clients {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(operator, output).await,
            Self::Create(create) => create.run(operator, output).await,
            Self::Update(update) => update.run(operator, output).await,
            Self::Delete(delete) => delete.run(operator).await,
            Self::Keys(keys) => keys.run(operator, output).await,
        }
    }
}

impl List {
    async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let admin = operator.admin_of(&self.tenant).await?;
        let mut clients: Vec<Described> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = client::list(&operator.app, &admin, PAGE, after.as_deref());
            let (page, next) = page.await?;
            clients.extend(page);
            let Some(next) = next else { break };
            after = Some(next);
        }
        if output.json {
            let bodies: Vec<_> = clients.iter().map(ClientBody::new).collect();
            return output.list("clients", &bodies, [], |_| []);
        }
        // A line for each key, since whoever looks wants to know which one is still used.
        let rows: Vec<_> = clients.iter().flat_map(rows).collect();
        let columns = [
            "ID",
            "NAME",
            "STATUS",
            "SCOPE",
            "KEY",
            "CREATED",
            "LAST USED",
        ];
        output.list("clients", &rows, columns, Clone::clone)
    }
}

fn rows(described: &Described) -> Vec<[String; 7]> {
    let client = &described.client;
    let row = |key: [String; 3]| {
        let [id, created, used] = key;
        [
            client.id.to_string(),
            client.name.clone(),
            client.status.name().to_owned(),
            scope(&client.scope),
            id,
            created,
            used,
        ]
    };
    if client.keys.is_empty() {
        return vec![row(["-", "-", "-"].map(str::to_owned))];
    }
    let keys = client.keys.iter().zip(&described.last_used);
    let keys = keys.map(|(key, used)| {
        row([
            key.id.to_string(),
            key.created_at.to_string(),
            or_dash(*used),
        ])
    });
    keys.collect()
}

fn scope(scope: &Scope) -> String {
    or_dash(Some(scope.to_string()).filter(|scope| !scope.is_empty()))
}

impl Create {
    async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let admin = operator.admin_of(&self.tenant).await?;
        let call = operator.call();
        let active = ClientStatus::Active;
        let made = client::create(&operator.app, &call, &admin, self.name, self.scope, active);
        let (described, key) = made.await?;
        if output.json {
            let body = CreatedBody {
                client: ClientBody::new(&described),
                api_key: &key.text(),
            };
            return output.one(&body, &[]);
        }
        let id = &described.client.id;
        keys::hand_out(operator, output, &key, &format!("Client {id} is made."))
    }
}

impl Update {
    async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let wanted = client::Update {
            name: self.name,
            scope: self.scope,
            status: self.status.map(Into::into),
        };
        if wanted.name.is_none() && wanted.scope.is_none() && wanted.status.is_none() {
            let what = "what is to be changed? --name, --scope or --status";
            return Err(Failure::usage(what));
        }
        let admin = operator.admin_of(&self.named.tenant).await?;
        let (call, id) = (operator.call(), self.named.id());
        let described = client::update(&operator.app, &call, &admin, &id, &wanted).await?;
        let client = &described.client;
        let body = ClientOnly {
            client: ClientBody::new(&described),
        };
        output.one(
            &body,
            &[
                ("client", client.id.to_string()),
                ("name", client.name.clone()),
                ("status", client.status.name().to_owned()),
                ("scope", scope(&client.scope)),
            ],
        )
    }
}

impl Delete {
    async fn run(self, operator: &Operator) -> Result<(), Failure> {
        let admin = operator.admin_of(&self.named.tenant).await?;
        let id = self.named.id();
        let question = format!("Remove client {id} and its keys, for good?");
        ask::agree(self.yes, &question)?;
        client::delete(&operator.app, &operator.call(), &admin, &id).await?;
        eprintln!("Client {id} is removed.");
        Ok(())
    }
}

impl Named {
    fn id(&self) -> ClientId {
        ClientId::from(self.client.as_str())
    }
}
