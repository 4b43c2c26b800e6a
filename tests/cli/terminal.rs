//! A command at a terminal, with somebody who reads and types.

use std::process::Stdio;

use local::template::workspace;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::CommandLine;

/// What is waited for on the screen, and what is typed then.
pub type Step = (String, Option<String>);

/// Types a line once this is on the screen.
pub fn typed(text: &str, line: &str) -> Step {
    press(text, &format!("{line}\r"))
}

/// Types a line that nobody may see, once this is on the screen and the terminal shows no typing.
pub fn hidden(text: &str, line: &str) -> Step {
    press(text, &format!("\0{line}\r"))
}

/// Presses these keys once this is on the screen: `\x03` is Ctrl-C, `\x04` Ctrl-D, and `\x01` SIGTERM. After `\0` it waits
/// until the terminal no longer shows what is typed.
pub fn press(text: &str, keys: &str) -> Step {
    (text.to_owned(), Some(keys.to_owned()))
}

/// What was to be seen.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The exit code; of a signal its negative number.
    pub code: i64,
    /// All that the terminal has shown, what was typed included where it showed that.
    pub screen: String,
    /// What was printed into the pipe, where standard output was one.
    pub stdout: String,
    /// Whether the terminal showed what was typed, at each step.
    pub echo: Vec<bool>,
    /// Whether the terminal was left as a shell needs it.
    pub sane: bool,
}

impl CommandLine {
    /// Runs a command at a terminal, and types.
    pub async fn at_terminal(&self, arguments: &[&str], steps: &[Step]) -> Shown {
        self.seen(arguments, steps, false).await
    }

    /// The same with its standard output in a pipe.
    pub async fn at_terminal_into_pipe(&self, arguments: &[&str], steps: &[Step]) -> Shown {
        self.seen(arguments, steps, true).await
    }

    async fn seen(&self, arguments: &[&str], steps: &[Step], piped: bool) -> Shown {
        let target = self.target.iter().map(String::as_str);
        let arguments: Vec<&str> = target.chain(arguments.iter().copied()).collect();
        let task = json!({
            "program": self.program,
            "arguments": arguments,
            "environment": self.environment,
            "piped": piped,
            "steps": steps,
        });
        let mut python = Command::new("python3");
        python
            .arg(workspace().join("tests/clients/terminal.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut python = python.spawn().expect("python3 starts");
        let mut input = python.stdin.take().expect("a pipe");
        let task = task.to_string();
        input.write_all(task.as_bytes()).await.expect("it reads");
        drop(input);
        let output = python.wait_with_output().await.expect("it ends");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        assert!(report.get("error").is_none(), "{arguments:?}: {report:#}");
        let text = |name: &str| report[name].as_str().expect("text").to_owned();
        let echo = report["echo"].as_array().expect("a list").iter();
        Shown {
            code: report["code"].as_i64().expect("a code"),
            screen: text("screen"),
            stdout: text("stdout"),
            echo: echo.map(|echo| echo.as_bool().expect("a bool")).collect(),
            sane: report["sane"].as_bool().expect("a bool"),
        }
    }
}
