//! One secret of Secrets Manager, its current version.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::KeyError;

/// Where a ring of keys is kept.
#[derive(Clone, Debug)]
pub struct Secret {
    client: Client,
    id: String,
}

/// The secret's text: `{"ring": …}`, where the ring is null until rotation has made one.
#[derive(Deserialize)]
struct Envelope<R> {
    ring: Option<R>,
}

impl Secret {
    /// The secret with this name or ARN.
    #[must_use]
    pub fn new(client: Client, id: &str) -> Self {
        Self {
            client,
            id: id.to_owned(),
        }
    }

    /// Reads the ring in the current version (`AWSCURRENT`).
    ///
    /// # Errors
    ///
    /// [`KeyError::Unavailable`] when Secrets Manager does not answer, [`KeyError::NotMade`] while
    /// the ring is null, [`KeyError::Refused`] when the text is not a ring.
    pub async fn ring<R: DeserializeOwned>(&self) -> Result<R, KeyError> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.id)
            .send()
            .await;
        let text = answer
            .map_err(|error| KeyError::of_code(error.code()))?
            .secret_string
            .map(Zeroizing::new)
            .ok_or(KeyError::Refused("the secret has no text"))?;
        parse(&text)
    }
}

/// The ring in the text of a secret.
///
/// # Errors
///
/// [`KeyError::NotMade`] while the ring is null, [`KeyError::Refused`] when the text is not a ring.
pub(super) fn parse<R: DeserializeOwned>(text: &str) -> Result<R, KeyError> {
    // serde's own message would quote the value that is wrong.
    serde_json::from_str::<Envelope<R>>(text)
        .map_err(|_| KeyError::Refused("the secret's text is not a ring"))?
        .ring
        .ok_or(KeyError::NotMade)
}
