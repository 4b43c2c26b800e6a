//! What anybody may ask the API, and what its answers carry.

use shared::clock::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::Halt;
use super::endpoint::{Ask, Endpoint, Lost, Reply};
use super::report::{Report, Status};
use crate::operator::Operator;

/// Instances may be so far apart, in seconds, and so may this machine.
const CLOSE_SECONDS: i64 = 5;
/// AWS refuses what is signed five minutes ago; an hour's token is a minute short.
const FAR_SECONDS: i64 = 60;

const RENAMED: &str = "x-amzn-remapped-www-authenticate";

/// Checks it; `active` is the kid of the key that signs.
pub async fn check(
    api: &Endpoint,
    operator: &Operator,
    active: Option<&str>,
    report: &mut Report<'_>,
) -> Result<(), Halt> {
    let before = operator.now();
    let healthz = ask(api, "health", "/healthz").await?;
    let after = operator.now();
    report.found("api.healthz", is_ok(&healthz))?;
    match healthz.as_ref().ok().and_then(|reply| reply.header("date")) {
        Some(date) => clock(date, before, after, report)?,
        None => report.skip(&["api.clock"], "no answer has a date")?,
    }
    let readyz = ask(api, "health", "/readyz").await?;
    let ready = readyz.and_then(|reply| match reply.status {
        200 => Ok("table and keys".to_owned()),
        503 if reply.body["checks"].is_object() => {
            let checks = &reply.body["checks"];
            Err(format!("not ready: {checks}"))
        }
        _ => Err(reply.unexpected()),
    });
    report.found("api.readyz", ready)?;
    let discovery = ask(api, "discovery", "/.well-known/openid-configuration").await?;
    report.found(
        "api.issuer",
        issuer(&discovery, &operator.environment.config.issuer),
    )?;
    let jwks = ask(api, "jwks", "/.well-known/jwks.json").await?;
    report.found("api.jwks", has_active(&jwks, active))?;
    match ask(api, "me", "/api/auth/me").await? {
        Ok(reply) if reply.status == 401 => refusal(&reply, report)?,
        Ok(reply) => {
            report.say(Status::Fail, "api.refusal", reply.unexpected())?;
            report.skip(&OF_REFUSAL, "nothing was refused")?;
        }
        Err(away) => {
            report.say(Status::Fail, "api.refusal", away)?;
            report.skip(&OF_REFUSAL, "there is no answer")?;
        }
    }
    Ok(())
}

const OF_REFUSAL: [&str; 3] = [
    "api.request-id",
    "header.www-authenticate",
    "header.ratelimit",
];

async fn ask(
    api: &Endpoint,
    function: &'static str,
    path: &str,
) -> Result<Result<Reply, String>, Halt> {
    match api.send(Ask::new(function, "GET", path)).await {
        Ok(reply) => Ok(Ok(reply)),
        Err(Lost::Away(why)) => Ok(Err(why)),
        Err(Lost::Interrupted) => Err(Halt::Interrupted),
    }
}

fn is_ok(reply: &Result<Reply, String>) -> Result<String, String> {
    let reply = reply.as_ref().map_err(String::clone)?;
    match reply.status {
        200 => Ok("answers".to_owned()),
        _ => Err(reply.unexpected()),
    }
}

fn issuer(reply: &Result<Reply, String>, expected: &str) -> Result<String, String> {
    let reply = reply.as_ref().map_err(String::clone)?;
    if reply.status != 200 {
        return Err(reply.unexpected());
    }
    let issuer = reply.text("issuer").unwrap_or_default();
    if issuer != expected {
        return Err(format!(
            "{issuer} in place of {expected}: no verifier takes such tokens"
        ));
    }
    let keys = reply.text("jwks_uri").unwrap_or_default();
    let place = format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/'));
    if keys != place {
        return Err(format!(
            "the keys are said to be at {keys} in place of {place}"
        ));
    }
    Ok(issuer.to_owned())
}

fn has_active(reply: &Result<Reply, String>, active: Option<&str>) -> Result<String, String> {
    let reply = reply.as_ref().map_err(String::clone)?;
    if reply.status != 200 {
        return Err(reply.unexpected());
    }
    let keys = reply.body["keys"].as_array();
    let kids = keys
        .into_iter()
        .flatten()
        .filter_map(|key| key["kid"].as_str());
    let kids: Vec<&str> = kids.collect();
    let count = kids.len();
    match active {
        Some(active) if !kids.contains(&active) => Err(format!(
            "{active}, which signs, is not among the {count} keys"
        )),
        None if kids.is_empty() => Err("there is no key".to_owned()),
        _ => Ok(format!("{count} keys")),
    }
}

/// What a 401 carries.
fn refusal(reply: &Reply, report: &mut Report<'_>) -> Result<(), Halt> {
    let asked = "a call without a token is refused";
    report.say(Status::Ok, "api.refusal", asked)?;
    let id = reply.text("request_id").filter(|id| !id.is_empty());
    let id = id.map(|id| format!("in the body, as {id}"));
    report.found("api.request-id", id.ok_or("an error has none".to_owned()))?;
    let check = "header.www-authenticate";
    match (reply.header("www-authenticate"), reply.header(RENAMED)) {
        (Some(_), _) => report.say(Status::Ok, check, "arrives")?,
        (None, Some(_)) => report.say(Status::Warn, check, format!("arrives as {RENAMED}"))?,
        (None, None) => report.say(Status::Fail, check, "a 401 has none")?,
    }
    let names = [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ];
    let missing: Vec<_> = names
        .into_iter()
        .filter(|name| reply.header(name).is_none())
        .collect();
    let found = if missing.is_empty() {
        Ok("arrive".to_owned())
    } else {
        Err(format!("missing: {}", missing.join(", ")))
    };
    Ok(report.found("header.ratelimit", found)?)
}

/// How far this machine's clock is from the API's, which says whole seconds.
fn clock(
    date: &str,
    before: Timestamp,
    after: Timestamp,
    report: &mut Report<'_>,
) -> Result<(), Halt> {
    let check = "api.clock";
    let Ok(theirs) = OffsetDateTime::parse(date, &Rfc2822) else {
        return Ok(report.skip(&[check], "the date of an answer cannot be read")?);
    };
    let theirs = theirs.unix_timestamp();
    let off = if theirs < before.seconds() {
        before.seconds() - theirs
    } else {
        (theirs - after.seconds()).max(0)
    };
    let status = match off {
        ..=CLOSE_SECONDS => Status::Ok,
        off if off <= FAR_SECONDS => Status::Warn,
        _ => Status::Fail,
    };
    let detail = match status {
        Status::Ok => "this machine's and the API's agree".to_owned(),
        _ => format!("this machine's and the API's are {off} s apart"),
    };
    Ok(report.say(status, check, detail)?)
}
