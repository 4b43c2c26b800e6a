//! A row of the file as a user, checked as the API checks its members.

use serde_json::Value;
use shared::auth::login_name::LoginName;
use shared::auth::users::import::Arrival;
use shared::clock::Timestamp;
use shared::error::Error;
use shared::http::members::{self, Members};
use shared::id::UserId;
use shared::password::Passwords;
use shared::role::{Rank, Role};
use shared::store::user::{CurrentInvite, UserStatus};
use shared::token::access::CLIENT_ID;
use zeroize::Zeroizing;

use crate::users::members::SEPARATOR;

/// What a row may have.
pub struct Rules<'a> {
    /// Whether it may have a `super_admin`.
    pub allow_super_admin: bool,
    /// Says which hashes can be checked.
    pub passwords: &'a Passwords,
}

/// The longest id, in bytes.
const LONGEST_ID: usize = 128;
/// Who acts and signs in under these names is no user: the operator, users' own tokens as a client, and a
/// rotation of keys with its trial of the new ones.
const OURS: [&str; 4] = ["operator", CLIENT_ID, "rotation", "rotate-keys"];
/// The most kinds of a user, and the longest of them, in bytes: a row stays small.
const KINDS: usize = 16;
/// See [`KINDS`].
const LONGEST_KIND: usize = 64;
/// The length of an invite's hash: SHA-256 in base64url.
const INVITE_HASH: usize = 43;

/// The members of a line of JSON.
pub fn of_json(text: &str) -> Result<Members, String> {
    Members::parse(text.as_bytes())
        .map_err(reason)
        .map_err(|why| why.replace("the body", "it"))
}

/// The members of a row of CSV under this header; an empty field is none.
pub fn of_csv(text: &str, header: &[String]) -> Result<Members, String> {
    let fields = fields(text)?;
    if fields.len() != header.len() {
        let (there, wanted) = (fields.len(), header.len());
        return Err(format!("it has {there} fields, the header row {wanted}"));
    }
    let named = header.iter().cloned().zip(fields);
    let given = named.filter(|(_, value)| !value.is_empty());
    Ok(given
        .map(|(name, value)| (name, Value::String(value)))
        .collect())
}

/// The fields of one row of CSV.
pub fn fields(text: &str) -> Result<Vec<String>, String> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = reader.records();
    let row = rows.next().and_then(Result::ok);
    if rows.next().is_some() {
        return Err("it has a carriage return that ends no line".to_owned());
    }
    let row = row.ok_or("it is no row of CSV")?;
    Ok(row.iter().map(str::to_owned).collect())
}

/// The user of these members.
pub fn arrival(members: &Members, rules: &Rules<'_>) -> Result<Arrival, String> {
    let email = members.needed("email").map_err(reason)?;
    let email = (
        email.to_owned(),
        LoginName::new_email(email).map_err(reason)?,
    );
    let role = text(members, "role")?.unwrap_or("member");
    let role: Role = members::role(role).map_err(reason)?;
    if role.rank() == Rank::SuperAdmin && !rules.allow_super_admin {
        return Err("role super_admin is given only with --allow-super-admin".to_owned());
    }
    // Django writes this for somebody who has no password.
    let hash = text(members, "password_hash")?.filter(|hash| !hash.starts_with('!'));
    if let Some(hash) = hash
        && let Err(why) = rules.passwords.stored(hash)
    {
        return Err(format!("password_hash: {why}"));
    }
    let status = status(members, hash.is_some())?;
    Ok(Arrival {
        id: id(members)?,
        username: username(members, &email.1)?,
        email,
        role,
        status,
        name: line(members, "name")?,
        organization: line(members, "organization")?,
        aws_region: line(members, "aws_region")?,
        email_verified: truth(members, "email_verified")?,
        is_demo: truth(members, "is_demo")?,
        user_type: kinds(members)?,
        password_hash: hash.map(|hash| Zeroizing::new(hash.to_owned())),
        invite: invite(members, status)?,
        created_at: time(members, "created_at")?,
        updated_at: time(members, "updated_at")?,
        last_login: time(members, "last_login")?,
    })
}

/// A text; an empty one is none.
pub fn text<'m>(members: &'m Members, name: &str) -> Result<Option<&'m str>, String> {
    let text = members.string(name).map_err(reason)?;
    Ok(text.filter(|text| !text.is_empty()))
}

fn line(members: &Members, name: &str) -> Result<Option<String>, String> {
    match text(members, name)? {
        Some(_) => members.line(name).map_err(reason),
        None => Ok(None),
    }
}

