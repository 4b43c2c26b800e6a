//! The operator's command line: what only the operator of a deployment may do, done to its table and
//! its secrets with the operator's own AWS credentials. It goes through the same rules and the same
//! conditional writes as the functions, and each of its changes is in the audit log.

mod arguments;
mod failure;
mod values;

mod ask;
mod connect;
mod interrupt;
mod operator;
mod output;

mod audit;
mod clients;
mod credentials;
mod doctor;
mod init;
mod keys;
mod sessions;
mod shell;
mod tenants;
mod users;

pub use connect::LOCAL;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::Parser as _;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use arguments::{Arguments, Command};
use failure::Failure;
use interrupt::Signals;
use output::Output;

/// Runs a command, and says how it ended: 0 for well, 1 for not, 2 for arguments that are wrong, 3 for
/// in part, 130 for stopped, 141 where nobody reads what it prints.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(refusal) => {
            // A terminal that is gone needs no help text.
            let _ = refusal.print();
            return ExitCode::from(u8::try_from(refusal.exit_code()).unwrap_or(2));
        }
    };
    to_its_end(arguments).unwrap_or_else(|failure| failure.tell())
}

/// The room of a process's first thread.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Runs a command on a thread of its own, so that a pipe in which it waits keeps nobody from stopping it.
fn to_its_end(arguments: Arguments) -> Result<ExitCode, Failure> {
    let failed = |error: io::Error| Failure::new(format!("the system gives no thread: {error}"));
    let runtime = || Builder::new_current_thread().enable_all().build();
    let (waits, runs) = (runtime().map_err(failed)?, runtime().map_err(failed)?);
    waits.block_on(async {
        let signals = Signals::new().map_err(failed)?;
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new().stack_size(STACK_BYTES);
        let running = thread.spawn(move || {
            let code = match runs.block_on(Box::pin(command(arguments))) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => failure.tell(),
            };
            // Whoever was stopped hears of no end.
            let _ = end.send(code);
        });
        running.map_err(failed)?;
        tokio::select! {
            ended = ended => Ok(ended.unwrap_or(ExitCode::from(PANICKED))),
            () = signals.unheeded() => Ok(stopped()),
        }
    })
}

/// What a process ends with whose first thread panics.
const PANICKED: u8 = 101;
/// How long the last word may take.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Says that it was stopped; but who does not read that keeps it from ending no more than anybody else.
fn stopped() -> ExitCode {
    let (said, saying) = mpsc::channel();
    thread::spawn(move || said.send(interrupt::interrupted().tell()));
    let said = saying.recv_timeout(LAST_WORD);
    said.unwrap_or(ExitCode::from(interrupt::INTERRUPTED))
}

async fn command(arguments: Arguments) -> Result<(), Failure> {
    let Arguments {
        target,
        json,
        command,
    } = arguments;
    let output = Output { json };
    if let Command::Shell(shell) = command {
        return shell.run(&output);
    }
    if let Command::Users(users) = &command {
        // Known before the deployment is asked for anything.
        users.check()?;
    }
    let operator = &connect::connect(&target).await?;
    match command {
        Command::Init(init) => init.run(operator, &output).await,
        Command::Tenants(tenants) => tenants.run(operator, &output).await,
        Command::Users(users) => users.run(operator, &output).await,
        Command::Clients(clients) => clients.run(operator, &output).await,
        Command::Credentials(credentials) => credentials.run(operator, &output).await,
        Command::Keys(keys) => keys.run(operator, &output).await,
        Command::Sessions(sessions) => sessions.run(operator, &output).await,
        Command::Audit(audit) => audit.run(operator, &output).await,
        Command::Doctor(doctor) => doctor.run(operator, &output).await,
        Command::Shell(shell) => shell.run(&output),
    }
}
