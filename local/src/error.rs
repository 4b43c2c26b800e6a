//! Why the stack does not start, in one line that says what to do.

use std::fmt;
use std::path::Path;

/// The reason, for the person at the terminal.
#[derive(Debug)]
pub struct StackError(pub String);

impl StackError {
    /// A port that something else listens on; `setting` is the variable that names it.
    pub(crate) fn port_in_use(setting: &str, port: u16) -> Self {
        Self(format!(
            "port {port} is in use: stop what listens on it, or choose another with {setting}=…"
        ))
    }

    /// A file or folder that cannot be written.
    pub(crate) fn unwritable(path: &Path, error: &std::io::Error) -> Self {
        Self(format!(
            "cannot write {}: {error}; make it writable, or choose another folder with DATA_DIR=…",
            path.display()
        ))
    }

    /// A folder that another local stack works in.
    pub(crate) fn folder_in_use(path: &Path) -> Self {
        Self(format!(
            "another local stack uses {}: stop it, or choose another folder with DATA_DIR=…",
            path.display()
        ))
    }
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StackError {}
