//! What cargo-lambda and the functions print: kept, and the functions' log lines shown.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::sync::watch;

use crate::serving::spawn;
use crate::{DataDir, StackError};

/// What functions have printed so far.
#[derive(Debug)]
pub struct Output {
    lines: Mutex<Kept>,
    /// Whether the functions' log lines are shown, and to whom.
    shown: AtomicBool,
    show: fn(&str),
    /// How many of the two streams are still open.
    open: watch::Sender<u8>,
}

/// Where lines go: tests read them, a person finds them in the folder.
#[derive(Debug)]
enum Kept {
    Lines(Vec<String>),
    File { file: File, last: String },
}

impl Output {
    /// Keeps what is printed in the folder, in `functions.log`, or in memory.
    pub fn new(data_dir: Option<&DataDir>, show: fn(&str)) -> Result<Self, StackError> {
        let kept = match data_dir {
            None => Kept::Lines(Vec::new()),
            Some(data_dir) => {
                let path = data_dir.file("functions.log");
                Kept::File {
                    file: create(&path)?,
                    last: String::new(),
                }
            }
        };
        let lines = Mutex::new(kept);
        Ok(Self {
            lines,
            shown: AtomicBool::new(false),
            show,
            open: watch::Sender::new(2),
        })
    }

    /// Shows the functions' log lines from now on: those of starting up tell nobody anything.
    pub fn show(&self) {
        self.shown.store(true, Ordering::Relaxed);
    }

    /// Everything printed so far; empty where it goes to a file.
    pub fn text(&self) -> String {
        match &*self.lines.lock().unwrap_or_else(PoisonError::into_inner) {
            Kept::Lines(lines) => lines.join("\n"),
            Kept::File { .. } => String::new(),
        }
    }

    /// The last line, for the person who wonders why nothing works.
    pub fn last_line(&self) -> String {
        match &*self.lines.lock().unwrap_or_else(PoisonError::into_inner) {
            Kept::Lines(lines) => lines.last().cloned().unwrap_or_default(),
            Kept::File { last, .. } => last.clone(),
        }
    }

    /// Whether nobody is left who could print.
    pub fn has_ended(&self) -> bool {
        *self.open.borrow() == 0
    }

    /// Waits until nobody is left who could print.
    pub async fn ended(&self) {
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }

    /// Reads what `child` and its children print.
    pub fn follow(self: &Arc<Self>, child: &mut Child) {
        if let Some(stdout) = child.stdout.take() {
            spawn(Self::read(Arc::clone(self), stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            spawn(Self::read(Arc::clone(self), stderr));
        }
    }

    async fn read(self: Arc<Self>, stream: impl AsyncRead + Unpin) {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream
            .read_until(b'\n', &mut line)
            .await
            .is_ok_and(|read| read > 0)
        {
            self.take(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
        self.open.send_modify(|open| *open -= 1);
    }

    fn take(&self, line: &str) {
        // cargo-lambda's own lines, and what cargo says, are no JSON.
        if line.starts_with('{') && self.shown.load(Ordering::Relaxed) {
            (self.show)(line);
        }
        match &mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner) {
            Kept::Lines(lines) => lines.push(line.to_owned()),
            Kept::File { file, last } => {
                // A full disk must not stop the stack.
                let _ = writeln!(file, "{line}");
                line.clone_into(last);
            }
        }
    }
}

fn create(path: &Path) -> Result<File, StackError> {
    let mut options = OpenOptions::new();
    let created = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    created.map_err(|error| StackError::unwritable(path, &error))
}
