//! What the values of arguments may be, and what is said of others.

use std::ops::RangeInclusive;

use clap::ValueEnum;
use shared::auth::client;
use shared::auth::login_name::LoginName;
use shared::auth::tenants::new_id;
use shared::config::{ACCESS_SECONDS, RATE_LIMIT, REFRESH_SECONDS};
use shared::error::Error;
use shared::http::members;
use shared::id::TenantId;
use shared::role::Role;
use shared::scope::Scope;
use shared::store::client::ClientStatus;
use shared::store::user::UserStatus;

use crate::failure::Failure;

/// A setting of a tenant: its own, or again the deployment's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting<T> {
    /// As the deployment has it.
    Default,
    /// The tenant's own.
    Own(T),
}

impl<T> Setting<T> {
    /// The tenant's own, if it is to have one.
    pub fn own(self) -> Option<T> {
        match self {
            Self::Default => None,
            Self::Own(value) => Some(value),
        }
    }
}

/// Whether somebody may sign in, as it can be set.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Status {
    Active,
    Suspended,
}

impl From<Status> for UserStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Suspended => Self::Suspended,
        }
    }
}

impl From<Status> for ClientStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Suspended => Self::Suspended,
        }
    }
}

/// A login name: as it was typed, and as it is looked up.
pub type Name = (String, LoginName);

/// The id of a new tenant.
pub fn tenant_id(text: &str) -> Result<TenantId, String> {
    let what =
        "an id has from 1 to 64 letters, digits, - _ and ., and begins with a letter or a digit";
    new_id(text).ok_or_else(|| what.to_owned())
}

/// An e-mail address.
pub fn email(text: &str) -> Result<Name, String> {
    let name = LoginName::new_email(text).map_err(said)?;
    Ok((text.to_owned(), name))
}

/// A username.
pub fn username(text: &str) -> Result<Name, String> {
    let name = LoginName::new_username(text).map_err(said)?;
    Ok((text.to_owned(), name))
}

/// A name to show.
pub fn line(text: &str) -> Result<String, String> {
    members::line("it", text).map_err(said)
}

/// A role.
pub fn role(text: &str) -> Result<Role, String> {
    members::role(text).map_err(said)
}

/// The scope of a client.
pub fn scope(text: &str) -> Result<Scope, String> {
    client::scope(text).map_err(said)
}

fn said(error: Error) -> String {
    Failure::from(error).message
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const UNITS: [(&str, i64); 4] = [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1)];

/// A time with its unit, in seconds.
pub fn duration(text: &str) -> Result<i64, String> {
    let what = "a time has a unit: 90s, 15m, 24h, 7d";
    let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit));
    let (unit, seconds) = unit.ok_or_else(|| what.to_owned())?;
    let count = text.strip_suffix(unit).unwrap_or(text);
    let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    let count: Option<i64> = digits.then(|| count.parse().ok()).flatten();
    let total = count.and_then(|count| count.checked_mul(*seconds));
    total.ok_or_else(|| what.to_owned())
}

/// A time as people say it, in the largest unit that it is whole in.
pub fn spoken(seconds: i64) -> String {
    let whole = UNITS.iter().find(|(_, unit)| seconds % unit == 0);
    let (unit, in_seconds) = whole.unwrap_or(&("s", 1));
    format!("{}{unit}", seconds / in_seconds)
}

fn lifetime(text: &str, bounds: &RangeInclusive<i64>) -> Result<i64, String> {
    let seconds = duration(text)?;
    let (least, most) = (spoken(*bounds.start()), spoken(*bounds.end()));
    bounds
        .contains(&seconds)
        .then_some(seconds)
        .ok_or_else(|| format!("from {least} to {most}"))
}

/// The lifetime of an access token.
pub fn access(text: &str) -> Result<Setting<i64>, String> {
    or_default(text, |text| lifetime(text, &ACCESS_SECONDS))
}

/// The lifetime of a refresh token or a session.
pub fn refresh(text: &str) -> Result<Setting<i64>, String> {
    or_default(text, |text| lifetime(text, &REFRESH_SECONDS))
}

/// A limit a minute.
pub fn rate(text: &str) -> Result<Setting<u32>, String> {
    or_default(text, |text| number(text, &RATE_LIMIT))
}

/// The fewest characters of a password.
pub fn length(text: &str) -> Result<Setting<u32>, String> {
    // Every tenant takes passwords of 64 characters (NIST SP 800-63B).
    or_default(text, |text| number(text, &(6..=64)))
}

/// On or off.
pub fn switch(text: &str) -> Result<Setting<bool>, String> {
    or_default(text, |text| match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("on, off or default".to_owned()),
    })
}

fn or_default<T>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Setting<T>, String> {
    match text {
        "default" => Ok(Setting::Default),
        text => parse(text).map(Setting::Own),
    }
}

fn number(text: &str, bounds: &RangeInclusive<u32>) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    let (least, most) = (bounds.start(), bounds.end());
    number.ok_or_else(|| format!("a whole number from {least} to {most}"))
}
