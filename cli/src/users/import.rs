//! Users and their password hashes from a file. `docs/import.md` says what a row may have.

mod arriving;
mod checkpoint;
mod outcome;
mod progress;
mod records;
mod report;
mod row;
mod run;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::pin::pin;

use clap::Args;
use shared::id::TenantId;
use shared::password::Passwords;
use shared::random;
use tokio::sync::Mutex;

use super::private_file;
use crate::failure::Failure;
use crate::interrupt::{self, Interrupts};
use crate::operator::Operator;
use crate::output::Output;
use arriving::{Arriving, Seen};
use checkpoint::{Checkpoint, Counts, Kept, Of};
use progress::Progress;
use records::{Position, Records};
use report::Report;
use run::{Ended, Run};

pub use records::Format;

/// Users and their password hashes from a file.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Import {
    /// The file: a JSON object on each line, or CSV with a header row.
    file: PathBuf,

    /// The tenant that the users come into.
    #[arg(
        long,
        value_name = "TENANT",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    tenant: Option<String>,

    /// Bring each user into the tenant that its row names.
    #[arg(long)]
    all: bool,

    /// How the file is written, where its name does not say so.
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Check the rows, and write no user.
    #[arg(long)]
    dry_run: bool,

    /// Where refused rows are written down; beside the file by default.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Begin with the first row, even where an earlier run was interrupted.
    #[arg(long)]
    from_start: bool,

    /// Take rows with the role `super_admin`.
    #[arg(long)]
    allow_super_admin: bool,

    /// How many rows are under way at a time.
    #[arg(long, value_name = "ROWS", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    at_once: u16,

    /// How long a table that is away is waited for.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience: u32,
}

impl Import {
    /// Whether the file is there.
    pub fn check(&self) -> Result<(), Failure> {
        let path = self.file.display();
        let about = self.file.metadata();
        about.map_err(|error| Failure::usage(format!("cannot read {path}: {error}")))?;
        Ok(())
    }

    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let passwords = operator.passwords();
        let (mut run, records) = self.begin(operator, &passwords).await?;
        let interrupts = Interrupts::heeded();
        let ended = run.run(records, &interrupts).await;
        if !self.dry_run {
            let recorded = recorded(&run, &ended, &interrupts).await;
            // Why it has stopped matters more than that this could not be recorded.
            if ended.is_ok() {
                recorded?;
            }
        }
        let line = run.checkpoint.position.lines;
        let go_on = "run the same command again to go on";
        match ended {
            Err(Failure { message, code }) => Err(Failure {
                message: format!("{message}; all up to line {line} is done: {go_on}"),
                code,
            }),
            Ok(Ended::Interrupted | Ended::AtOnce) => Err(interrupt::failure(format!(
                "interrupted; all up to line {line} is done: {go_on}"
            ))),
            Ok(Ended::Whole) => outcome::tell(&run, output, self.dry_run),
        }
    }

    async fn begin<'a>(
        &self,
        operator: &'a Operator,
        passwords: &'a Passwords,
    ) -> Result<(Run<'a>, Records), Failure> {
        let failed = |error| Failure::new(format!("cannot read {}: {error}", self.file.display()));
        let format = self.format()?;
        let tenant = match &self.tenant {
            Some(tenant) => Some(operator.tenant(tenant).await?.id),
            None => None,
        };
        let file = File::open(&self.file).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if !about.is_file() {
            return Err(Failure::usage(format!(
                "{} is no file that can be read twice",
                self.file.display()
            )));
        }
        let of = Of {
            sha256: checkpoint::sha256(&file).map_err(failed)?,
            table: operator.environment.config.table_name.clone(),
            format,
            tenant: self.tenant.clone(),
            allow_super_admin: self.allow_super_admin,
            api: operator.api.clone(),
        };
        let mut report = Report::new(self.report_path()?);
        // A dry run of a file without fault needs no place to write to.
        if !self.dry_run || report.path().exists() {
            report.open()?;
        }
        let kept = (!self.dry_run).then(|| Kept::beside(report.path()));
        let mut checkpoint = self.checkpoint(of, kept.as_ref());
        let mut records = Records::new(file, format);
        records.go_to(Position::default()).map_err(failed)?;
        let header = header(&mut records, format)?;
        if checkpoint.position.bytes > 0 {
            eprintln!("going on after line {}", checkpoint.position.lines);
            let refused = checkpoint.counts.refused;
            if refused > 0 {
                eprintln!(
                    "{refused} rows were refused before this place; --from-start tries them again"
                );
            }
            if report.bytes < checkpoint.report_bytes {
                let bytes = report.bytes;
                let report = report.path().display();
                eprintln!("{report} no longer says why; --from-start writes it anew");
                checkpoint.report_bytes = bytes;
                // Before it grows again, and would be cut in a line.
                run::keep(kept.as_ref(), &checkpoint)?;
            }
            records.go_to(checkpoint.position).map_err(failed)?;
        }
        report.cut(checkpoint.report_bytes)?;
        let now = operator.now();
        let progress = Progress::new(about.len(), checkpoint.position.bytes, now);
        // A run into one tenant is recorded there, even if it has brought nobody.
        let done = tenant.iter().map(|id| (id.clone(), Counts::default()));
        let done: BTreeMap<TenantId, Counts> = done.collect();
        let arriving = Arriving {
            operator,
            passwords,
            header,
            tenant,
            allow_super_admin: self.allow_super_admin,
            dry_run: self.dry_run,
            patience: self.patience,
            run: random::uuid(),
            seen: RefCell::new(Seen::default()),
            admins: Mutex::new(()),
        };
        let run = Run {
            arriving,
            checkpoint,
            kept,
            report,
            progress,
            done,
            at_once: usize::from(self.at_once),
        };
        Ok((run, records))
    }

    fn format(&self) -> Result<Format, Failure> {
        let extension = self
            .file
            .extension()
            .and_then(|extension| extension.to_str());
        let by_name = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Some(Format::Csv),
            Some("jsonl" | "ndjson" | "json") => Some(Format::Jsonl),
            _ => None,
        };
        self.format.or(by_name).ok_or_else(|| {
            Failure::usage("how is the file written? Say --format jsonl or --format csv")
        })
    }

    /// Where the refused rows go.
    fn report_path(&self) -> Result<PathBuf, Failure> {
        let suffix = if self.dry_run {
            ".dry-run.jsonl"
        } else {
            ".refused.jsonl"
        };
        let beside = || private_file::beside(&self.file, suffix);
        let path = self.report.clone().unwrap_or_else(beside);
        let real = |path: &Path| path.canonicalize().ok();
        if real(&path).is_some_and(|real_path| Some(real_path) == real(&self.file)) {
            return Err(Failure::usage("the report cannot be the file itself"));
        }
        Ok(path)
    }

    /// Where an earlier run of this import has stopped, or the beginning.
    fn checkpoint(&self, of: Of, kept: Option<&Kept>) -> Checkpoint {
        let earlier = kept.and_then(Kept::read).filter(|_| !self.from_start);
        let same = |earlier: &Checkpoint| earlier.of == of;
        if earlier.as_ref().is_some_and(|earlier| !same(earlier)) {
            eprintln!(
                "the interrupted import had other options, or its file has changed: from the start"
            );
        }
        earlier.filter(same).unwrap_or(Checkpoint {
            of,
            position: Position::default(),
            counts: Counts::default(),
            report_bytes: 0,
            slowest: None,
        })
    }
}

