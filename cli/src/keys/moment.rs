//! `gatehouse keys not-before`.

use serde_json::json;
use shared::auth;
use shared::clock::Timestamp;

use crate::ask::agree;
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
    let question = format!("Sign out everybody who signed in before {moment}?");
    agree(yes, &question).await?;
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
