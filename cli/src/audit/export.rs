//! All of a span, written out page by page.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;
use serde_json::Value;
use shared::auth::audit_log::forward::forward;
use shared::auth::audit_log::{Position, Sought};
use shared::clock::Timestamp;

use super::span::Moment;
use super::{Which, json};
use crate::failure::Failure;
use crate::interrupt::{self, Interrupts};
use crate::operator::Operator;
use crate::output::{Output, unwritten};

/// What is written out, and where to.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    which: Which,

    /// Only up to this moment; by default five minutes ago, since events come into the log a little
    /// late, and an export that goes on from here later would miss those.
    #[arg(long, value_name = "TIME")]
    to: Option<Moment>,

    /// The file to write, which only you can read; by default standard output.
    #[arg(long, visible_alias = "out", short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Go on after the last event of the file.
    #[arg(long, requires = "output")]
    append: bool,

    /// Go on after this place, which an export that was stopped has named.
    #[arg(long, value_name = "PLACE", conflicts_with = "append", value_parser = place)]
    after: Option<Position>,
}

/// How long an event may be on its way into the log, in seconds.
const SETTLED_SECONDS: i64 = 300;
/// No line is longer.
const LONGEST_LINE: u64 = 65_536;

fn place(text: &str) -> Result<Position, &'static str> {
    Position::parse(text).ok_or("it must be a place that an export has named")
}

impl Export {
    /// Writes it.
    pub async fn run(self, operator: &Operator, _: &Output) -> Result<(), Failure> {
        let now = operator.now();
        let settled = now.plus_seconds(-SETTLED_SECONDS);
        let to = self.to.map_or(settled, |to| to.end(now));
        let sought = self.which.sought(&operator.app, Some(to), now).await?;
        let mut place = self.after.clone();
        let mut sink = match &self.output {
            None => Sink::to(None, io::stdout()),
            Some(path) => {
                let file = open(path, self.append, &sought, &mut place)?;
                Sink::to(Some(path), file)
            }
        };
        let interrupts = Interrupts::heeded();
        let written = write((operator, &interrupts), &sought, &mut place, &mut sink, now).await;
        sink.flush()?;
        let count = written?;
        eprintln!("{count} events");
        Ok(())
    }
}

async fn write(
    (operator, interrupts): (&Operator, &Interrupts),
    sought: &Sought,
    place: &mut Option<Position>,
    sink: &mut Sink<'_>,
    now: Timestamp,
) -> Result<u64, Failure> {
    let progress = ProgressBar::new_spinner();
    let mut count = 0;
    let mut next = place.clone();
    loop {
        let page = tokio::select! {
            page = forward(&operator.app, sought, next.as_ref(), now) => page,
            () = interrupts.next() => return Err(interrupt::failure(stopped("interrupted", place.as_ref()))),
        };
        let (events, following) = page.map_err(|error| {
            let why = Failure::from(error).message;
            Failure::in_part(stopped(&why, place.as_ref()))
        })?;
        for event in &events {
            sink.line(&json(event)?)?;
            count += 1;
        }
        if let Some(last) = events.last() {
            *place = Some(Position::of(last));
            progress.set_message(format!("{count} events, up to {}", last.time));
        }
        progress.tick();
        next = following;
        if next.is_none() {
            progress.finish_and_clear();
            return Ok(count);
        }
    }
}

fn stopped(why: &str, place: Option<&Position>) -> String {
    match place {
        Some(place) => {
            let place = place.as_str();
            format!("{why}: go on with --after '{place}', or with --append to the file")
        }
        None => format!("{why}: nothing was written"),
    }
}

/// A file of one's own: a new one, or with `append` one whose last event is the new `place`.
fn open(
    path: &Path,
    append: bool,
    sought: &Sought,
    place: &mut Option<Position>,
) -> Result<File, Failure> {
    let failed =
        |error: io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    if !append {
        let file = options.create_new(true).open(path);
        return file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                let path = path.display();
                Failure::usage(format!("{path} is there: take another, or --append to it"))
            }
            _ => failed(error),
        });
    }
    let mut file = options
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(failed)?;
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(failed)?;
    let (end, last) = last_line(&mut file).map_err(failed)?;
    if let Some(last) = last {
        let unlike = || {
            let path = path.display();
            Failure::usage(format!("{path} is no export of this log"))
        };
        *place = Some(position(&last, sought).ok_or_else(unlike)?);
    }
    // What an export that was killed has left of a line.
    file.set_len(end).map_err(failed)?;
    file.seek(SeekFrom::End(0)).map_err(failed)?;
    Ok(file)
}

/// Where the last whole line ends, and that line, if there is one.
fn last_line(file: &mut File) -> io::Result<(u64, Option<String>)> {
    let length = file.seek(SeekFrom::End(0))?;
    let start = length.saturating_sub(2 * LONGEST_LINE);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let Some(end) = tail.iter().rposition(|byte| *byte == b'\n') else {
        return Ok((0, (start > 0).then(String::new)));
    };
    let before = tail[..end].iter().rposition(|byte| *byte == b'\n');
    let line = &tail[before.map_or(0, |before| before + 1)..end];
    let line = String::from_utf8_lossy(line).into_owned();
    let end = u64::try_from(end).unwrap_or_default();
    Ok((start + end + 1, Some(line)))
}

/// Where the event of a line stands in this log.
fn position(line: &str, sought: &Sought) -> Option<Position> {
    let event: Value = serde_json::from_str(line).ok()?;
    let tenant = event["tenant_id"].as_str().unwrap_or("-");
    let (time, id) = (event["time"].as_str()?, event["id"].as_str()?);
    let position = Position::parse(&format!("{time}#{id}"));
    position.filter(|_| tenant == sought.tenant.as_str())
}

/// Where lines go.
struct Sink<'a> {
    path: Option<&'a Path>,
    writer: BufWriter<Box<dyn Write>>,
}

impl<'a> Sink<'a> {
    fn to(path: Option<&'a PathBuf>, writer: impl Write + 'static) -> Self {
        let path = path.map(PathBuf::as_path);
        let writer = BufWriter::new(Box::new(writer) as Box<dyn Write>);
        Self { path, writer }
    }

    fn line(&mut self, line: &str) -> Result<(), Failure> {
        let written = writeln!(self.writer, "{line}");
        written.map_err(|error| self.failed(&error))
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let written = self.writer.flush();
        written.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> Failure {
        match self.path {
            Some(path) => Failure::new(format!("cannot write {}: {error}", path.display())),
            None => unwritten(error),
        }
    }
}
