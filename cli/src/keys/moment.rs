//! `gatehouse keys not-before`.

use std::io::{self, BufRead as _, IsTerminal as _};

use serde_json::json;
use shared::auth;
use shared::clock::Timestamp;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// Has everybody sign in again whose token or session was made before `moment`.
pub async fn not_before(
    operator: &Operator,
    output: &Output,
    moment: &str,
    yes: bool,
) -> Result<(), Failure> {
    let now = operator.now();
    let moment = whole(parse(moment, now)?);
    // Until then everybody would be refused, those who sign in as well.
    if moment > now.plus_seconds(1) {
        return Err(Failure::usage("the moment must not be in the future"));
    }
    agree(
        yes,
        &format!("Sign out everybody who signed in before {moment}?"),
    )?;
    auth::keys::not_before(&operator.app, &operator.call(), moment).await?;
    let done = json!({"not_before": moment.to_string()});
    output.one(&done, &[("not before", moment.to_string())])?;
    eprintln!("Every instance heeds it within a minute.");
    Ok(())
}

fn parse(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    if text == "now" {
        return Ok(now);
    }
    let what = "the moment must be `now`, or like 2025-03-01T05:28:42Z";
    Timestamp::parse(text).ok_or_else(|| Failure::usage(what))
}

/// The next whole second: a token says when it was made in whole seconds, rounded down.
fn whole(moment: Timestamp) -> Timestamp {
    let second = Timestamp::from_seconds(moment.seconds());
    if second == moment {
        moment
    } else {
        second.plus_seconds(1)
    }
}

fn agree(yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        let what = "--yes is needed where nobody can be asked whether that is meant";
        return Err(Failure::usage(what));
    }
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Failure::new(format!("cannot read the answer: {error}")))?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::new("nothing was done")),
    }
}
