//! Ctrl-C and SIGTERM: how somebody asks a command to stop, and it leaves things in order.

use std::io::{self, IsTerminal as _};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// What asks a command to stop.
pub struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// From here on neither of the two ends the process by itself.
    ///
    /// # Errors
    ///
    /// When the system does not let them be heeded.
    pub fn heeded() -> Result<Self, Failure> {
        let on = |kind| {
            let failed = |error| Failure::new(format!("cannot wait for signals: {error}"));
            signal(kind).map_err(failed)
        };
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
        })
    }

    /// Ends when the command is asked to stop, once for each time.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Does what may be stopped wherever it is: what it holds is let go of in order.
pub async fn interruptible<T>(
    doing: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut interrupts = Interrupts::heeded()?;
    tokio::select! {
        done = doing => done,
        () = interrupts.next() => {
            // The terminal stands behind a question, or the `^C` that it has shown.
            if io::stderr().is_terminal() {
                eprintln!();
            }
            Err(failure("interrupted"))
        }
    }
}

/// What an interrupted command ends with.
pub fn failure(message: impl Into<String>) -> Failure {
    Failure {
        message: message.into(),
        // 128 and SIGINT, as a shell has it.
        code: 130,
    }
}
