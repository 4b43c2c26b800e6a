//! The API keys of a client.

use clap::{Args, Subcommand};
use serde_json::json;
use shared::api_key::ApiKey;
use shared::auth::client_key;
use shared::id::KeyId;

use super::Named;
use crate::ask;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// The API keys of a client.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Give a client one key more; prints it, alone, on standard output, this once.
    Create(Create),
    /// End a key, and all that was signed in for by it.
    Delete(Delete),
}

/// One key more.
#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    named: Named,
}

/// The end of a key.
#[derive(Debug, Args)]
pub struct Delete {
    #[command(flatten)]
    named: Named,
    /// The key's id, which stands in the key after `gatehouse_`.
    key: String,
    /// Do not ask whether that is meant.
    #[arg(long)]
    yes: bool,
}

impl Keys {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run(operator, output).await,
            Self::Delete(delete) => delete.run(operator).await,
        }
    }
}

impl Create {
    async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let admin = operator.admin_of(&self.named.tenant).await?;
        let (call, client) = (operator.call(), self.named.id());
        let key = client_key::create(&operator.app, &call, &admin, &client).await?;
        if output.json {
            let body = json!({ "key_id": key.id().as_str(), "api_key": key.text().as_str() });
            return output.one(&body, &[]);
        }
        hand_out(
            operator,
            output,
            &key,
            &format!("Client {client} has one key more."),
        )
    }
}

impl Delete {
    async fn run(self, operator: &Operator) -> Result<(), Failure> {
        let admin = operator.admin_of(&self.named.tenant).await?;
        let (client, id) = (self.named.id(), KeyId::from(self.key.as_str()));
        ask::agree(self.yes, &format!("End key {id} of client {client}?"))?;
        client_key::delete(&operator.app, &operator.call(), &admin, &client, &id).await?;
        eprintln!("Key {id} is ended.");
        Ok(())
    }
}

/// Prints a new key alone, so that a pipe has it and nothing else; what belongs to it is said beside.
pub fn hand_out(
    operator: &Operator,
    output: &Output,
    key: &ApiKey,
    done: &str,
) -> Result<(), Failure> {
    eprintln!("{done} Its key, {}, is not shown again:", key.id());
    output.line(&key.text())?;
    eprintln!(
        "\nTo sign in:\n  curl -s -X POST {}/v1/auth -H 'x-api-key: …'",
        operator.api
    );
    Ok(())
}
