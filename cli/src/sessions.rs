//! Sessions of users.

use clap::Subcommand;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// Sessions of users.
#[derive(Debug, Subcommand)]
pub enum Sessions {
    /// Nothing yet.
    Nothing,
}

impl Sessions {
    /// Does it.
    pub async fn run(self, _operator: &Operator, _output: &Output) -> Result<(), Failure> {
        Err(Failure::new("not here yet"))
    }
}
