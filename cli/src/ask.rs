//! Asking the operator, who sits at a terminal; and reading what a program hands over in a pipe.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::thread;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use shared::password::MAX_BYTES;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::interrupt::interruptible;

/// How often a question is asked anew.
const TRIES: u32 = 5;
/// The longest line that a terminal hands over, in bytes (`MAX_CANON` is less, Linux takes so much).
const LONGEST_LINE: usize = 4096;
/// The longest text that a pipe may hand over, in bytes.
const MOST_BYTES: u64 = 64 * 1024;

/// Whether somebody can be asked.
pub fn at_terminal() -> bool {
    io::stdin().is_terminal()
}

/// What `given` is, or else the answer to a question; where nobody can be asked, `otherwise` says what is
/// missing. What `parse` refuses is asked again.
pub fn needed<T>(
    given: Option<T>,
    question: &str,
    otherwise: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Failure> {
    if let Some(given) = given {
        return Ok(given);
    }
    if !at_terminal() {
        return Err(Failure::usage(otherwise));
    }
    for _ in 0..TRIES {
        match parse(&line(question)?) {
            Ok(answer) => return Ok(answer),
            Err(why) => eprintln!("{why}"),
        }
    }
    Err(Failure::new("that is no answer"))
}

/// The answer to a question that may have none.
pub fn optional<T>(
    question: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Failure> {
    let question = format!("{question} (none: just Enter)");
    let parse = |text: &str| match text {
        "" => Ok(None),
        text => parse(text).map(Some),
    };
    needed(None, &question, "", parse)
}

/// Goes on only where the operator agrees, by `--yes` or when asked.
pub fn agree(yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !at_terminal() {
        let what = "--yes is needed where nobody can be asked whether that is meant";
        return Err(Failure::usage(what));
    }
    match line(&format!("{question} [y/N]"))?.as_str() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::new("nothing was done")),
    }
}

/// One line that the operator types, without white space around it.
fn line(question: &str) -> Result<String, Failure> {
    // In one piece: whoever answers at once answers to all of it.
    let _ = io::stderr().write_all(format!("{question}: ").as_bytes());
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line);
    if read.map_err(|error| unreadable(&error))? == 0 {
        return Err(no_answer());
    }
    Ok(line.trim().to_owned())
}

/// A secret that the operator types, and nobody sees.
pub async fn hidden(question: &str) -> Result<Zeroizing<String>, Failure> {
    let typed = interruptible(unseen(question)).await?;
    typed.ok_or_else(no_answer)
}

async fn unseen(question: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    let failed = |error| unreadable(&error);
    let terminal = File::options().read(true).write(true).open("/dev/tty");
    let terminal = terminal.map_err(failed)?;
    let _unseen = Unseen::at(&terminal).map_err(failed)?;
    let _ = (&terminal).write_all(format!("{question}: ").as_bytes());
    let (answer, answered) = oneshot::channel();
    // Whoever is stopped meanwhile does not wait for it.
    thread::spawn(move || {
        let _ = answer.send(read_line(&terminal));
    });
    answered
        .await
        .map_err(io::Error::other)
        .flatten()
        .map_err(failed)
}

/// A terminal that does not show what is typed, and does again once this is dropped.
struct Unseen(OwnedFd, Termios);

impl Unseen {
    fn at(terminal: &File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        // But the end of the line is shown.
        unseen.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(terminal, OptionalActions::Now, &unseen)?;
        Ok(Self(terminal.as_fd().try_clone_to_owned()?, before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that is gone needs none.
        let _ = tcsetattr(&self.0, OptionalActions::Now, &self.1);
    }
}

/// A line of a terminal, without its end; `None` where there is no more.
fn read_line(mut terminal: &File) -> io::Result<Option<Zeroizing<String>>> {
    // A terminal hands over a line at a time, and none is longer.
    let mut bytes = Zeroizing::new(vec![0; LONGEST_LINE]);
    let read = terminal.read(&mut bytes)?;
    if read == 0 {
        return Ok(None);
    }
    let line = str::from_utf8(&bytes[..read]).map_err(io::Error::other)?;
    let line = line.strip_suffix('\n').unwrap_or(line);
    Ok(Some(Zeroizing::new(line.to_owned())))
}

fn no_answer() -> Failure {
    eprintln!();
    Failure::new("no answer, and nothing was done")
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::new(format!("the terminal cannot be read: {error}"))
}

/// A new password, typed twice; `judge` says what is wrong with one.
pub async fn new_password(
    judge: impl Fn(&str) -> Result<(), Failure>,
) -> Result<Zeroizing<String>, Failure> {
    for _ in 0..TRIES {
        let password = hidden("Password (it is not shown)").await?;
        let refused = fits(&password).and_then(|()| judge(&password));
        if let Err(refused) = refused {
            eprintln!("{}", refused.message);
            continue;
        }
        if hidden("The same again").await? == password {
            return Ok(password);
        }
        eprintln!("The two are not the same.");
    }
    Err(Failure::new("no password, and nothing was done"))
}

/// A password in a pipe, which a line break may end.
pub fn piped_password() -> Result<Zeroizing<String>, Failure> {
    let text = piped()?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Failure::new("there is no password on standard input"));
    }
    fits(password)?;
    Ok(Zeroizing::new(password.to_owned()))
}

fn fits(password: &str) -> Result<(), Failure> {
    if password.len() > MAX_BYTES {
        let what = format!("The password must have at most {MAX_BYTES} bytes.");
        return Err(Failure::new(what));
    }
    Ok(())
}

/// All that is on standard input.
pub fn piped() -> Result<Zeroizing<String>, Failure> {
    // In one piece, so that no copy is left behind where it grows.
    let mut text = Zeroizing::new(String::with_capacity(64 * 1024 + 1));
    let read = io::stdin().take(MOST_BYTES + 1).read_to_string(&mut text);
    match read {
        Ok(bytes) if bytes as u64 > MOST_BYTES => Err(Failure::new(
            "standard input has more than 64 KiB, which is not what was meant",
        )),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Err(Failure::new("standard input must be UTF-8"))
        }
        Err(error) => Err(Failure::new(format!("cannot read standard input: {error}"))),
    }
}
