//! Ctrl-C, for commands that have to leave things in order.

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Ends when the command is asked to stop, by Ctrl-C or otherwise. From the first call on, that no longer
/// ends the process.
pub async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        // Nobody will say so: then the process is ended as it always was.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
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
