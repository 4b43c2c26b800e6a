//! The rotation of both secrets, `keys` and `passwords`: Secrets Manager calls it four times for each
//! rotation, with `{"Step": …, "SecretId": …, "ClientRequestToken": …}` (AWS Secrets Manager, "Lambda
//! rotation functions").
//!
//! - `createSecret` makes the next ring, as a pending version of the token's id that says which version
//!   it derives from. The first run makes the first ring.
//! - `setSecret` publishes its public keys in the `KEYS` row, long before they are needed.
//! - `testSecret` signs and verifies tokens, or seals and opens a hash, by its keys and by the next.
//!   Secrets Manager also calls it alone, with nothing pending, when the schedule is made or changed.
//! - `finishSecret` makes it the current version, in the place of the one that it derives from and of
//!   no other.
//!
//! Each step may be done again, be killed between any two of its calls, or come out of order: then it
//! does what is left to do, or refuses and changes nothing. What cannot be finished any more, since the
//! secret has moved on or an hour has passed, is given up, so that the next rotation begins anew. A
//! refusal is a failed call, which raises the alarm.

mod steps;
mod trial;

use serde::Deserialize;
use shared::app::{App, Verifying};
use shared::aws::Environment;
use shared::clock::Timestamp;
use shared::error::Error;
use shared::keys::secret::{CURRENT, PENDING, Secret};
use shared::lambda::Invocation;

use steps::Step;

/// What Secrets Manager calls it with. It is read here rather than by its type, so that whatever is
/// wrong with it is said in words of ours.
#[derive(Debug, Default, Deserialize)]
pub struct Rotation {
    /// What to do.
    #[serde(rename = "Step", default)]
    pub step: String,
    /// The ARN of the secret.
    #[serde(rename = "SecretId", default)]
    pub secret_id: String,
    /// The id of the version that is made.
    #[serde(rename = "ClientRequestToken", default)]
    pub token: String,
}

/// What the function holds: the table, and both secrets.
#[derive(Debug)]
pub struct RotateKeys {
    base: Verifying,
    keys: Secret,
    passwords: Secret,
}

impl App for RotateKeys {
    fn new(environment: &Environment) -> Self {
        let config = &environment.config;
        let secret = |id: &str| Secret::new(environment.secrets_manager(), id);
        Self {
            base: Verifying::new(environment),
            keys: secret(&config.keys_secret),
            passwords: secret(&config.passwords_secret),
        }
    }

    fn base(&self) -> &Verifying {
        &self.base
    }

    // Each step reads what it needs, as it is then.
    async fn warm(&self, _now: Timestamp) {}
}

/// Which of the two secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Keys,
    Passwords,
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Passwords => "passwords",
        }
    }
}

/// Does a step.
///
/// # Errors
///
/// [`Error::Internal`] where the step is refused; [`Error::Unavailable`] where a store does not answer,
/// or holds what is not fit for use.
pub async fn handle(app: &'static RotateKeys, call: Invocation<Rotation>) -> Result<(), Error> {
    let rotation = &call.event;
    let (which, secret) = match &rotation.secret_id {
        id if id.is_empty() => return Err(refusal("the event names no secret")),
        id if id == app.keys.id() => (Which::Keys, &app.keys),
        id if id == app.passwords.id() => (Which::Passwords, &app.passwords),
        _ => return Err(refusal("the event names a secret that is none of ours")),
    };
    let described = secret
        .describe()
        .await
        .map_err(|error| error.of(which.name()))?;
    let current = described.version(CURRENT).unwrap_or_default();
    let step = Step {
        app,
        which,
        secret,
        token: &rotation.token,
        current,
        call: &call,
        now: call.now,
    };
    let does = match rotation.step.as_str() {
        "createSecret" => Does::Create,
        "setSecret" => Does::Set,
        "testSecret" => Does::Test,
        "finishSecret" => Does::Finish,
        _ => return Err(refusal("the event names no step of a rotation")),
    };
    if !described.rotation_enabled {
        return Err(refusal("rotation is not enabled for the secret"));
    }
    match described.has(&rotation.token, PENDING) {
        None => return Err(refusal("the secret has no version of this token")),
        Some(_) if rotation.token == current => {
            return match does {
                // It may have ended before it said so.
                Does::Finish => step.end(&step.pending().await?).await,
                _ => Ok(()),
            };
        }
        Some(false) => return Err(refusal("the version of this token is not AWSPENDING")),
        Some(true) => {}
    }
    match does {
        Does::Create => step.create().await,
        Does::Set => step.set().await,
        Does::Test => step.test().await,
        Does::Finish => step.finish().await,
    }
}

/// The steps of a rotation.
enum Does {
    Create,
    Set,
    Test,
    Finish,
}

/// Why a step is refused.
fn refusal(why: &str) -> Error {
    Error::Internal(format!("rotation refused: {why}"))
}
