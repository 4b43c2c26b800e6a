//! Files that only their owner may read: what they hold is about people, and may be hashes. None of them is
//! opened by a symbolic link, which somebody else may have laid there.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

const OWNERS: u32 = 0o600;

/// Makes a file to write, which must not be there.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true).mode(OWNERS);
    options.open(path)
}

/// Opens a file to write at its end, which is made if it is not there. What others have by another name,
/// or is no file, is refused.
pub fn open(path: &Path) -> io::Result<File> {
    let other = || io::Error::other("it is there, and no file of its own");
    // Some of what is no file waits, when it is opened, for somebody at the other end.
    if fs::symlink_metadata(path).is_ok_and(|about| !about.is_file()) {
        return Err(other());
    }
    let file = match OpenOptions::new().append(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return create(path),
        opened => opened?,
    };
    let about = file.metadata()?;
    if about.nlink() == 0 || !is_at(&file, path)? {
        // Meanwhile it has gone.
        return Err(ErrorKind::NotFound.into());
    }
    if !about.is_file() || about.nlink() != 1 {
        return Err(other());
    }
    // It may be more open.
    file.set_permissions(Permissions::from_mode(OWNERS))?;
    Ok(file)
}

/// Whether it is this file that has the name, and no link to it.
pub fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (opened, named) = (file.metadata()?, fs::symlink_metadata(path)?);
    Ok((opened.dev(), opened.ino()) == (named.dev(), named.ino()))
}

/// Removes a file if it is there.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A path beside another.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
