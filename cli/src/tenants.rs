//! Tenants and their policies.

use clap::Subcommand;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// Tenants and their policies.
#[derive(Debug, Subcommand)]
pub enum Tenants {
    /// Nothing yet.
    Nothing,
}

impl Tenants {
    /// Does it.
    pub async fn run(self, _operator: &Operator, _output: &Output) -> Result<(), Failure> {
        Err(Failure::new("not here yet"))
    }
}
