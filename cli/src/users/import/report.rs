//! Which rows were refused and why: JSON lines with the number of the line in the file. Nothing that a row
//! says stands there.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::users::private_file;

/// The report of an import; the file is there as soon as a row is refused.
pub struct Report {
    path: PathBuf,
    file: Option<File>,
    /// How long it is, in bytes.
    pub bytes: u64,
}

#[derive(Serialize)]
struct Refused<'a> {
    line: u64,
    reason: &'a str,
}

impl Report {
    /// A report that goes on after so many bytes; what is behind them is of rows that come again.
    pub fn new(path: &Path, bytes: u64) -> io::Result<Self> {
        let mut report = Self {
            path: path.to_owned(),
            file: None,
            bytes,
        };
        if bytes == 0 {
            private_file::remove(path)?;
            return Ok(report);
        }
        let file = private_file::open(path)?;
        file.set_len(bytes)?;
        report.file = Some(file);
        Ok(report)
    }

    /// Writes down that the row that begins in this line was refused.
    pub fn refuse(&mut self, line: u64, reason: &str) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(private_file::open(&self.path)?),
        };
        let mut text = serde_json::to_vec(&Refused { line, reason })?;
        text.push(b'\n');
        file.write_all(&text)?;
        self.bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
