//! API clients of a tenant.

use clap::Subcommand;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// API clients of a tenant.
#[derive(Debug, Subcommand)]
pub enum Clients {
    /// Nothing yet.
    Nothing,
}

impl Clients {
    /// Does it.
    pub async fn run(self, _operator: &Operator, _output: &Output) -> Result<(), Failure> {
        Err(Failure::new("not here yet"))
    }
}
