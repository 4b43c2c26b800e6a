//! Ctrl-C and SIGTERM: how somebody asks a command to stop. What has to leave things in order heeds that;
//! everything else ends at once.

use std::io::{self, IsTerminal as _};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use shared::clock::Clock;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::failure::Failure;

/// What the thread that waits for signals and the one that runs the command know of each other.
static KNOWN: LazyLock<watch::Sender<Known>> = LazyLock::new(watch::Sender::default);

#[derive(Default)]
struct Known {
    /// How often the command was asked to stop.
    asked: u64,
    /// How often it has heard that.
    heard: u64,
    /// How much of it heeds that.
    heeding: u32,
    /// Whether the process ends, and nothing may begin any more.
    ending: bool,
}

impl Known {
    fn is_heard(&self) -> bool {
        self.heard == self.asked
    }
}

/// How long whoever heeds it may take to hear of it: longer than the costliest hash, and not for ever, since
/// it may be waiting for a pipe that nobody reads.
const PATIENCE: Duration = Duration::from_secs(10);

/// The exit code of what was stopped: 128 and SIGINT, as a shell has it.
pub const INTERRUPTED: u8 = 130;

/// What the thread that waits for signals has waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    Signal,
    /// It is heard, or nobody heeds it.
    Answer,
    Nothing,
}

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

    /// Passes them on, and ends where one is not heeded, or a second one comes before the first is heard.
    pub async fn unheeded(mut self) {
        loop {
            let mut known = KNOWN.subscribe();
            let is_heard = known.borrow().is_heard();
            let came = if is_heard {
                self.next().await;
                Came::Signal
            } else {
                tokio::select! {
                    biased;
                    _ = known.wait_for(|known| known.is_heard() || known.heeding == 0) => Came::Answer,
                    () = self.next() => Came::Signal,
                    () = Clock::System.sleep(PATIENCE) => Came::Nothing,
                }
            };
            drop(known);
            // In one step, since somebody may begin to heed it, or hear of it, meanwhile.
            KNOWN.send_modify(|known| {
                if !known.is_heard() {
                    known.ending = came != Came::Answer || known.heeding == 0;
                } else if came == Came::Signal {
                    known.asked += 1;
                }
            });
            if KNOWN.borrow().ending {
                return;
            }
        }
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// What asks a command to stop, for one that heeds it: as long as this is there, it is not ended at once.
pub struct Interrupts(());

impl Interrupts {
    /// From here on.
    pub fn heeded() -> Self {
        let mut ending = false;
        KNOWN.send_modify(|known| {
            ending = known.ending;
            known.heeding += 1;
        });
        if ending {
            // Whatever would have to be left in order is not even begun.
            loop {
                thread::park();
            }
        }
        Self(())
    }

    /// Ends when the command is asked to stop, once for each time.
    pub async fn next(&self) {
        let mut known = KNOWN.subscribe();
        // The sender is there for ever.
        let _ = known.wait_for(|known| !known.is_heard()).await;
        drop(known);
        KNOWN.send_modify(|known| known.heard = known.asked);
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        KNOWN.send_modify(|known| known.heeding -= 1);
    }
}

/// Does what lets go, when it is stopped, of what it holds.
pub async fn interruptible<T>(
    doing: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let interrupts = Interrupts::heeded();
    tokio::select! {
        biased;
        () = interrupts.next() => Err(interrupted()),
        done = doing => done,
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
        code: INTERRUPTED,
    }
}
