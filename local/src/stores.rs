//! What functions read and write: the table and the secrets.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::{IdentityCache, SharedCredentialsProvider};
use dynoxide::Database;
use shared::aws::{Environment, deadlines};
use shared::clock::Clock;
use shared::config::Config;

use crate::keys::{self, Rings};
use crate::serving::Serving;
use crate::settings::signing_algorithm;
use crate::stream::Reader;
use crate::template::Template;
use crate::{DataDir, StackError, TABLE_NAME, dynamodb, queue, secrets};

/// The secret with the keys that sign, `KEYS_SECRET`.
pub const KEYS_SECRET: &str = "gatehouse/keys";
/// The secret with the keys that seal password hashes, `PASSWORDS_SECRET`.
pub const PASSWORDS_SECRET: &str = "gatehouse/passwords";
/// What comes before a tenant's id in the name of the secret with its credentials for others' services,
/// `CREDENTIALS_PREFIX`.
pub const CREDENTIALS_PREFIX: &str = "gatehouse/credentials/";
/// Where everything is said to be.
pub(crate) const REGION: &str = "us-east-1";

/// Where to listen; 0 is any free port.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// The API, `PORT`.
    pub gateway: u16,
    /// DynamoDB, `DYNAMODB_PORT`.
    pub dynamodb: u16,
    /// Secrets Manager, `SECRETS_PORT`.
    pub secrets: u16,
}

/// DynamoDB with its table, Secrets Manager, and SQS with its queue. They end when this is dropped.
pub struct Stores {
    dynamodb: Serving,
    database: Database,
    secrets: Serving,
    queue: Serving,
    data_dir: Option<DataDir>,
    functions_url: Arc<OnceLock<String>>,
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stores")
    }
}

impl Stores {
    /// Starts them in memory, on free ports.
    ///
    /// # Errors
    ///
    /// When `template.yaml` defines no table that can be made.
    pub async fn in_memory() -> Result<Self, StackError> {
        Self::start(Ports::default(), None).await
    }

    /// Starts them, in a folder or in memory.
    ///
    /// # Errors
    ///
    /// When a port is in use, or the folder is, or cannot be written.
    pub async fn start(ports: Ports, data_dir: Option<PathBuf>) -> Result<Self, StackError> {
        let template = Template::read()?;
        let data_dir = data_dir.map(|path| DataDir::lock(&path)).transpose()?;
        let (dynamodb, database) =
            dynamodb::start(&template, data_dir.as_ref(), ports.dynamodb).await?;
        let functions_url = Arc::<OnceLock<String>>::default();
        let rotated_by = Arc::clone(&functions_url);
        let secrets = secrets::start(data_dir.as_ref(), ports.secrets, rotated_by).await?;
        let queue = queue::start().await?;
        let stores = Self {
            dynamodb,
            database,
            secrets,
            queue,
            data_dir,
            functions_url,
        };
        let environment = stores.environment(Clock::System)?;
        match stores.data_dir {
            Some(_) => {
                let algorithm = signing_algorithm()?;
                keys::make(&environment, || Rings::new(algorithm, Clock::System.now())).await?;
            }
            None => keys::make(&environment, Rings::in_memory).await?,
        }
        Ok(stores)
    }

    /// What an app is built from that works on these stores, with the settings' defaults.
    ///
    /// # Errors
    ///
    /// When the settings are not what the functions take.
    pub fn environment(&self, clock: Clock) -> Result<Environment, StackError> {
        let settings = self.settings("http://127.0.0.1:9000");
        let config = Config::from(|wanted| {
            let (_, value) = settings.iter().find(|(name, _)| name == wanted)?;
            Some(value.clone())
        });
        let config = config.map_err(|error| StackError(error.0))?;
        let http = aws_smithy_http_client::Builder::new().build_http();
        let credentials = Credentials::new("local", "local", None, None, "local stack");
        Ok(Environment {
            config,
            clock,
            http,
            credentials: SharedCredentialsProvider::new(credentials),
            identities: IdentityCache::no_cache(),
            deadlines: deadlines(),
            // Tests let one instance serve many calls at once, which Lambda never does.
            repeats: RetryPartition::custom("local")
                .token_bucket(TokenBucket::unlimited())
                .build(),
        })
    }

    /// Has the secrets rotated by the functions at this URL.
    pub(crate) fn rotate_by(&self, functions_url: &str) {
        let _ = self.functions_url.set(functions_url.to_owned());
    }

    /// Where DynamoDB is.
    #[must_use]
    pub fn dynamodb_url(&self) -> &str {
        &self.dynamodb.url
    }

    /// Where Secrets Manager is.
    #[must_use]
    pub fn secrets_url(&self) -> &str {
        &self.secrets.url
    }

    /// A reader of the table's stream, from after a sequence number or from the oldest record on.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub fn stream(&self, position: Option<String>) -> Result<Reader, StackError> {
        Reader::new(self.database.clone(), position)
    }

    /// The folder, if they are not in memory.
    #[must_use]
    pub fn data_dir(&self) -> Option<&DataDir> {
        self.data_dir.as_ref()
    }

    /// The settings of functions that work on these stores, as environment variables.
    #[must_use]
    pub fn settings(&self, issuer: &str) -> Vec<(String, String)> {
        let queue_url = queue::url();
        let settings = [
            ("STAGE", "local"),
            ("TABLE_NAME", TABLE_NAME),
            ("KEYS_SECRET", KEYS_SECRET),
            ("PASSWORDS_SECRET", PASSWORDS_SECRET),
            ("CREDENTIALS_PREFIX", CREDENTIALS_PREFIX),
            ("AUDIT_QUEUE_URL", &queue_url),
            ("ISSUER", issuer),
            ("AUDIENCE", "gatehouse-local"),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_SESSION_TOKEN", "local"),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb_url()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.secrets_url()),
            ("AWS_ENDPOINT_URL_SQS", &self.queue.url),
        ];
        settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }
}
