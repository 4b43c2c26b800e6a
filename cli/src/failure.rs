//! Why a command has not done what it was told, in words for the operator.

use std::process::ExitCode;

use shared::error::Error;
use shared::keys::KeyError;
use shared::store::StoreError;

/// Why, and the exit code that says it to programs.
#[derive(Debug)]
pub struct Failure {
    /// What to print; empty where there is nobody to print it to.
    pub message: String,
    /// 1 for not done, 2 for arguments that are wrong, 3 for done in part, 130 for stopped, 141 where nobody
    /// reads.
    pub code: u8,
}

impl Failure {
    /// It was not done.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 1,
        }
    }

    /// The arguments cannot be meant so.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 2,
        }
    }

    /// Some of it was done, and some not.
    pub fn in_part(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 3,
        }
    }

    /// Says why on standard error.
    pub fn tell(&self) -> ExitCode {
        if !self.message.is_empty() {
            eprintln!("gatehouse: {}", self.message);
        }
        ExitCode::from(self.code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(match error {
            Error::BadRequest(what) | Error::PasswordRejected(what) => what,
            Error::NotFound(what) | Error::Conflict(what) => what.to_owned(),
            Error::Unavailable(what) if what.contains("AccessDenied") => {
                format!("these AWS credentials may not do that: {what}")
            }
            Error::Unavailable(what) => format!("not done, try again: {what}"),
            other => other.to_string(),
        })
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Error::from(error).into()
    }
}
