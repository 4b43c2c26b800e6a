//! Users of a tenant; import and export.

mod export;
mod import;
mod members;
mod private_file;

use clap::Subcommand;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// Users of a tenant; import and export.
#[derive(Debug, Subcommand)]
pub enum Users {
    /// Bring users and their password hashes in from a file.
    Import(import::Import),
    /// Write a tenant's users out.
    Export(export::Export),
}

impl Users {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        match self {
            Self::Import(import) => import.run(operator, output).await,
            Self::Export(export) => export.run(operator, output).await,
        }
    }
}
