//! What the checks have found.

use serde::Serialize;
use serde_json::json;

use crate::failure::Failure;
use crate::output::{Output, harmless};

/// What a check has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All is well.
    Ok,
    /// It works, and somebody should know.
    Warn,
    /// It does not work.
    Fail,
    /// It could not be looked at.
    Skip,
}

#[derive(Debug, Serialize)]
struct Line {
    check: &'static str,
    status: Status,
    detail: String,
}

/// The lines, printed as they come, or as one document at the end.
#[derive(Debug)]
pub struct Report<'a> {
    output: &'a Output,
    lines: Vec<Line>,
}

impl<'a> Report<'a> {
    /// Without a line.
    pub fn new(output: &'a Output) -> Self {
        let lines = Vec::new();
        Self { output, lines }
    }

    /// What a check has found.
    pub fn say(
        &mut self,
        status: Status,
        check: &'static str,
        detail: impl Into<String>,
    ) -> Result<(), Failure> {
        let detail = harmless(&detail.into());
        if !self.output.json {
            let word = match status {
                Status::Ok => "ok",
                Status::Warn => "warn",
                Status::Fail => "fail",
                Status::Skip => "skip",
            };
            self.output
                .line(&format!("{word:4}  {check:24}  {detail}"))?;
        }
        self.lines.push(Line {
            check,
            status,
            detail,
        });
        Ok(())
    }

    /// A check that is well, or why it is not.
    pub fn found(
        &mut self,
        check: &'static str,
        found: Result<String, String>,
    ) -> Result<(), Failure> {
        match found {
            Ok(detail) => self.say(Status::Ok, check, detail),
            Err(detail) => self.say(Status::Fail, check, detail),
        }
    }

    /// Checks that what failed before them leaves nothing to look at for.
    pub fn skip(&mut self, checks: &[&'static str], why: &str) -> Result<(), Failure> {
        let mut checks = checks.iter();
        checks.try_for_each(|check| self.say(Status::Skip, check, why))
    }

    /// Prints the document, for programs.
    pub fn end(&self) -> Result<(), Failure> {
        if !self.output.json {
            return Ok(());
        }
        let failed = self.failed();
        self.output
            .one(&json!({"checks": self.lines, "failed": failed}), &[])
    }

    /// Whether all is well.
    pub fn verdict(&self) -> Result<(), Failure> {
        match self.failed() {
            0 => Ok(()),
            failed => {
                let all = self.lines.len();
                Err(Failure::new(format!("{failed} of {all} checks failed")))
            }
        }
    }

    fn failed(&self) -> usize {
        let failed = self.lines.iter().filter(|line| line.status == Status::Fail);
        failed.count()
    }
}
