//! Files that only their owner may read: what they hold is about people, and may be hashes.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

const OWNERS: u32 = 0o600;

/// Opens a file to write at its end, which is made if it is not there.
pub fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(OWNERS)
        .open(path)?;
    // One that was there may be more open.
    file.set_permissions(Permissions::from_mode(OWNERS))?;
    Ok(file)
}

/// A path beside another.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
