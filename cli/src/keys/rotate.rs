//! `gatehouse keys rotate`.

use std::time::Duration;

use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use serde::Serialize;
use shared::keys::secret::{CURRENT, PENDING, origin};
use shared::random;

use super::Which;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// How long a rotation may take: four calls, each of which may start an instance.
const PATIENCE_SECONDS: i64 = 120;
/// How long it waits before it looks again.
const PAUSE: Duration = Duration::from_millis(500);

/// What a rotation has done.
#[derive(Serialize)]
struct Rotated {
    secret: &'static str,
    /// `first_ring`, `promoted`, `renewed` or `unchanged`.
    change: String,
    /// The kid of the key that signs, or seals, from now on, where that is another.
    active: Option<String>,
}

/// Has each of the secrets rotated, and waits until it is.
pub async fn rotate(operator: &Operator, output: &Output, which: &[Which]) -> Result<(), Failure> {
    let mut rotated = Vec::new();
    for which in which {
        rotated.push(rotate_one(operator, *which).await?);
    }
    let columns = ["SECRET", "CHANGE", "ACTIVE"];
    output.list("rotated", &rotated, columns, |rotated| {
        let active = rotated.active.clone();
        [
            rotated.secret.to_owned(),
            rotated.change.clone(),
            active.unwrap_or_else(|| "as before".to_owned()),
        ]
    })
}

async fn rotate_one(operator: &Operator, which: Which) -> Result<Rotated, Failure> {
    let (secret, token) = (which.secret(operator), random::uuid());
    let name = which.name();
    let client = operator.environment.secrets_manager();
    let begun = client.rotate_secret().secret_id(secret.id());
    let begun = begun.client_request_token(&token).send().await;
    begun.map_err(|error| match error.code() {
        Some("InvalidRequestException") => not_begun(name, error.message().unwrap_or_default()),
        Some(code) => Failure::new(format!("Secrets Manager refuses to rotate {name}: {code}")),
        None => Failure::new("Secrets Manager does not answer"),
    })?;
    let deadline = operator.now().plus_seconds(PATIENCE_SECONDS);
    loop {
        let described = secret.describe().await?;
        if described.has(&token, CURRENT) == Some(true) {
            break;
        }
        if described.has(&token, PENDING) != Some(true) {
            return Err(Failure::new(format!(
                "the rotation of {name} was given up, since the secret has moved on: try again"
            )));
        }
        if operator.now() > deadline {
            return Err(Failure::new(format!(
                "the rotation of {name} has not ended within two minutes: the log of rotate-keys says why"
            )));
        }
        operator.environment.clock.sleep(PAUSE).await;
    }
    let text = secret.text(&token).await?;
    let text = text.ok_or_else(|| Failure::new(format!("{name} has moved on already")))?;
    let change = origin(&text)?.change;
    Ok(Rotated {
        secret: name,
        active: change
            .as_ref()
            .filter(|change| change.from.as_ref() != Some(&change.to))
            .map(|change| change.to.clone()),
        change: change.map_or_else(|| "unchanged".to_owned(), |change| change.reason),
    })
}

/// Why Secrets Manager begins no rotation, in its own words.
fn not_begun(name: &str, why: &str) -> Failure {
    let refused = format!("Secrets Manager does not rotate {name}: {why}");
    // It attempts that one again by itself; one that is given up has no successor.
    if why.contains("previous rotation") {
        return Failure::new(format!(
            "{refused} Run this again once that one has ended or been given up."
        ));
    }
    Failure::new(refused)
}
