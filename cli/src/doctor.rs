//! Checks of a deployment, a line for each: what is stored, what answers, and whether a user and a client
//! of nobody's get in and out again.

mod endpoint;
mod keys;
mod open;
mod probe;
mod report;
mod table;

use clap::Args;

use crate::failure::Failure;
use crate::interrupt;
use crate::operator::Operator;
use crate::output::Output;
use endpoint::Endpoint;
use report::Report;

/// Checks of a deployment.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Change nothing: leave out the user and the client that sign in, and go again.
    #[arg(long)]
    read_only: bool,
}

/// Why the checks did not come to their end.
#[derive(Debug)]
enum Halt {
    /// Somebody has stopped them.
    Interrupted,
    /// Nothing can be printed.
    Failure(Failure),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Doctor {
    /// Checks all there is to check, whatever fails.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let mut report = Report::new(output);
        let checked = Box::pin(self.check(operator, &mut report)).await;
        report.end()?;
        match checked {
            Ok(()) => report.verdict(),
            Err(Halt::Interrupted) => Err(interrupt::failure("interrupted")),
            Err(Halt::Failure(failure)) => Err(failure),
        }
    }

    async fn check(&self, operator: &Operator, report: &mut Report<'_>) -> Result<(), Halt> {
        table::check(operator, report).await?;
        let active = keys::check(operator, report).await?;
        let api = Endpoint::new(operator)?;
        open::check(&api, operator, active.as_deref(), report).await?;
        if self.read_only {
            return Ok(());
        }
        probe::check(&api, operator, report).await
    }
}
