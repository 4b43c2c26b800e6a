//! What the command line takes.

use clap::{Args, Parser, Subcommand};

use crate::audit::Audit;
use crate::clients::Clients;
use crate::credentials::Credentials;
use crate::doctor::Doctor;
use crate::init::Init;
use crate::keys::Keys;
use crate::sessions::Sessions;
use crate::shell::Shell;
use crate::tenants::Tenants;
use crate::users::Users;

/// Runs Gatehouse: tenants, users, clients, keys, sessions and the audit log of a deployment.
#[derive(Debug, Parser)]
#[command(name = "gatehouse", version, max_term_width = 100)]
pub struct Arguments {
    /// Which deployment.
    #[command(flatten)]
    pub target: Target,

    /// Print JSON for programs in place of text for people.
    #[arg(long, global = true)]
    pub json: bool,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Which deployment a command is for.
#[derive(Debug, Args)]
pub struct Target {
    /// The CloudFormation stack of the deployment.
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "GATEHOUSE_STACK_NAME",
        conflicts_with = "local"
    )]
    pub stack_name: Option<String>,

    /// The profile of the AWS configuration to use.
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,

    /// The AWS region of the stack.
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,

    /// The local stack, as `make run` has started it; `DYNAMODB_PORT`, `SECRETS_PORT` and `PORT` as there.
    #[arg(long, global = true)]
    pub local: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the first tenant and its first super_admin, once the deployment has its keys.
    Init(Init),
    /// Tenants and their policies.
    #[command(subcommand)]
    Tenants(Tenants),
    /// Users of a tenant; import and export.
    #[command(subcommand)]
    Users(Users),
    /// API clients of a tenant.
    #[command(subcommand)]
    Clients(Clients),
    /// A tenant's credentials for AWS and NVIDIA.
    #[command(subcommand)]
    Credentials(Credentials),
    /// The keys that sign tokens and seal password hashes.
    #[command(subcommand)]
    Keys(Keys),
    /// Sessions of users.
    #[command(subcommand)]
    Sessions(Sessions),
    /// The audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Check a deployment, a line for each check.
    Doctor(Doctor),
    /// Completions for a shell, and the manual page.
    #[command(flatten)]
    Shell(Shell),
}
