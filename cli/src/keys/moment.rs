//! `gatehouse keys not-before`.

use std::str::FromStr;

use serde_json::json;
use shared::auth;
use shared::clock::Timestamp;

use crate::ask::agree;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// A moment as it is given at the command line.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// When the command runs.
    Now,
    /// That one.
    At(Timestamp),
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "now" {
            return Ok(Self::Now);
        }
        let what = "the moment must be `now`, or like 2025-03-01T05:28:42Z";
        Timestamp::parse(text).map(Self::At).ok_or(what)
    }
}

/// Has everybody sign in again whose token or session was made before `moment`.
pub async fn not_before(
    operator: &Operator,
    output: &Output,
    moment: Moment,
    yes: bool,
) -> Result<(), Failure> {
    let now = operator.now();
    let moment = whole(match moment {
        Moment::Now => now,
        Moment::At(moment) => moment,
    });
    // Until then everybody would be refused, those who sign in as well.
    if moment > now.plus_seconds(1) {
        return Err(Failure::usage("the moment must not be in the future"));
    }
    let question = format!("Sign out everybody who signed in before {moment}?");
    agree(yes, &question)?;
    auth::keys::not_before(&operator.app, &operator.call(), moment).await?;
    let done = json!({"not_before": moment.to_string()});
    output.one(&done, &[("not before", moment.to_string())])?;
    eprintln!("Every instance heeds it within a minute.");
    Ok(())
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
