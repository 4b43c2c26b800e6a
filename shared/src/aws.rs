//! The clients of AWS: built from the function's environment alone, trusting Amazon's roots alone.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    Credentials, IdentityCache, Region, SharedCredentialsProvider, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;

use crate::clock::Clock;
use crate::config::{Config, StartError};

/// The five roots that every AWS endpoint chains to (Amazon Trust Services). Parsing these takes a
/// tenth of what the system's store takes, and that was nine tenths of the start.
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// What an app is built from.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The settings.
    pub config: Config,
    /// The clock of requests, pauses and deadlines.
    pub clock: Clock,
    /// What carries every call to AWS.
    pub http: SharedHttpClient,
    /// The credentials of the function's role, or of the operator.
    pub credentials: SharedCredentialsProvider,
    /// Remembers credentials until they expire, where they can: a role's last as long as its instance.
    pub identities: SharedIdentityCache,
    /// How long a call, and each try of it, may take.
    pub deadlines: TimeoutConfig,
    /// What may be spent on repeats: the SDK's default is one budget for the process, which is right
    /// for an instance, and wrong where many instances share a process.
    pub repeats: RetryPartition,
}

/// A client of a service: all are configured alike, by builders of different types.
macro_rules! client {
    ($environment:ident, $sdk:ident, $endpoint:ident) => {{
        let mut config = $sdk::Config::builder()
            .http_client($environment.http.clone())
            .sleep_impl($environment.clock.clone())
            .retry_config(retries())
            .retry_partition($environment.repeats.clone())
            .timeout_config($environment.deadlines.clone())
            .identity_cache($environment.identities.clone())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .region(Region::new($environment.config.region.clone()))
            .credentials_provider($environment.credentials.clone());
        config.set_endpoint_url($environment.config.$endpoint.clone());
        $sdk::Client::from_conf(config.build())
    }};
}

impl Environment {
    /// The environment of a Lambda function.
    ///
    /// # Errors
    ///
    /// Names the variable that is missing or cannot be used.
    pub fn of_process() -> Result<Self, StartError> {
        let config = Config::from_env()?;
        let credentials = credentials()?;
        Ok(Self {
            config,
            clock: Clock::System,
            http: https()?,
            credentials: SharedCredentialsProvider::new(credentials),
            identities: IdentityCache::no_cache(),
            deadlines: deadlines(),
            repeats: RetryPartition::custom("instance").build(),
        })
    }

    /// A DynamoDB client.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        client!(self, aws_sdk_dynamodb, dynamodb_endpoint)
    }

    /// A Secrets Manager client.
    #[must_use]
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        client!(self, aws_sdk_secretsmanager, secrets_manager_endpoint)
    }

    /// An SQS client.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        client!(self, aws_sdk_sqs, sqs_endpoint)
    }
}

/// A call is tried three times at most: under a fault, no more than three times the demand.
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_millis(400))
}

/// A function's: one call gives up long before the request does, so that what follows it has time too.
#[must_use]
pub fn deadlines() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_millis(2500))
        .build()
}

fn https() -> Result<SharedHttpClient, StartError> {
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let context = TlsContext::builder().with_trust_store(roots).build();
    let context = context.map_err(|error| StartError(format!("TLS: {error}")))?;
    let builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    Ok(builder.tls_context(context).build_https())
}

/// Lambda sets the role's credentials for the life of the instance.
#[expect(
    clippy::disallowed_methods,
    reason = "Lambda hands credentials over in the environment"
)]
fn credentials() -> Result<Credentials, StartError> {
    let needed =
        |name: &str| std::env::var(name).map_err(|_| StartError(format!("{name} must be set")));
    let mut credentials = Credentials::builder()
        .access_key_id(needed("AWS_ACCESS_KEY_ID")?)
        .secret_access_key(needed("AWS_SECRET_ACCESS_KEY")?)
        .provider_name("environment");
    credentials.set_session_token(std::env::var("AWS_SESSION_TOKEN").ok());
    Ok(credentials.build())
}
