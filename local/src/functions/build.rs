//! The tools and binaries that running functions needs.

use std::env;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::template::workspace;
use crate::{StackError, settings};

/// Where cargo-lambda is.
///
/// # Errors
///
/// When it is nowhere in PATH.
pub fn cargo_lambda() -> Result<PathBuf, StackError> {
    let ours = workspace().join(".tools/python/bin");
    let path = settings::setting("PATH").unwrap_or_default();
    let mut folders = std::iter::once(ours).chain(env::split_paths(&path));
    let found = folders
        .find_map(|folder| Some(folder.join("cargo-lambda")).filter(|program| program.is_file()));
    found.ok_or_else(|| {
        StackError(
            "cargo-lambda is missing: `make run` fetches it, or `pip install cargo-lambda`"
                .to_owned(),
        )
    })
}

/// Builds all binaries as `cargo build --workspace` does, which is a look at the clock where that
/// has been done, and gives the folder of their binaries.
///
/// # Errors
///
/// When the build fails; cargo has said why.
pub async fn build() -> Result<PathBuf, StackError> {
    let folder = folder_of_binaries()?;
    // With other features than the whole workspace has together, the SDKs would be built anew.
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--workspace", "--bins", "--quiet"])
        .current_dir(workspace());
    match folder.file_name().and_then(|profile| profile.to_str()) {
        Some("debug") | None => {}
        Some(profile) => {
            cargo.args(["--profile", profile]);
        }
    }
    if let Some(target) = folder.parent() {
        cargo.arg("--target-dir").arg(target);
    }
    let built = cargo.status().await;
    let built = built.map_err(|error| StackError(format!("cannot start cargo: {error}")))?;
    if !built.success() {
        return Err(StackError(
            "the binaries do not build; cargo says why above".to_owned(),
        ));
    }
    Ok(folder)
}

/// The folder that this program lies in, or a test program's `deps` in it.
fn folder_of_binaries() -> Result<PathBuf, StackError> {
    let program = env::current_exe()
        .map_err(|error| StackError(format!("cannot tell where this program is: {error}")))?;
    let folder = program.parent().unwrap_or(Path::new("."));
    let folder = match folder.file_name() {
        Some(name) if name == "deps" => folder.parent().unwrap_or(folder),
        _ => folder,
    };
    Ok(folder.to_owned())
}
