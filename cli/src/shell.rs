//! Completions for a shell, and the manual page: both from the arguments themselves.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory as _, Subcommand};
use clap_mangen::Man;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::output::Output;

/// What prints of the command line itself.
#[derive(Debug, Subcommand)]
pub enum Shell {
    /// Print completions for a shell, as in `source <(gatehouse completions bash)`.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, to be read by `man -l`.
    Man {
        /// Write a page for each command into this folder instead.
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
}

impl Shell {
    /// Prints it.
    pub fn run(self, output: &Output) -> Result<(), Failure> {
        let mut command = Arguments::command();
        let text = match self {
            Self::Completions { shell } => {
                let mut text = Vec::new();
                clap_complete::generate(shell, &mut command, "gatehouse", &mut text);
                text
            }
            Self::Man { dir: Some(dir) } => return pages(command, &dir),
            Self::Man { dir: None } => page(command).map_err(|error| unmade(&error))?,
        };
        output.line(String::from_utf8_lossy(&text).trim_end())
    }
}

/// A page for each command, named as `git` names its own: `gatehouse-sessions-list.1`.
fn pages(command: Command, dir: &Path) -> Result<(), Failure> {
    let written =
        std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(command, dir));
    written.map_err(|error| {
        let dir = dir.display();
        Failure::new(format!("cannot write the manual pages into {dir}: {error}"))
    })
}

/// One page with all commands.
fn page(mut command: Command) -> io::Result<Vec<u8>> {
    command.build();
    let mut text = Vec::new();
    let whole = Man::new(command.clone()).manual("Gatehouse");
    whole.render_title(&mut text)?;
    whole.render_name_section(&mut text)?;
    whole.render_synopsis_section(&mut text)?;
    whole.render_description_section(&mut text)?;
    whole.render_options_section(&mut text)?;
    for command in listed(&command) {
        section(command, "gatehouse", &mut text)?;
    }
    Ok(text)
}

/// A section for a command, and one for each below it.
fn section(command: &Command, above: &str, text: &mut Vec<u8>) -> io::Result<()> {
    let name = format!("{above} {}", command.get_name());
    let below: Vec<_> = listed(command).collect();
    if below.is_empty() {
        // Global options stand at the top.
        let own = command.clone().mut_args(|arg| {
            let hide = arg.is_global_set();
            arg.hide(hide)
        });
        let own = Man::new(own.bin_name(&name).display_name(&name));
        let mut parts = Vec::new();
        own.render_synopsis_section(&mut parts)?;
        own.render_description_section(&mut parts)?;
        own.render_options_section(&mut parts)?;
        let heading = format!(".SH \"{}\"\n", name.to_uppercase());
        let parts = String::from_utf8_lossy(&parts);
        text.extend(heading.bytes());
        // Its own sections are parts of this one; each begins with macros of its own.
        text.extend(parts.replace(".SH ", ".SS ").bytes());
    }
    for command in below {
        section(command, &name, text)?;
    }
    Ok(())
}

/// The commands below one, without that which only prints what is here.
fn listed(command: &Command) -> impl Iterator<Item = &Command> {
    let below = command.get_subcommands();
    below.filter(|command| command.get_name() != "help")
}

fn unmade(error: &io::Error) -> Failure {
    Failure::new(format!("cannot make the manual page: {error}"))
}
