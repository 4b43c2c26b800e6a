//! Which rows were refused and why: JSON lines with the number of the line in the file. Nothing that a row
//! says stands there. The report is also what keeps a second run away from it and from the place beside it.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::failure::Failure;
use crate::users::private_file;

/// The report of an import. Once it is open no other run can open it until this is dropped, and what is
/// empty then goes.
pub struct Report {
    path: PathBuf,
    file: Option<File>,
    /// How long it is, in bytes.
    pub bytes: u64,
}

/// How often it is opened anew, where another run makes or removes it meanwhile.
const TRIES: u32 = 10;

#[derive(Serialize)]
struct Refused<'a> {
    line: u64,
    reason: &'a str,
}

impl Report {
    /// At this path; it is opened with its first line, or before.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            bytes: 0,
        }
    }

    /// Opens it for this run alone, as an earlier run has left it.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or locked, and where another run has it.
    pub fn open(&mut self) -> Result<(), Failure> {
        let mut tries = 0;
        let file = loop {
            tries += 1;
            match self.locked() {
                Ok(file) => break file,
                Err(Held::Otherwise(error)) if tries < TRIES && has_gone_or_come(&error) => {}
                Err(Held::Otherwise(error)) => return Err(self.failed(&error)),
                Err(Held::ByAnotherRun) => {
                    return Err(Failure::new(format!(
                        "another import is writing {}: let it end, or take another --report",
                        self.path.display()
                    )));
                }
            }
        };
        self.bytes = file.metadata().map_err(|error| self.failed(&error))?.len();
        self.file = Some(file);
        Ok(())
    }

    /// The file, locked.
    fn locked(&self) -> Result<File, Held> {
        let file = private_file::open(&self.path).map_err(Held::Otherwise)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Held::ByAnotherRun),
            Err(TryLockError::Error(error)) => {
                let what = format!("it cannot be locked: {error}");
                return Err(Held::Otherwise(io::Error::other(what)));
            }
        }
        if !private_file::is_at(&file, &self.path).unwrap_or(false) {
            // Another run has ended meanwhile, and its empty file gone.
            return Err(Held::Otherwise(ErrorKind::NotFound.into()));
        }
        Ok(file)
    }

    /// Goes on after so many bytes: what is behind them is of rows that come again.
    pub fn cut(&mut self, bytes: u64) -> Result<(), Failure> {
        self.bytes = bytes;
        let cut = self
            .file
            .as_ref()
            .map_or(Ok(()), |file| file.set_len(bytes));
        cut.map_err(|error| self.failed(&error))
    }

    /// Writes down that the row that begins in this line was refused.
    pub fn refuse(&mut self, line: u64, reason: &str) -> Result<(), Failure> {
        if self.file.is_none() {
            self.open()?;
            self.cut(0)?;
        }
        let text = serde_json::to_string(&Refused { line, reason });
        let text = text.map_err(|error| self.failed(&error.into()))? + "\n";
        if let Some(mut file) = self.file.as_ref() {
            let written = file.write_all(text.as_bytes());
            written.map_err(|error| self.failed(&error))?;
        }
        self.bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::new(format!("cannot write {}: {error}", self.path.display()))
    }
}

/// Why it cannot be opened.
enum Held {
    ByAnotherRun,
    Otherwise(io::Error),
}

fn has_gone_or_come(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists)
}

impl Drop for Report {
    fn drop(&mut self) {
        let Some(file) = &self.file else {
            return;
        };
        let is_empty = file.metadata().is_ok_and(|about| about.len() == 0);
        if is_empty && private_file::is_at(file, &self.path).unwrap_or(false) {
            // It stays, empty, where it cannot be removed.
            let _ = private_file::remove(&self.path);
        }
    }
}
