//! The folder in which users, sessions and keys outlive a restart.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::StackError;

/// A folder that this process alone works in, as long as the value lives: the database would let a second
/// one open the same file, and each would overwrite the other's secrets.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder, if need be, and locks it.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or another process has it.
    pub fn lock(path: &Path) -> Result<Self, StackError> {
        let unwritable = |error| StackError::unwritable(path, &error);
        // Keys, password hashes and tokens' sessions: nobody else on the machine reads them.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(unwritable)?;
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).mode(0o600);
        let lock = lock.open(path.join("lock")).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StackError::folder_in_use(path)),
            Err(TryLockError::Error(error)) => Err(unwritable(error)),
        }
    }

    /// A file of the folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = file.open(&beside)?;
    file.write_all(contents)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
