//! Users of a tenant; import and export.

mod change;
mod export;
mod import;
mod list;
pub mod make;
mod members;
mod private_file;

use clap::Subcommand;

use crate::failure::Failure;
use crate::interrupt::interruptible;
use crate::operator::Operator;
use crate::output::Output;

/// Users of a tenant; import and export.
#[derive(Debug, Subcommand)]
pub enum Users {
    /// List a tenant's users.
    List(list::List),
    /// Show one user.
    Show(list::Show),
    /// Make a user who may sign in at once, by a password that is asked for.
    Create(make::Create),
    /// Invite a user, who sets the password; prints what accepts the invite.
    Invite(make::Invite),
    /// Change a user's name, role or status; a suspended user is signed out at once.
    Update(change::Update),
    /// Remove a user: signed out at once, names free, profile erased for good.
    Delete(change::Delete),
    /// Give a user another password, which is asked for; every session of the user ends.
    ResetPassword(change::ResetPassword),
    /// Bring users and their password hashes in from a file.
    Import(import::Import),
    /// Write a tenant's users out.
    Export(export::Export),
}

impl Users {
    /// Whether what it works on is there.
    pub fn check(&self) -> Result<(), Failure> {
        match self {
            Self::Import(import) => import.check(),
            _ => Ok(()),
        }
    }

    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(operator, output).await,
            Self::Show(show) => show.run(operator, output).await,
            Self::Create(create) => create.run(operator, output).await,
            Self::Invite(invite) => invite.run(operator, output).await,
            Self::Update(update) => update.run(operator, output).await,
            Self::Delete(delete) => delete.run(operator).await,
            Self::ResetPassword(reset) => reset.run(operator).await,
            Self::Import(import) => import.run(operator, output).await,
            Self::Export(export) => interruptible(export.run(operator, output)).await,
        }
    }
}