fn id(members: &Members) -> Result<Option<UserId>, String> {
    let Some(id) = text(members, "id")? else {
        return Ok(None);
    };
    let begins = id.starts_with(|first: char| first.is_ascii_alphanumeric());
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:|".contains(c);
    if !begins || !id.chars().all(fits) || id.len() > LONGEST_ID || OURS.contains(&id) {
        return Err(format!(
            "id must have up to {LONGEST_ID} letters, digits, - _ . : |, begin with one of the first two, \
             and be none of {}",
            OURS.join(", ")
        ));
    }
    Ok(Some(UserId::from(id)))
}

/// The other login name; many systems have the e-mail address there again.
fn username(members: &Members, email: &LoginName) -> Result<Option<(String, LoginName)>, String> {
    let Some(username) = text(members, "username")? else {
        return Ok(None);
    };
    let name = LoginName::parse("username", username).map_err(reason)?;
    if name == *email {
        return Ok(None);
    }
    let name = LoginName::new_username(username).map_err(reason)?;
    Ok(Some((username.to_owned(), name)))
}

fn status(members: &Members, has_hash: bool) -> Result<UserStatus, String> {
    let refused = |what: &str| Err(what.to_owned());
    match (text(members, "status")?, has_hash) {
        (None | Some("active"), true) => Ok(UserStatus::Active),
        (None | Some("invited"), false) => Ok(UserStatus::Invited),
        (Some("suspended"), _) => Ok(UserStatus::Suspended),
        (Some("active"), false) => refused(
            "status cannot be active without a password_hash; without a status, the user comes as invited",
        ),
        (Some("invited"), true) => refused("status cannot be invited with a password_hash"),
        _ => refused("status must be active, suspended or invited"),
    }
}

fn invite(members: &Members, status: UserStatus) -> Result<Option<CurrentInvite>, String> {
    let Some(hash) = text(members, "invite_hash")? else {
        return Ok(None);
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if hash.len() != INVITE_HASH || !hash.bytes().all(fits) {
        return Err("invite_hash must be a SHA-256 in base64url".to_owned());
    }
    if status != UserStatus::Invited {
        return Err("invite_hash belongs to an invited user alone".to_owned());
    }
    let expires_at = time(members, "invite_expires_at")?;
    let expires_at = expires_at.ok_or("invite_expires_at is required with invite_hash")?;
    Ok(Some(CurrentInvite {
        hash: hash.to_owned(),
        expires_at: expires_at.seconds(),
    }))
}

/// `true` or `false`; where there are only texts, also as databases write them.
fn truth(members: &Members, name: &str) -> Result<bool, String> {
    let truth = match members.value(name) {
        None => Some(false),
        Some(Value::Bool(truth)) => Some(*truth),
        Some(Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" => Some(true),
            "false" | "f" | "0" | "" => Some(false),
            _ => None,
        },
        Some(_) => None,
    };
    truth.ok_or_else(|| format!("{name} must be true or false"))
}

fn time(members: &Members, name: &str) -> Result<Option<Timestamp>, String> {
    let Some(text) = text(members, name)? else {
        return Ok(None);
    };
    let time = Timestamp::parse(text);
    time.map(Some)
        .ok_or_else(|| format!("{name} must be a time as in RFC 3339: 2025-03-01T05:28:42.148Z"))
}

fn kinds(members: &Members) -> Result<Vec<String>, String> {
    let kinds: Option<Vec<&str>> = match members.value("user_type") {
        None => Some(Vec::new()),
        Some(Value::String(text)) => Some(text.split(SEPARATOR).collect()),
        Some(Value::Array(kinds)) => kinds.iter().map(Value::as_str).collect(),
        Some(_) => None,
    };
    let fits = |kind: &&str| {
        (1..=LONGEST_KIND).contains(&kind.len())
            && !kind.chars().any(|c| c.is_control() || c == SEPARATOR)
    };
    let kinds = kinds.filter(|kinds| kinds.len() <= KINDS && kinds.iter().all(fits));
    let kinds = kinds.ok_or_else(|| {
        format!("user_type must be at most {KINDS} texts of 1 to {LONGEST_KIND} bytes")
    })?;
    Ok(kinds.into_iter().map(str::to_owned).collect())
}

/// What is wrong, in words that name the member and never its value.
fn reason(error: Error) -> String {
    match error {
        Error::BadRequest(what) => what,
        other => other.to_string(),
    }
}
