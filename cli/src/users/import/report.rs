//! Which rows were refused and why: JSON lines with the number of the line in the file. Nothing that a row
//! says stands there. The report is also what keeps a second run away from it and from the place beside it.

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::users::private_file;

/// The report of an import, which no other run can open until this is dropped. What is empty then goes.
pub struct Report {
    path: PathBuf,
    file: File,
    /// How long it is, in bytes.
    pub bytes: u64,
}

#[derive(Serialize)]
struct Refused<'a> {
    line: u64,
    reason: &'a str,
}

impl Report {
    /// Opens it for this run alone, as an earlier run has left it; `None` where another has it.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or locked.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        loop {
            let file = private_file::open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Between the two another run may have ended, and its empty file gone.
            if private_file::is_at(&file, path).unwrap_or(false) {
                let path = path.to_owned();
                let bytes = file.metadata()?.len();
                return Ok(Some(Self { path, file, bytes }));
            }
        }
    }

    /// Goes on after so many bytes: what is behind them is of rows that come again.
    pub fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.bytes = bytes;
        self.file.set_len(bytes)
    }

    /// Writes down that the row that begins in this line was refused.
    pub fn refuse(&mut self, line: u64, reason: &str) -> io::Result<()> {
        let mut text = serde_json::to_vec(&Refused { line, reason })?;
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let is_empty = self.file.metadata().is_ok_and(|about| about.len() == 0);
        if is_empty {
            // It stays, empty, where it cannot be removed.
            let _ = private_file::remove(&self.path);
        }
    }
}
