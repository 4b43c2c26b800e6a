//! Asking the operator, who sits at a terminal; and reading what a program hands over in a pipe.

use std::fs::File;
use std::future::pending;
use std::io::{self, ErrorKind, IsTerminal as _, Read as _, Write as _};
use std::thread;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use shared::password::MAX_BYTES;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// How often a question is asked anew.
const TRIES: u32 = 5;
/// The longest text that a pipe may hand over, in bytes.
const MOST_BYTES: u64 = 64 * 1024;

/// Whether somebody can be asked.
pub fn at_terminal() -> bool {
    io::stdin().is_terminal()
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
    let answer = apart(|| {
        let mut line = String::new();
        let bytes = io::stdin().read_line(&mut line)?;
        Ok((bytes > 0).then_some(line))
    });
    match answer.await {
        Ok(Some(line)) => Ok(line.trim().to_owned()),
        Ok(None) => {
            eprintln!();
            Err(no_answer())
        }
        Err(error) => Err(unreadable(&error)),
    }
}

/// A secret that the operator types, and nobody sees. Ctrl-C counts only where the command is
/// [`interruptible`](crate::interrupt::interruptible).
pub async fn hidden(question: &str) -> Result<Zeroizing<String>, Failure> {
    let _shown = AsItWas::now();
    let question = format!("{question}: ");
    match apart(|| rpassword::prompt_password(question).map(Zeroizing::new)).await {
        Ok(secret) => Ok(secret),
        // The signal that comes with it ends the command.
        Err(error) if error.kind() == ErrorKind::Interrupted => pending().await,
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(no_answer()),
        Err(error) => Err(unreadable(&error)),
    }
}

/// The settings of the terminal, which it has again once this is dropped: whoever is stopped at a hidden
/// question would not see what they type from then on.
struct AsItWas(Option<(File, Termios)>);

impl AsItWas {
    fn now() -> Self {
        let terminal = File::open("/dev/tty").ok();
        Self(terminal.and_then(|terminal| {
            let settings = tcgetattr(&terminal).ok()?;
            Some((terminal, settings))
        }))
    }
}

impl Drop for AsItWas {
    fn drop(&mut self) {
        if let Some((terminal, settings)) = &self.0 {
            // A terminal that is gone needs none.
            let _ = tcsetattr(terminal, OptionalActions::Now, settings);
        }
    }
}

/// Reads on a thread that nobody waits for, so that a question can be left without an answer.
async fn apart<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (answer, answered) = oneshot::channel();
    thread::spawn(move || {
        // Nobody may be listening any more.
        let _ = answer.send(read());
    });
    answered.await.map_err(io::Error::other)?
}

fn no_answer() -> Failure {
    Failure::new("no answer, and nothing was done")
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::new(format!("the terminal cannot be read: {}", error.kind()))
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
