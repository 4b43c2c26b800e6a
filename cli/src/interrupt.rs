//! Ctrl-C and SIGTERM: how somebody asks a command to stop. What has to leave things in order heeds that;
//! everything else ends at once.

use std::io::{self, IsTerminal as _};
use std::sync::LazyLock;
use std::time::Duration;

use shared::clock::Clock;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch::{Receiver, Sender};

use crate::failure::Failure;

/// How often the command was asked to stop; whoever heeds that listens.
static ASKED: LazyLock<Sender<u64>> = LazyLock::new(Sender::default);
/// How often that was heard.
static HEARD: LazyLock<Sender<u64>> = LazyLock::new(Sender::default);

/// Whoever heeds it hears of it sooner, but for what is blocked by a pipe that nobody reads or writes.
const PATIENCE: Duration = Duration::from_secs(1);

/// The signals, on the thread that only waits for them.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From here on neither of the two ends the process by itself.
    ///
    /// # Errors
    ///
    /// When the system does not let them be heeded.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Passes them on, and ends where one is not heeded.
    pub async fn unheeded(mut self) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
            if ASKED.receiver_count() == 0 {
                return;
            }
            ASKED.send_modify(|asked| *asked += 1);
            let asked = *ASKED.borrow();
            let mut heard = HEARD.subscribe();
            tokio::select! {
                _ = heard.wait_for(|heard| *heard >= asked) => {}
                () = Clock::System.sleep(PATIENCE) => return,
            }
        }
    }
}

/// What asks a command to stop, for one that heeds it: as long as this is there, it is not ended.
pub struct Interrupts(Receiver<u64>);

impl Interrupts {
    /// From here on.
    pub fn heeded() -> Self {
        Self(ASKED.subscribe())
    }

    /// Ends when the command is asked to stop, once for each time.
    pub async fn next(&mut self) {
        // The sender is there for ever.
        let _ = self.0.changed().await;
        HEARD.send_replace(*self.0.borrow_and_update());
    }
}

/// Does what lets go, when it is stopped, of what it holds.
pub async fn interruptible<T>(
    doing: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut interrupts = Interrupts::heeded();
    tokio::select! {
        done = doing => done,
        () = interrupts.next() => Err(interrupted()),
    }
}

/// What ends wherever it was.
pub fn interrupted() -> Failure {
    // The terminal stands behind a question, or the `^C` that it has shown.
    if io::stderr().is_terminal() {
        eprintln!();
    }
    failure("interrupted")
}

/// What an interrupted command ends with.
pub fn failure(message: impl Into<String>) -> Failure {
    Failure {
        message: message.into(),
        // 128 and SIGINT, as a shell has it.
        code: 130,
    }
}
