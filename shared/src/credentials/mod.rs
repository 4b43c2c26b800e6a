//! A tenant's credentials for others' services [001]: one secret for each tenant that has some, shown
//! to its admins masked. The full secret is in no answer, log or error.

mod example;
mod masked;

pub use example::Examples;
pub use masked::Masked;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::app::{App, Verifying};
use crate::aws::Environment;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::TenantId;

/// What every app holds, and the tenants' secrets: for the console's endpoints.
#[derive(Debug)]
pub struct Console {
    /// What every app holds.
    pub base: Verifying,
    secrets: Client,
}

impl App for Console {
    fn new(environment: &Environment) -> Self {
        Self {
            base: Verifying::new(environment),
            secrets: environment.secrets_manager(),
        }
    }

    fn base(&self) -> &Verifying {
        &self.base
    }

    async fn warm(&self, now: Timestamp) {
        self.base.warm(now).await;
    }
}

/// The text of a tenant's secret.
#[derive(Debug, Deserialize)]
pub struct Stored {
    /// Its credentials for AWS.
    #[serde(default)]
    pub aws: Option<Aws>,
    /// Its credentials for NVIDIA.
    #[serde(default)]
    pub nvidia: Option<Nvidia>,
}

impl Stored {
    /// Reads the text.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when it is not as it should be.
    pub fn parse(text: &str) -> Result<Self, Error> {
        // serde's own message would quote the value that is wrong.
        serde_json::from_str(text).map_err(|_| malformed())
    }
}

/// Credentials for Amazon Bedrock.
#[derive(Debug, Deserialize)]
pub struct Aws {
    /// The region, `eu-north-1`.
    pub region: String,
    /// Which key it is.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: Masked,
    /// Where a model answers: `…/model/<model id>/converse`.
    pub endpoint: String,
}

/// Credentials for NVIDIA's API.
#[derive(Debug, Deserialize)]
pub struct Nvidia {
    /// The key.
    pub api_key: Masked,
    /// Where the API is.
    pub base_url: String,
    /// Where a chat goes: `<base_url>/v1/chat/completions`.
    pub endpoint: String,
}

impl Console {
    /// A tenant's credentials for AWS.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there are none; [`Error::Unavailable`] when Secrets Manager does not
    /// answer; [`Error::Internal`] when the secret is not as it should be.
    pub async fn aws(&self, tenant: &TenantId) -> Result<Aws, Error> {
        let stored = self.stored(tenant).await?;
        stored.aws.ok_or(Error::NotFound(NONE))
    }

    /// A tenant's credentials for NVIDIA.
    ///
    /// # Errors
    ///
    /// As [`Console::aws`].
    pub async fn nvidia(&self, tenant: &TenantId) -> Result<Nvidia, Error> {
        let stored = self.stored(tenant).await?;
        stored.nvidia.ok_or(Error::NotFound(NONE))
    }

    async fn stored(&self, tenant: &TenantId) -> Result<Stored, Error> {
        let name = format!("{}{tenant}", self.base.config.credentials_prefix);
        let answer = self.secrets.get_secret_value().secret_id(name).send().await;
        let text = answer
            .map_err(|error| refusal(error.code()))?
            .secret_string
            .map(Zeroizing::new)
            .ok_or_else(malformed)?;
        Stored::parse(&text)
    }
}

const NONE: &str = "No credentials are stored";

fn refusal(code: Option<&str>) -> Error {
    match code {
        // The other is of a secret that waits for its deletion.
        Some("ResourceNotFoundException" | "InvalidRequestException") => Error::NotFound(NONE),
        _ => Error::Unavailable("the tenant's credentials: no answer".to_owned()),
    }
}

pub(crate) fn malformed() -> Error {
    Error::Internal("the tenant's credentials are malformed".to_owned())
}
