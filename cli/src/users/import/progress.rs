//! How far an import is, on standard error: a bar at a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressStyle};
use shared::clock::Timestamp;

use super::checkpoint::Counts;

/// How often a line is printed where there is no terminal, in seconds.
const EVERY_SECONDS: i64 = 10;

/// Shows it.
pub struct Progress {
    bar: Option<ProgressBar>,
    bytes: u64,
    rows: u64,
    began: Timestamp,
    told: Timestamp,
}

impl Progress {
    /// Of a file of so many bytes, of which so many are behind.
    pub fn new(bytes: u64, behind: u64, now: Timestamp) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(bytes).with_position(behind);
            let style = "{wide_bar} {percent:>3}%  {msg}  {eta} left";
            bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| {
                // Without the time left.
                ProgressStyle::default_bar()
            }));
            bar.reset_eta();
            bar
        });
        Self {
            // A terminal of no known kind cannot draw one.
            bar: bar.filter(|bar| !bar.is_hidden()),
            bytes,
            rows: 0,
            began: now,
            told: now,
        }
    }

    /// One more row is done, up to this byte of the file.
    pub fn row(&mut self, done: u64, counts: &Counts, now: Timestamp) {
        self.rows += 1;
        let millis = now.millis() - self.began.millis();
        let millis = u64::try_from(millis).unwrap_or(0).max(1);
        let rate = self.rows.saturating_mul(1000) / millis;
        let counted = format!(
            "{} imported, {} already there, {} refused, {rate}/s",
            counts.imported, counts.already_there, counts.refused
        );
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(counted);
        } else if now >= self.told.plus_seconds(EVERY_SECONDS) {
            self.told = now;
            let percent = done.saturating_mul(100) / self.bytes.max(1);
            eprintln!("{percent}%: {counted}");
        }
    }

    /// Says something beside it.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
