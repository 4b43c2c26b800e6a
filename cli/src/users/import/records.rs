//! The records of a file, one after another: lines of JSON, or rows of CSV (RFC 4180), whose quoted fields
//! may have line ends. However long a record is, no more than 64 KiB of it are held.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum Format {
    /// A JSON object on each line.
    Jsonl,
    /// Comma-separated values with a header row.
    Csv,
}

/// The longest record, in bytes: some thirty times what a user takes.
const LONGEST: usize = 64 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A place between two records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Bytes before it.
    pub bytes: u64,
    /// Lines before it.
    pub lines: u64,
}

/// A record.
pub struct Record {
    /// The line in which it begins, from 1 on.
    pub line: u64,
    /// Where it ends.
    pub end: Position,
    /// Its text, or why there is none.
    pub text: Result<String, &'static str>,
}

/// What reads them.
pub struct Records {
    input: BufReader<File>,
    format: Format,
    position: Position,
}

/// Where in a row of CSV a byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the beginning of a field.
    Beginning,
    /// In a field without quotes, or behind the quotes of one.
    Plain,
    /// In quotes.
    Quoted,
    /// Behind a quote that ends the quotes, unless another follows.
    Quote,
}

impl Place {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::Quote,
            (Self::Beginning | Self::Quote, b'"') | (Self::Quoted, _) => Self::Quoted,
            (_, b',') => Self::Beginning,
            _ => Self::Plain,
        }
    }
}

impl Records {
    /// Those of a file, from its beginning on.
    pub fn new(file: File, format: Format) -> Self {
        Self {
            input: BufReader::new(file),
            format,
            position: Position::default(),
        }
    }

    /// Goes on from another place between two records.
    pub fn go_to(&mut self, position: Position) -> io::Result<()> {
        self.input.seek(SeekFrom::Start(position.bytes))?;
        self.position = position;
        Ok(())
    }

    /// The next record; blank lines are none.
    pub fn next(&mut self) -> io::Result<Option<Record>> {
        loop {
            let start = self.position;
            let Some(mut text) = self.read()? else {
                return Ok(None);
            };
            if let (0, Ok(bytes)) = (start.bytes, &mut text)
                && bytes.starts_with(BYTE_ORDER_MARK)
            {
                bytes.drain(..BYTE_ORDER_MARK.len());
            }
            if text
                .as_ref()
                .is_ok_and(|bytes| bytes.trim_ascii().is_empty())
            {
                continue;
            }
            let utf8 = |bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8");
            return Ok(Some(Record {
                line: start.lines + 1,
                end: self.position,
                text: text.and_then(utf8),
            }));
        }
    }

    /// The bytes up to the end of a record, or why they are not kept; `None` at the end of the file.
    fn read(&mut self) -> io::Result<Option<Result<Vec<u8>, &'static str>>> {
        let mut bytes = Vec::new();
        let mut place = Place::Beginning;
        let (mut any, mut too_long) = (false, false);
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            any = true;
            let mut taken = 0;
            let mut ended = false;
            for &byte in buffer {
                taken += 1;
                if byte == b'\n' {
                    self.position.lines += 1;
                    ended = self.format == Format::Jsonl || place != Place::Quoted;
                }
                if ended {
                    break;
                }
                place = place.after(byte);
            }
            too_long |= bytes.len() + taken > LONGEST;
            if !too_long {
                bytes.extend_from_slice(&buffer[..taken]);
            }
            self.input.consume(taken);
            self.position.bytes += u64::try_from(taken).unwrap_or(u64::MAX);
            if ended {
                return Ok(Some(if too_long { Err(TOO_LONG) } else { Ok(bytes) }));
            }
        }
        if !any {
            return Ok(None);
        }
        // The last line has no end.
        self.position.lines += 1;
        Ok(Some(match (self.format, place) {
            (Format::Csv, Place::Quoted) => Err("its quotes are never closed"),
            _ if too_long => Err(TOO_LONG),
            _ => Ok(bytes),
        }))
    }
}

const TOO_LONG: &str = "it is longer than 64 KiB";
