//! The first tenant and its first super_admin.

use clap::Args;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// The first tenant and its first super_admin.
#[derive(Debug, Args)]
pub struct Init {}

impl Init {
    /// Does it.
    pub async fn run(self, _operator: &Operator, _output: &Output) -> Result<(), Failure> {
        Err(Failure::new("not here yet"))
    }
}
