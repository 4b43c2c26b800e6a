//! Checks of a deployment.

use clap::Args;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// Checks of a deployment.
#[derive(Debug, Args)]
pub struct Doctor {}

impl Doctor {
    /// Does it.
    pub async fn run(self, _operator: &Operator, _output: &Output) -> Result<(), Failure> {
        Err(Failure::new("not here yet"))
    }
}
