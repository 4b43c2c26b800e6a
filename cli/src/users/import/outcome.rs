//! What an import has come to, said once all rows are done.

use serde_json::json;

use super::checkpoint::{Counts, Kept, Slowest};
use super::run::Run;
use crate::failure::Failure;
use crate::output::Output;

/// Says what it came to.
///
/// # Errors
///
/// With a code of its own where rows were refused.
pub fn tell(run: &Run<'_>, output: &Output, dry_run: bool) -> Result<(), Failure> {
    let kept = run.kept.as_ref().map_or(Ok(()), Kept::remove);
    kept.map_err(|error| Failure::new(format!("cannot forget the place: {error}")))?;
    let Counts {
        imported,
        already_there,
        refused,
    } = run.checkpoint.counts;
    let slowest = run.checkpoint.slowest.as_ref();
    let report = (refused > 0).then(|| run.report.path().display().to_string());
    let milliseconds = slowest.map(|slowest| slowest.milliseconds);
    let document = json!({
        "dry_run": dry_run,
        "imported": imported,
        "already_there": already_there,
        "refused": refused,
        "report": report,
        "slowest_hash_ms": milliseconds,
    });
    let verb = if dry_run { "would come" } else { "imported" };
    let mut fields = vec![
        (verb, imported.to_string()),
        ("already there", already_there.to_string()),
        ("refused", refused.to_string()),
    ];
    if let Some(Slowest {
        scheme,
        milliseconds,
    }) = slowest
    {
        fields.push(("slowest hash", format!("{scheme}, {milliseconds} ms here")));
    }
    output.one(&document, &fields)?;
    if slowest.is_some() {
        eprintln!(
            "until everybody has signed in once, a wrong password may be refused sooner or later than \
             one for nobody's name: set FailedLoginFloorMs above what the slowest hash takes there"
        );
    }
    match report {
        Some(report) => Err(Failure::in_part(format!(
            "{refused} rows were refused: {report} says why"
        ))),
        None => Ok(()),
    }
}
