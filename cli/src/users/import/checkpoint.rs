//! How far an import has come, in a file beside its report: whoever runs it again goes on from there. What
//! was done after the last time it was written is done again, which changes nothing.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::records::{Format, Position};
use crate::users::private_file;

/// What a row came to, and how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Users who are there since this import.
    pub imported: u64,
    /// Users who were there before, and the same.
    pub already_there: u64,
    /// Rows that were refused.
    pub refused: u64,
}

/// Which import it is: the same file, read in the same way, into the same place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Of {
    /// The SHA-256 of the file.
    pub sha256: String,
    /// The table.
    pub table: String,
    /// How the file is written.
    pub format: Format,
    /// The tenant, or `None` with `--all`, where each row names its own.
    pub tenant: Option<String>,
    /// Whether rows with a `super_admin` are taken.
    pub allow_super_admin: bool,
    /// Where the API is.
    pub api: String,
}

/// The hash that takes longest to check; never the hash itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slowest {
    /// The name of its scheme.
    pub scheme: String,
    /// How long it took on the machine that imported it.
    pub milliseconds: i64,
}

/// How far it has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Which import.
    pub of: Of,
    /// All before this place is done.
    pub position: Position,
    /// What it has come to.
    pub counts: Counts,
    /// How long the report is up to there, in bytes.
    pub report_bytes: u64,
    /// Of all hashes up to there, and of some behind.
    pub slowest: Option<Slowest>,
}

/// Where it is kept.
#[derive(Clone, Debug)]
pub struct Kept(PathBuf);

impl Kept {
    /// Beside this report.
    pub fn beside(report: &Path) -> Self {
        Self(private_file::beside(report, ".checkpoint"))
    }

    /// What is kept, if anything that can be read.
    pub fn read(&self) -> Option<Checkpoint> {
        serde_json::from_slice(&fs::read(&self.0).ok()?).ok()
    }

    /// Keeps this in place of what was: whoever is killed meanwhile leaves one or the other.
    pub fn write(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let part = private_file::beside(&self.0, ".part");
        // Of a run that was killed.
        private_file::remove(&part)?;
        let mut file = private_file::create(&part)?;
        file.write_all(&serde_json::to_vec(checkpoint)?)?;
        file.sync_data()?;
        fs::rename(part, &self.0)
    }

    /// Forgets it.
    pub fn remove(&self) -> io::Result<()> {
        private_file::remove(&self.0)
    }
}

/// The SHA-256 of a file, in base64url.
pub fn sha256(mut file: &File) -> io::Result<String> {
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(URL_SAFE_NO_PAD.encode(digest.finish()));
        }
        digest.update(&buffer[..read]);
    }
}
