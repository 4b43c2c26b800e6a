//! A tenant's credentials for AWS and NVIDIA.

use clap::Subcommand;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// A tenant's credentials for AWS and NVIDIA.
#[derive(Debug, Subcommand)]
pub enum Credentials {
    /// Nothing yet.
    Nothing,
}

impl Credentials {
    /// Does it.
    pub async fn run(self, _operator: &Operator, _output: &Output) -> Result<(), Failure> {
        Err(Failure::new("not here yet"))
    }
}
