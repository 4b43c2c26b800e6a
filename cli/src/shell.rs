//! Completions for a shell, and the manual page: both from the arguments themselves.

use clap::Subcommand;

use crate::failure::Failure;

/// What prints of the command line itself.
#[derive(Debug, Subcommand)]
pub enum Shell {
    /// Print completions for a shell.
    Completions,
    /// Print the manual page.
    Man,
}

impl Shell {
    /// Prints it.
    pub fn run(self) -> Result<(), Failure> {
        Err(Failure::new("not here yet"))
    }
}
