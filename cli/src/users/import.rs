//! Users and their password hashes from a file.

use clap::Args;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// Users and their password hashes from a file.
#[derive(Debug, Args)]
pub struct Import {}

impl Import {
    /// Does it.
    pub async fn run(self, _operator: &Operator, _output: &Output) -> Result<(), Failure> {
        Err(Failure::new("not here yet"))
    }
}
