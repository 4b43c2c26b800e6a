//! What the benches ask the system about a process of theirs: Linux alone says so.

use std::fs;

/// The most memory that a process has had, in KiB.
#[must_use]
pub fn peak_kib(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// How long the threads of a process have run on a core, in nanoseconds; of a thread that has ended
/// nothing is known.
#[must_use]
pub fn cpu_nanos(process: u32) -> Option<u64> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let of_thread = |thread: fs::DirEntry| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    Some(threads.flatten().filter_map(of_thread).sum())
}
