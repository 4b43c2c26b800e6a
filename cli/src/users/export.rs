//! A tenant's users, written out.

use clap::Args;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// A tenant's users, written out.
#[derive(Debug, Args)]
pub struct Export {}

impl Export {
    /// Does it.
    pub async fn run(self, _operator: &Operator, _output: &Output) -> Result<(), Failure> {
        Err(Failure::new("not here yet"))
    }
}
