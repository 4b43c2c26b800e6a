//! The keys that sign tokens and seal password hashes.

use clap::Subcommand;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// The keys that sign tokens and seal password hashes.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Nothing yet.
    Nothing,
}

impl Keys {
    /// Does it.
    pub async fn run(self, _operator: &Operator, _output: &Output) -> Result<(), Failure> {
        Err(Failure::new("not here yet"))
    }
}
