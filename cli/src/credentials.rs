//! A tenant's credentials for AWS and NVIDIA [001]: one secret for each tenant that has some. The
//! functions show it masked, and so does this.

mod asked;
mod secret;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use shared::auth::admin::Admin;
use shared::auth::tenants::event;
use shared::credentials::Stored;
use shared::store::event::EventType;
use zeroize::Zeroizing;

use crate::ask;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;
use secret::Secret;

/// A tenant's credentials for AWS and NVIDIA.
#[derive(Debug, Subcommand)]
pub enum Credentials {
    /// Store credentials of a tenant; those that are not named stay.
    Set(Set),
    /// Show a tenant's credentials, their secrets masked.
    Show(Show),
    /// Remove a tenant's credentials; Secrets Manager keeps a removed secret for 30 days.
    Remove(Remove),
}

/// Credentials to store.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true).args(["aws", "nvidia", "file"])))]
pub struct Set {
    /// The tenant's id.
    tenant: String,
    /// Ask for credentials of Amazon Bedrock.
    #[arg(long, conflicts_with = "file")]
    aws: bool,
    /// Ask for credentials of NVIDIA's API.
    #[arg(long, conflicts_with = "file")]
    nvidia: bool,
    /// Read them from a file of JSON, as the README shows it; `-` is standard input.
    #[arg(long, value_name = "PATH")]
    file: Option<String>,
}

/// Whose to show.
#[derive(Debug, Args)]
pub struct Show {
    /// The tenant's id.
    tenant: String,
}

/// What to remove.
#[derive(Debug, Args)]
pub struct Remove {
    /// The tenant's id.
    tenant: String,
    /// Remove those of AWS alone.
    #[arg(long, conflicts_with = "nvidia")]
    aws: bool,
    /// Remove those of NVIDIA alone.
    #[arg(long)]
    nvidia: bool,
    /// Do not ask whether that is meant.
    #[arg(long)]
    yes: bool,
}

impl Credentials {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        match self {
            Self::Set(set) => set.run(operator, output).await,
            Self::Show(show) => show.run(operator, output).await,
            Self::Remove(remove) => remove.run(operator).await,
        }
    }
}

impl Set {
    async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let admin = operator.admin_of(&self.tenant).await?;
        let given = match &self.file {
            Some(path) => asked::from_file(path)?,
            None => asked::at_terminal(self.aws, self.nvidia).await?,
        };
        let names: Vec<&str> = given.keys().map(String::as_str).collect();
        let reason = format!("credentials stored: {}", names.join(" "));
        let secret = Secret::of(operator, &admin.tenant);
        let mut members = secret.members().await?.unwrap_or_default();
        members.extend(given);
        let text = text(&members)?;
        let stored = asked::checked(&members, &text)?;
        secret.store(&text).await?;
        recorded(operator, &admin, &reason).await?;
        print(output, &stored)
    }
}

impl Show {
    async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let tenant = operator.tenant(&self.tenant).await?.id;
        let members = Secret::of(operator, &tenant).members().await?;
        let members = members.ok_or_else(|| none(&self.tenant))?;
        print(output, &Stored::parse(&text(&members)?)?)
    }
}

impl Remove {
    async fn run(self, operator: &Operator) -> Result<(), Failure> {
        let admin = operator.admin_of(&self.tenant).await?;
        let secret = Secret::of(operator, &admin.tenant);
        let members = secret.members().await?;
        let mut members = members.ok_or_else(|| none(&self.tenant))?;
        let which = match (self.aws, self.nvidia) {
            (true, _) => Some("aws"),
            (_, true) => Some("nvidia"),
            _ => None,
        };
        if which.is_some_and(|which| members.remove(which).is_none()) {
            return Err(none(&self.tenant));
        }
        let what = which.map_or("all its credentials", |which| match which {
            "aws" => "its credentials for AWS",
            _ => "its credentials for NVIDIA",
        });
        ask::agree(
            self.yes,
            &format!("Remove from tenant {} {what}?", self.tenant),
        )?;
        if which.is_some() && !members.is_empty() {
            secret.store(&text(&members)?).await?;
        } else {
            secret.remove().await?;
        }
        let reason = format!("credentials removed: {}", which.unwrap_or("all"));
        recorded(operator, &admin, &reason).await?;
        eprintln!("Tenant {} has lost {what}.", self.tenant);
        Ok(())
    }
}

fn none(tenant: &str) -> Failure {
    Failure::new(format!("tenant {tenant} has no such credentials"))
}

fn text(members: &Map<String, Value>) -> Result<Zeroizing<String>, Failure> {
    let text = serde_json::to_string(members);
    let text = text.map_err(|_| Failure::new("the credentials cannot be written as JSON"))?;
    Ok(Zeroizing::new(text))
}

/// Puts the event of what was done. The secret is no row that could carry it.
async fn recorded(operator: &Operator, admin: &Admin, reason: &str) -> Result<(), Failure> {
    let event = event(&operator.call(), admin, EventType::UserUpdated, reason);
    operator.app.store.put_event(&event).await.map_err(|error| {
        Failure::in_part(format!("it is done, and is not in the audit log: {error}"))
    })
}

fn print(output: &Output, stored: &Stored) -> Result<(), Failure> {
    let mut fields = Vec::new();
    if let Some(aws) = &stored.aws {
        fields.push(("AWS region", aws.region.clone()));
        fields.push(("AWS access key id", aws.access_key_id.clone()));
        fields.push(("AWS secret access key", aws.secret_access_key.masked()));
        fields.push(("AWS endpoint", aws.endpoint.clone()));
    }
    if let Some(nvidia) = &stored.nvidia {
        fields.push(("NVIDIA API key", nvidia.api_key.masked()));
        fields.push(("NVIDIA base URL", nvidia.base_url.clone()));
        fields.push(("NVIDIA endpoint", nvidia.endpoint.clone()));
    }
    let aws = stored.aws.as_ref().map(|aws| {
        json!({
            "region": aws.region,
            "access_key_id": aws.access_key_id,
            "secret_access_key": aws.secret_access_key.masked(),
            "endpoint": aws.endpoint,
        })
    });
    let nvidia = stored.nvidia.as_ref().map(|nvidia| {
        json!({
            "api_key": nvidia.api_key.masked(),
            "base_url": nvidia.base_url,
            "endpoint": nvidia.endpoint,
        })
    });
    output.one(&json!({ "aws": aws, "nvidia": nvidia }), &fields)
}