/// Records what was done, unless somebody who was told so stops that, too.
async fn recorded(
    run: &Run<'_>,
    ended: &Result<Ended, Failure>,
    interrupts: &Interrupts,
) -> Result<(), Failure> {
    let how = match ended {
        Ok(Ended::Whole) => "whole",
        Ok(Ended::Interrupted) => "interrupted",
        // The table may be what it has not waited for.
        Ok(Ended::AtOnce) => return Ok(()),
        Err(_) => "failed",
    };
    let mut recording = pin!(run.record(how));
    if how != "interrupted" {
        tokio::select! {
            recorded = &mut recording => return recorded,
            () = interrupts.next() => eprintln!("recording what was done; again to leave that out"),
        }
    }
    tokio::select! {
        recorded = recording => recorded,
        () = interrupts.next() => Err(interrupt::failure("what was done is not recorded")),
    }
}

/// The columns of CSV.
fn header(records: &mut Records, format: Format) -> Result<Option<Vec<String>>, Failure> {
    if format == Format::Jsonl {
        return Ok(None);
    }
    let read = records.next();
    let read = read.map_err(|error| Failure::new(format!("the file cannot be read: {error}")))?;
    let text = read.ok_or("it is not there".to_owned());
    let text = text.and_then(|record| record.text.map_err(str::to_owned));
    let columns = text.and_then(|text| row::fields(&text));
    let columns = columns.map_err(|why| Failure::new(format!("the header row: {why}")))?;
    let distinct: BTreeSet<&String> = columns.iter().collect();
    if distinct.len() < columns.len() {
        return Err(Failure::new("the header row has a column twice"));
    }
    if !columns.iter().any(|column| column == "email") {
        return Err(Failure::new("the header row has no column email"));
    }
    Ok(Some(columns))
}
