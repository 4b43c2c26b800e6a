//! One secret of Secrets Manager: its current version, and for rotation its others.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::KeyError;
use super::rotation::{LARGEST_TEXT, Origin};

/// The stage of the version that functions read.
pub const CURRENT: &str = "AWSCURRENT";
/// The stage of the version that a rotation is making.
pub const PENDING: &str = "AWSPENDING";

/// Where a ring of keys is kept.
#[derive(Clone, Debug)]
pub struct Secret {
    client: Client,
    id: String,
}

/// One version of a secret.
pub struct Version {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: Zeroizing<String>,
}

/// Without the text, which is the secret.
impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({})", self.id)
    }
}

/// What is known of a secret without reading it.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// Whether somebody rotates it.
    pub rotation_enabled: bool,
    /// The stages of each of its versions.
    pub stages: HashMap<String, Vec<String>>,
}

impl Described {
    /// Whether this version has this stage; `None` where there is no such version.
    #[must_use]
    pub fn has(&self, version: &str, stage: &str) -> Option<bool> {
        let stages = self.stages.get(version)?;
        Some(stages.iter().any(|one| one == stage))
    }

    /// The version of this stage.
    #[must_use]
    pub fn version(&self, stage: &str) -> Option<&str> {
        let mut versions = self.stages.iter();
        let (id, _) = versions.find(|(_, stages)| stages.iter().any(|one| one == stage))?;
        Some(id)
    }
}

/// The secret's text: `{"ring": …}`, where the ring is null until rotation has made one.
#[derive(Serialize, Deserialize)]
pub(crate) struct Envelope<R> {
    pub ring: Option<R>,
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// What a version that a rotation has made says of where it comes from.
#[derive(Deserialize)]
struct Originating {
    origin: Option<Origin>,
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

    /// Its name or ARN.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Reads the ring in the current version (`AWSCURRENT`).
    ///
    /// # Errors
    ///
    /// [`KeyError::Unavailable`] when Secrets Manager does not answer, [`KeyError::NotMade`] while
    /// the ring is null, [`KeyError::Refused`] when the text is not a ring.
    pub async fn ring<R: DeserializeOwned>(&self) -> Result<R, KeyError> {
        parse(&self.current().await?.text)
    }

    /// Reads the current version.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unavailable`] when Secrets Manager does not answer, [`KeyError::Refused`] when it
    /// has no text.
    pub async fn current(&self) -> Result<Version, KeyError> {
        let answer = self.client.get_secret_value().secret_id(&self.id).send();
        let answer = answer.await.map_err(|error| of_code(&error))?;
        let text = answer.secret_string.map(Zeroizing::new);
        Ok(Version {
            id: answer.version_id.unwrap_or_default(),
            text: text.ok_or(KeyError::Refused("the secret has no text"))?,
        })
    }

    /// The text of a version; `None` where it has none yet, or there is no such version.
    ///
    /// # Errors
    ///
    /// When Secrets Manager does not answer.
    pub async fn text(&self, version: &str) -> Result<Option<Zeroizing<String>>, KeyError> {
        let ask = self.client.get_secret_value().secret_id(&self.id);
        match ask.version_id(version).send().await {
            Ok(answer) => Ok(answer.secret_string.map(Zeroizing::new)),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(of_code(&error)),
        }
    }

    /// What is known of it.
    ///
    /// # Errors
    ///
    /// When Secrets Manager does not answer.
    pub async fn describe(&self) -> Result<Described, KeyError> {
        let answer = self.client.describe_secret().secret_id(&self.id).send();
        let answer = answer.await.map_err(|error| of_code(&error))?;
        Ok(Described {
            rotation_enabled: answer.rotation_enabled.unwrap_or_default(),
            stages: answer.version_ids_to_stages.unwrap_or_default(),
        })
    }

    /// Makes a version of this id, with this stage and no other. `false` where there is one of that id
    /// with another text; with the same text it is left as it is.
    ///
    /// # Errors
    ///
    /// When Secrets Manager does not answer.
    pub async fn put(&self, version: &Version, stage: &str) -> Result<bool, KeyError> {
        let put = self.client.put_secret_value().secret_id(&self.id);
        let put = put
            .client_request_token(&version.id)
            .secret_string(version.text.as_str())
            .version_stages(stage);
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("ResourceExistsException") => Ok(false),
            Err(error) => Err(of_code(&error)),
        }
    }

    /// Moves a stage from one version to another, or takes it from one: only where that one has it,
    /// as Secrets Manager itself makes sure. `false` where it has not.
    ///
    /// # Errors
    ///
    /// When Secrets Manager does not answer.
    pub async fn move_stage(
        &self,
        stage: &str,
        from: &str,
        to: Option<&str>,
    ) -> Result<bool, KeyError> {
        let moved = self.client.update_secret_version_stage();
        let moved = moved
            .secret_id(&self.id)
            .version_stage(stage)
            .remove_from_version_id(from)
            .set_move_to_version_id(to.map(str::to_owned));
        let refusals = [
            "InvalidParameterException",
            "InvalidRequestException",
            "ResourceNotFoundException",
        ];
        match moved.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code().is_some_and(|code| refusals.contains(&code)) => Ok(false),
            Err(error) => Err(of_code(&error)),
        }
    }
}

fn of_code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> KeyError {
    KeyError::of_code(error.code())
}

/// The text of a secret, whether or not it has a ring.
///
/// # Errors
///
/// [`KeyError::Refused`] when the text is not a ring.
pub(crate) fn parse_any<R: DeserializeOwned>(text: &str) -> Result<Envelope<R>, KeyError> {
    // serde's own message would quote the value that is wrong.
    serde_json::from_str(text).map_err(|_| KeyError::Refused("the secret's text is not a ring"))
}

/// The ring in the text of a secret.
///
/// # Errors
///
/// [`KeyError::NotMade`] while the ring is null, [`KeyError::Refused`] when the text is not a ring.
pub(crate) fn parse<R: DeserializeOwned>(text: &str) -> Result<R, KeyError> {
    parse_any(text)?.ring.ok_or(KeyError::NotMade)
}

/// Where the version of this text comes from.
///
/// # Errors
///
/// [`KeyError::Refused`] when it does not say so.
pub fn origin(text: &str) -> Result<Origin, KeyError> {
    let originating = serde_json::from_str::<Originating>(text).ok();
    let origin = originating.and_then(|originating| originating.origin);
    origin.ok_or(KeyError::Refused("a pending version has no origin"))
}

/// The text of a secret, of `largest` bytes at most.
///
/// # Errors
///
/// [`KeyError::Refused`] for a longer one.
pub(crate) fn write<R: Serialize>(
    envelope: &Envelope<R>,
    largest: usize,
) -> Result<Zeroizing<String>, KeyError> {
    let text = serde_json::to_string(envelope)
        .map(Zeroizing::new)
        .map_err(|_| KeyError::Refused("a ring cannot be written"))?;
    if text.len() > largest {
        return Err(KeyError::Refused(if largest == LARGEST_TEXT {
            "the ring is above 48 KiB"
        } else {
            "the ring is above the 64 KiB that Secrets Manager takes"
        }));
    }
    Ok(text)
}
