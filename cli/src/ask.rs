//! Asking the operator, who sits at a terminal; and reading what a program hands over in a pipe.

use std::io::{self, ErrorKind, IsTerminal as _, Read as _, Write as _};
use std::thread;

use shared::password::MAX_BYTES;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::interrupt;

/// How often a question is asked anew.
const TRIES: u32 = 5;
/// The longest text that a pipe may hand over, in bytes.
const MOST_BYTES: u64 = 64 * 1024;

/// Whether somebody can be asked.
pub fn at_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Does what may ask: Ctrl-C ends it, wherever it is, and leaves the terminal as it was.
pub async fn interruptible<T>(
    doing: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut interrupt = interrupts()?;
    tokio::select! {
        done = doing => done,
        _ = interrupt.recv() => {
            // After the `^C` that the terminal has shown.
            eprintln!();
            Err(interrupt::failure("interrupted"))
        }
    }
}

/// From here on Ctrl-C is a signal that is heeded, and no longer the end of the process.
fn interrupts() -> Result<Signal, Failure> {
    signal(SignalKind::interrupt())
        .map_err(|error| Failure::new(format!("cannot listen for Ctrl-C: {error}")))
}

/// What `given` is, or else the answer to a question; where nobody can be asked, `otherwise` says what is
/// missing. What `parse` refuses is asked again.
pub async fn needed<T>(
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
        match parse(&line(question).await?) {
            Ok(answer) => return Ok(answer),
            Err(why) => eprintln!("{why}"),
        }
    }
    Err(Failure::new("that is no answer"))
}

/// The answer to a question that may have none.
pub async fn optional<T>(
    question: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Failure> {
    let question = format!("{question} (none: just Enter)");
    let parse = |text: &str| match text {
        "" => Ok(None),
        text => parse(text).map(Some),
    };
    needed(None, &question, "", parse).await
}

/// Goes on only where the operator agrees, by `--yes` or when asked.
pub async fn agree(yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !at_terminal() {
        let what = "--yes is needed where nobody can be asked whether that is meant";
        return Err(Failure::usage(what));
    }
    match line(&format!("{question} [y/N]")).await?.as_str() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::new("nothing was done")),
    }
}

/// One line that the operator types, without white space around it.
async fn line(question: &str) -> Result<String, Failure> {
    // In one piece: whoever answers at once answers to all of it.
    let _ = io::stderr().write_all(format!("{question}: ").as_bytes());
    let (answer, answered) = oneshot::channel();
    // A thread that nobody waits for, so that Ctrl-C ends the question.
    thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        let _ = answer.send(read.map(|bytes| (bytes > 0).then_some(line)));
    });
    match answered.await {
        Ok(Ok(Some(line))) => Ok(line.trim().to_owned()),
        Ok(Ok(None)) => {
            eprintln!();
            Err(Failure::new("no answer, and nothing was done"))
        }
        Ok(Err(_)) | Err(_) => Err(Failure::new("the terminal cannot be read")),
    }
}

/// A secret that the operator types, and nobody sees.
pub fn hidden(question: &str) -> Result<Zeroizing<String>, Failure> {
    // The terminal is made itself again only where the signal does not end the process.
    let _heeded = interrupts()?;
    match rpassword::prompt_password(format!("{question}: ")) {
        Ok(secret) => Ok(Zeroizing::new(secret)),
        Err(error) => Err(match error.kind() {
            ErrorKind::Interrupted => interrupt::failure("interrupted"),
            ErrorKind::UnexpectedEof => Failure::new("no answer, and nothing was done"),
            kind => Failure::new(format!("the terminal cannot be read: {kind}")),
        }),
    }
}

/// A new password, typed twice; `judge` says what is wrong with one.
pub fn new_password(
    judge: impl Fn(&str) -> Result<(), Failure>,
) -> Result<Zeroizing<String>, Failure> {
    for _ in 0..TRIES {
        let password = hidden("Password (it is not shown)")?;
        let refused = fits(&password).and_then(|()| judge(&password));
        if let Err(refused) = refused {
            eprintln!("{}", refused.message);
            continue;
        }
        if hidden("The same again")? == password {
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
