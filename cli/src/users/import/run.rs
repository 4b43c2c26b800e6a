//! A run of an import: from where the last one stopped, up to the end or until it is interrupted.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use shared::auth::admin::Admin;
use shared::auth::users::import::{Came, record};
use shared::clock::Timestamp;
use shared::id::TenantId;
use shared::store::event::EventType;

use super::arriving::{Arrived, Arriving};
use super::checkpoint::{Checkpoint, Counts, Kept};
use super::progress::Progress;
use super::records::Records;
use super::report::Report;
use crate::failure::Failure;
use crate::interrupt::Interrupts;

/// How often the place is kept, in seconds.
const KEPT_EVERY_SECONDS: i64 = 2;

/// What a run works on.
pub struct Run<'a> {
    /// What rows become users by.
    pub arriving: Arriving<'a>,
    /// How far it is.
    pub checkpoint: Checkpoint,
    /// Where that is kept; nowhere where nothing is written.
    pub kept: Option<Kept>,
    /// The refused rows.
    pub report: Report,
    /// What is shown of it.
    pub progress: Progress,
    /// What this run has done, by tenant.
    pub done: BTreeMap<TenantId, Counts>,
    /// How many rows are under way at a time.
    pub at_once: usize,
}

/// How a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// At the end of the file.
    Whole,
    /// By Ctrl-C or SIGTERM.
    Interrupted,
    /// By a second of them.
    AtOnce,
}

impl Run<'_> {
    /// Runs it. What is under way when it is interrupted is done; a second interruption drops that too.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, the table does not come back, or what a run leaves cannot be written.
    /// The place up to which all is done is kept.
    pub async fn run(
        &mut self,
        mut records: Records,
        interrupts: &Interrupts,
    ) -> Result<Ended, Failure> {
        let stopped = Cell::new(false);
        let ended = {
            let arriving = &self.arriving;
            let next = || (!stopped.get()).then(|| records.next().transpose())?;
            let rows = iter(std::iter::from_fn(next)).map(|record| arriving.row(record));
            let mut rows = pin!(rows.buffered(self.at_once));
            let mut state = State {
                checkpoint: &mut self.checkpoint,
                kept: self.kept.as_ref(),
                report: &mut self.report,
                progress: &mut self.progress,
                done: &mut self.done,
                kept_at: arriving.operator.now(),
            };
            loop {
                let row = tokio::select! {
                    biased;
                    () = interrupts.next() => None,
                    row = rows.next() => Some(row),
                };
                match row {
                    None if stopped.replace(true) => break Ok(Ended::AtOnce),
                    None => state
                        .progress
                        .say("stopping after what is under way; again to stop at once"),
                    Some(None) if stopped.get() => break Ok(Ended::Interrupted),
                    Some(None) => break Ok(Ended::Whole),
                    Some(Some(Err(failure))) => break Err(failure),
                    Some(Some(Ok(arrived))) => {
                        for name in arriving.seen.borrow_mut().untold() {
                            let line = format!("members of this name are left out: {name}");
                            state.progress.say(&line);
                        }
                        if let Err(failure) = state.settle(arrived, arriving) {
                            break Err(failure);
                        }
                    }
                }
            }
        };
        self.progress.end();
        self.arriving.measure(&mut self.checkpoint.slowest)?;
        keep(self.kept.as_ref(), &self.checkpoint)?;
        ended
    }

    /// Records what this run has done, for each tenant.
    ///
    /// # Errors
    ///
    /// When the table does not come back.
    pub async fn record(&self, ended: &str) -> Result<(), Failure> {
        let operator = self.arriving.operator;
        let mut call = operator.call();
        call.request_id.clone_from(&self.arriving.run);
        for (tenant, counts) in &self.done {
            let admin = Admin::operator(tenant.clone());
            let what = format!(
                "{ended}: {} imported, {} already there, {} refused",
                counts.imported, counts.already_there, counts.refused
            );
            let kind = EventType::SysImport;
            let recorded = self
                .arriving
                .patiently(async || record(&operator.app, &call, &admin, kind, &what).await);
            recorded.await?;
        }
        Ok(())
    }
}

/// What a row that is done changes.
struct State<'a> {
    checkpoint: &'a mut Checkpoint,
    kept: Option<&'a Kept>,
    report: &'a mut Report,
    progress: &'a mut Progress,
    done: &'a mut BTreeMap<TenantId, Counts>,
    kept_at: Timestamp,
}

impl State<'_> {
    /// Rows come here in their order, so that all before this one is done.
    fn settle(&mut self, arrived: Arrived, arriving: &Arriving<'_>) -> Result<(), Failure> {
        if let Came::Refused(why) = &arrived.came {
            self.report.refuse(arrived.line, why)?;
        }
        let now = arriving.operator.now();
        self.checkpoint.counts.add(&arrived.came);
        if let Some(tenant) = arrived.tenant {
            self.done.entry(tenant).or_default().add(&arrived.came);
        }
        self.checkpoint.position = arrived.end;
        self.checkpoint.report_bytes = self.report.bytes;
        let counts = &self.checkpoint.counts;
        self.progress.row(arrived.end.bytes, counts, now);
        if self.kept.is_some() && now >= self.kept_at.plus_seconds(KEPT_EVERY_SECONDS) {
            arriving.measure(&mut self.checkpoint.slowest)?;
            keep(self.kept, self.checkpoint)?;
            self.kept_at = now;
        }
        Ok(())
    }
}

impl Counts {
    fn add(&mut self, came: &Came) {
        match came {
            Came::New => self.imported += 1,
            Came::Already => self.already_there += 1,
            Came::Refused(_) => self.refused += 1,
        }
    }
}

/// Keeps the place, if there is somewhere to.
pub fn keep(kept: Option<&Kept>, checkpoint: &Checkpoint) -> Result<(), Failure> {
    let kept = kept.map_or(Ok(()), |kept| kept.write(checkpoint));
    kept.map_err(|error| Failure::new(format!("cannot keep the place: {error}")))
}
