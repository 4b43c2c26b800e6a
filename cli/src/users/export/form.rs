//! How a user is written: as a line of JSON or a row of CSV, with the members that an import takes.

use serde_json::{Map, Value};
use shared::clock::Timestamp;
use shared::store::user::User;

use crate::failure::Failure;
use crate::users::import::Format;
use crate::users::members::{MEMBERS, OPEN, SEPARATOR};

/// A form, and whether hashes are part of it.
pub struct Form {
    format: Format,
    members: &'static [&'static str],
}

impl Form {
    /// With or without what is secret.
    pub fn new(format: Format, with_hashes: bool) -> Self {
        let members = if with_hashes {
            &MEMBERS[..]
        } else {
            &MEMBERS[..OPEN]
        };
        Self { format, members }
    }

    /// What comes before all rows.
    pub fn header(&self) -> Result<Vec<u8>, Failure> {
        match self.format {
            Format::Jsonl => Ok(Vec::new()),
            Format::Csv => csv(self.members),
        }
    }

    /// A user, with the line end; `phc` is its opened hash.
    pub fn row(
        &self,
        user: &User,
        last_login: Option<Timestamp>,
        phc: Option<&str>,
    ) -> Result<Vec<u8>, Failure> {
        let mut values = self.members.iter().map(|name| {
            let value = value(name, user, last_login, phc);
            ((*name).to_owned(), value)
        });
        match self.format {
            Format::Jsonl => {
                let object: Map<String, Value> = values
                    .by_ref()
                    .filter(|(_, value)| !value.is_null())
                    .collect();
                let mut line = Value::Object(object).to_string().into_bytes();
                line.push(b'\n');
                Ok(line)
            }
            Format::Csv => csv(&values.map(|(_, value)| field(value)).collect::<Vec<_>>()),
        }
    }
}

fn value(name: &str, user: &User, last_login: Option<Timestamp>, phc: Option<&str>) -> Value {
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    let time = |time: Timestamp| Value::from(time.to_string());
    let invite = user.invite.as_ref();
    match name {
        "id" => Value::from(user.id.as_str()),
        "tenant_id" => Value::from(user.tenant_id.as_str()),
        "email" => Value::from(user.email.as_str()),
        "username" => text(user.username.as_deref()),
        "name" => text(user.name.as_deref()),
        "organization" => text(user.organization.as_deref()),
        "role" => Value::from(user.role.as_str()),
        "status" => Value::from(user.status.name()),
        "email_verified" => Value::from(user.email_verified),
        "aws_region" => text(user.aws_region.as_deref()),
        "user_type" => Value::from(user.user_type.clone()),
        "is_demo" => Value::from(user.is_demo),
        "created_at" => time(user.created_at),
        "updated_at" => time(user.updated_at),
        "last_login" => last_login.map_or(Value::Null, time),
        "password_hash" => text(phc),
        "invite_hash" => text(invite.map(|invite| invite.hash.as_str())),
        "invite_expires_at" => invite.map_or(Value::Null, |invite| {
            time(Timestamp::from_seconds(invite.expires_at))
        }),
        _ => Value::Null,
    }
}

/// A value as a field of CSV.
fn field(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            kinds.collect::<Vec<_>>().join(&SEPARATOR.to_string())
        }
        other => other.to_string(),
    }
}

fn csv<T: AsRef<[u8]>>(fields: &[T]) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(fields);
    written.map_err(|_| Failure::new("a user cannot be written as CSV"))?;
    let row = writer.into_inner();
    row.map_err(|_| Failure::new("a user cannot be written as CSV"))
}
