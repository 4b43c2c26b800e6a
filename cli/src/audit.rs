//! The audit log.

use clap::Subcommand;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// The audit log.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Nothing yet.
    Nothing,
}

impl Audit {
    /// Does it.
    pub async fn run(self, _operator: &Operator, _output: &Output) -> Result<(), Failure> {
        Err(Failure::new("not here yet"))
    }
}
