//! The keys: whether both rings are there and fit, whether what is published agrees with what signs, and
//! whether they are rotated.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use aws_sdk_secretsmanager::primitives::DateTime;
use shared::clock::Timestamp;
use shared::keys::published::{KeysRow, Published, PublishedKey};
use shared::keys::ring::{KeyRing, Ring};
use shared::keys::secret::Secret;
use shared::keys::{KeyError, State};

use super::report::{Report, Status};
use crate::failure::Failure;
use crate::operator::Operator;

const DAY: i64 = 86_400;

/// Checks them; gives the kid of the key that signs, where that is known.
pub async fn check(
    operator: &Operator,
    report: &mut Report<'_>,
) -> Result<Option<String>, Failure> {
    let now = operator.now();
    let config = &operator.environment.config;
    let client = operator.environment.secrets_manager();
    let ring = KeyRing::new(Secret::new(client.clone(), &config.keys_secret));
    let ring = ring.get(now).await;
    let found = match &ring {
        Ok(ring) => Ok(format!("fit for use, version {}", ring.version())),
        Err(error) => Err(unfit(error)),
    };
    report.found("keys.signing", found)?;
    let row = operator.app.store.public_keys().await;
    let active = match row {
        Ok(row) => {
            let active = active(&row);
            let aged = aged(&row, now);
            let found = published(row, ring.as_deref().ok());
            report.found("keys.published", found)?;
            let (status, ages) = aged;
            report.say(status, "keys.age", ages)?;
            active
        }
        Err(error) => {
            report.say(Status::Fail, "keys.published", unfit(&error))?;
            report.skip(&["keys.age"], "no keys are published")?;
            None
        }
    };
    let passwords = operator.passwords().keys(now).await;
    let passwords = passwords.map(|_| "fit for use".to_owned());
    report.found("keys.passwords", passwords.map_err(|error| unfit(&error)))?;
    for (check, secret) in [
        ("rotation.signing", &config.keys_secret),
        ("rotation.passwords", &config.passwords_secret),
    ] {
        let (status, detail) = rotation(&client, secret, operator.is_local(), now).await;
        report.say(status, check, detail)?;
    }
    Ok(active)
}

fn unfit(error: &KeyError) -> String {
    match error {
        KeyError::NotMade => "not made yet: the first run of the rotation makes them".to_owned(),
        other => other.to_string(),
    }
}

fn active(row: &KeysRow) -> Option<String> {
    let mut active = row
        .keys
        .iter()
        .filter(|key| key.life.state == State::Active);
    active.next().and_then(PublishedKey::kid).map(str::to_owned)
}

/// Whether what verifies goes with what signs.
fn published(row: KeysRow, ring: Option<&Ring>) -> Result<String, String> {
    let (version, keys, revoked) = (row.version, row.keys.len(), row.revoked.len());
    let published = Published::from_row(row).map_err(|error| unfit(&error))?;
    let Some(ring) = ring else {
        return Err("there is no ring that they could agree with".to_owned());
    };
    if version != ring.version() {
        let secret = ring.version();
        return Err(format!(
            "the table has version {version}, the secret {secret}: a rotation is under way, or one of \
             them was restored"
        ));
    }
    let signer = ring.signer(&published).map_err(|error| unfit(&error))?;
    let kid = signer.kid();
    Ok(format!("{keys} keys, {revoked} revoked; {kid} signs"))
}

/// How old the keys are; a ring without a next key cannot be rotated at once.
fn aged(row: &KeysRow, now: Timestamp) -> (Status, String) {
    let of = |state: State| {
        let mut found = row.keys.iter().filter(|key| key.life.state == state);
        found.next()
    };
    let days = |at: Timestamp| (now.seconds() - at.seconds()) / DAY;
    let active = of(State::Active).map_or("no key is active".to_owned(), |key| {
        let since = days(key.life.activated_at.unwrap_or(key.life.created_at));
        format!("active for {since} days")
    });
    match of(State::Next) {
        Some(next) => {
            let made = days(next.life.created_at);
            (
                Status::Ok,
                format!("{active}, the next one made {made} days ago"),
            )
        }
        None => (Status::Warn, format!("{active}, and there is no next one")),
    }
}

/// Whether a secret's rotation is on, and keeps its time.
async fn rotation(client: &Client, id: &str, local: bool, now: Timestamp) -> (Status, String) {
    let described = client.describe_secret().secret_id(id).send().await;
    let secret = match described {
        Ok(secret) => secret,
        Err(error) => {
            let code = error.code().unwrap_or("no answer");
            return (Status::Fail, code.to_owned());
        }
    };
    if local {
        return (
            Status::Skip,
            "the local stack has no schedule, and rotates when it is told to".to_owned(),
        );
    }
    if secret.rotation_enabled != Some(true) {
        return (Status::Fail, "there is no schedule".to_owned());
    }
    let at = |moment: Option<DateTime>| moment.map(|at| Timestamp::from_seconds(at.secs()));
    let stages = secret.version_ids_to_stages.unwrap_or_default();
    let has = |stages: &Vec<String>, stage: &str| stages.iter().any(|it| it == stage);
    let pending = |stages: &Vec<String>| has(stages, "AWSPENDING") && !has(stages, "AWSCURRENT");
    if let Some(next) = at(secret.next_rotation_date)
        && next.plus_seconds(DAY) < now
    {
        return (Status::Fail, format!("due since {next}"));
    }
    let Some(last) = at(secret.last_rotated_date) else {
        return (Status::Warn, "it has not rotated yet".to_owned());
    };
    if stages.values().any(pending) {
        let what = format!("last at {last}; another is under way, or has stopped half way");
        return (Status::Warn, what);
    }
    (Status::Ok, format!("last at {last}"))
}
