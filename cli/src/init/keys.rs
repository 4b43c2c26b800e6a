//! Waiting for the keys of a new deployment, which the first rotation makes.

use std::time::Duration;

use serde::de::IgnoredAny;
use shared::keys::KeyError;
use shared::keys::published::Published;
use shared::keys::secret::Secret;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::values::spoken;

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_secs(2);

/// Waits until there are keys to sign with and to seal passwords by, at most so many seconds.
pub async fn wait(operator: &Operator, seconds: i64) -> Result<(), Failure> {
    let deadline = operator.now().plus_seconds(seconds);
    let mut told = false;
    loop {
        let Err((source, error)) = look(operator).await else {
            if told {
                eprintln!("The keys are there.");
            }
            return Ok(());
        };
        if !matches!(error, KeyError::NotMade | KeyError::Unavailable) {
            return Err(Failure::new(format!("{source}: {error}")));
        }
        if operator.now() >= deadline {
            return Err(Failure::new(format!(
                "there are still no keys after {} ({source}: {error}). A new deployment makes them by \
                 rotating its secrets for the first time: look for the reason in the log of the function \
                 rotate-keys (the stack's output LogGroupName names the group), then run this again",
                spoken(seconds)
            )));
        }
        if !told {
            eprintln!(
                "Waiting for the keys, which a new deployment makes by itself (at most {}).",
                spoken(seconds)
            );
            told = true;
        }
        operator.environment.clock.sleep(PAUSE).await;
    }
}

/// Looks at every place where a login needs keys; gives the one that has none.
async fn look(operator: &Operator) -> Result<(), (&'static str, KeyError)> {
    let config = &operator.environment.config;
    let secrets = operator.environment.secrets_manager();
    for (source, name) in [
        ("the secret with the signing keys", &config.keys_secret),
        ("the secret that seals passwords", &config.passwords_secret),
    ] {
        let ring = Secret::new(secrets.clone(), name)
            .ring::<IgnoredAny>()
            .await;
        ring.map_err(|error| (source, error))?;
    }
    let published = operator.app.store.public_keys().await;
    let published = published.and_then(Published::from_row);
    published.map_err(|error| ("the published keys", error))?;
    Ok(())
}
