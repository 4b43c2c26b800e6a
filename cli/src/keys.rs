//! The keys that sign tokens and seal password hashes.

mod list;
mod moment;
mod rotate;

use clap::{Subcommand, ValueEnum};
use serde_json::json;
use shared::auth;
use shared::error::Error;
use shared::keys::secret::Secret;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// The keys that sign tokens and seal password hashes.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Show every key: what it is for, where it stands in its life, and whether it is revoked.
    List,
    /// Rotate the keys now, as the schedule does, and wait until that is done.
    Rotate {
        /// Only the keys of this secret; by default both are rotated.
        secret: Option<Which>,
    },
    /// Revoke a key that signs or makes refresh tokens: whatever it has made is refused from now on.
    Revoke {
        /// The key's id, as `keys list` shows it.
        // It may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
    /// Refuse every token and session made before a moment, so that everybody has to sign in again.
    NotBefore {
        /// The moment (RFC 3339, as in 2025-03-01T05:28:42Z), or `now`.
        #[arg(default_value = "now")]
        moment: moment::Moment,
        /// Do not ask whether that is meant.
        #[arg(long)]
        yes: bool,
    },
    /// Publish the keys anew, after the table was restored from a backup.
    Publish,
}

/// One of the two secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// The keys that sign, and that make refresh tokens.
    Keys,
    /// The keys that seal password hashes.
    Passwords,
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Passwords => "passwords",
        }
    }

    fn secret(self, operator: &Operator) -> Secret {
        let config = &operator.environment.config;
        let id = match self {
            Self::Keys => &config.keys_secret,
            Self::Passwords => &config.passwords_secret,
        };
        Secret::new(operator.environment.secrets_manager(), id)
    }
}

impl Keys {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        match self {
            Self::List => list::list(operator, output).await,
            Self::Rotate { secret } => {
                let both = [Which::Keys, Which::Passwords];
                let which: Vec<_> = match secret {
                    Some(one) => vec![one],
                    None => both.into(),
                };
                rotate::rotate(operator, output, &which).await
            }
            Self::Revoke { kid } => revoke(operator, output, &kid).await,
            Self::NotBefore { moment, yes } => {
                moment::not_before(operator, output, moment, yes).await
            }
            Self::Publish => publish(operator, output).await,
        }
    }
}

async fn revoke(operator: &Operator, output: &Output, kid: &str) -> Result<(), Failure> {
    let keys = Which::Keys.secret(operator);
    // First of all, since this is what readers heed.
    match auth::keys::revoke(&operator.app, &keys, &operator.call(), kid).await {
        Err(Error::NotFound(why)) => return Err(not_revocable(operator, kid, why).await?),
        revoked => revoked?,
    }
    let dropped = auth::keys::drop_revoked(&operator.app, &keys, operator.now()).await;
    dropped.map_err(|error| {
        let again = "revoked; run it again to drop the key from the secret";
        Failure::in_part(format!("{again}: {error}"))
    })?;
    let done = json!({"revoked": kid});
    output.one(&done, &[("revoked", kid.to_owned())])
}

/// Why a key that neither signs nor makes refresh tokens is not revoked.
async fn not_revocable(operator: &Operator, kid: &str, why: &str) -> Result<Failure, Failure> {
    let passwords = Which::Passwords.secret(operator).current().await?;
    let sealing = shared::password::rotation::notes(&passwords.text)?;
    // Hashes are sealed under it, and nobody could sign in any more.
    let seals = sealing.iter().any(|note| note.kid == kid);
    Ok(Failure::new(if seals {
        "that key seals password hashes, which nothing else opens: rotate it instead"
    } else {
        why
    }))
}

async fn publish(operator: &Operator, output: &Output) -> Result<(), Failure> {
    let keys = Which::Keys.secret(operator);
    let row = auth::keys::publish(&operator.app, &keys, &operator.call()).await?;
    let published: Vec<&str> = row.keys.iter().filter_map(|key| key.kid()).collect();
    let done = json!({"published": published, "revoked": row.revoked});
    output.one(
        &done,
        &[
            ("published", published.join(" ")),
            ("revoked", row.revoked.join(" ")),
        ],
    )?;
    eprintln!(
        "A restore revives sessions that had ended: end them all by `gatehouse keys not-before now`."
    );
    Ok(())
}
