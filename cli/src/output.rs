//! What commands print: text for people, or one JSON document for programs, on standard output.
//! Everything else (questions, progress, failures) goes to standard error.

use std::io::{self, ErrorKind, Write as _};

use serde::Serialize;
use serde_json::json;

use crate::failure::Failure;

/// How to print.
#[derive(Debug)]
pub struct Output {
    /// JSON in place of text.
    pub json: bool,
}

/// A program that no longer reads ends whoever writes, by this code (128 and SIGPIPE).
const NOBODY_READS: u8 = 141;

impl Output {
    /// Prints one thing: its members for programs, these fields for people.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub fn one<T: Serialize>(&self, value: &T, fields: &[(&str, String)]) -> Result<(), Failure> {
        if self.json {
            return print(&text(value)?);
        }
        let widest = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines = fields
            .iter()
            .map(|(name, value)| format!("{name:widest$}  {}", harmless(value)));
        print(&lines.collect::<Vec<_>>().join("\n"))
    }

    /// Prints a list: under `name` for programs, as a table with these columns for people.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub fn list<T: Serialize, const N: usize>(
        &self,
        name: &str,
        items: &[T],
        columns: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> Result<(), Failure> {
        if self.json {
            return print(&text(&json!({ name: items }))?);
        }
        let rows = items
            .iter()
            .map(|item| row(item).map(|cell| harmless(&cell)));
        let rows: Vec<[String; N]> = rows.collect();
        let mut widths = columns.map(str::len);
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(columns_of(cell));
            }
        }
        let line = |cells: [&str; N]| {
            let cells = cells.iter().zip(widths);
            let cells = cells.map(|(cell, width)| {
                let missing = width.saturating_sub(columns_of(cell));
                format!("{cell}{}", " ".repeat(missing))
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut lines = vec![line(columns)];
        lines.extend(
            rows.iter()
                .map(|row| line(row.each_ref().map(String::as_str))),
        );
        print(&lines.join("\n"))
    }

    /// Prints one line of a stream, for people and programs alike.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    #[expect(
        clippy::unused_self,
        reason = "as the others, so that none prints past them"
    )]
    pub fn line(&self, line: &str) -> Result<(), Failure> {
        print(line)
    }
}

/// What a table shows where there is nothing.
pub fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// What people are shown of a text that somebody else wrote: nothing in it moves the cursor, or turns what
/// follows around.
pub fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // The controls of bidirectional text, which no terminal and no reader expects in a name.
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// How many columns of a terminal a text takes: wide characters (most of East Asia's, emoji) take two, and
/// marks on another one none.
fn columns_of(text: &str) -> usize {
    let columns = text.chars().map(|c| match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    });
    columns.sum()
}

fn text(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|_| Failure::new("the answer cannot be written as JSON"))
}

fn print(text: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{text}").map_err(|error| unwritten(&error))
}

/// That standard output cannot be written.
pub fn unwritten(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure {
            message: String::new(),
            code: NOBODY_READS,
        },
        _ => Failure::new(format!("cannot write the output: {error}")),
    }
}
