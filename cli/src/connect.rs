//! Finding a deployment: a CloudFormation stack by its name, whose outputs and parameters say all that
//! is needed, or the local stack.

use std::error::Error;
use std::iter::successors;
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;
use aws_sdk_cloudformation::types::Stack;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{IdentityCache, SharedCredentialsProvider};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use shared::aws::Environment;
use shared::clock::Clock;
use shared::config::Config;

use crate::arguments::Target;
use crate::failure::Failure;
use crate::operator::Operator;

/// The settings of the functions on the local stack, its ports aside.
pub const LOCAL: [(&str, &str); 7] = [
    ("STAGE", "local"),
    ("TABLE_NAME", "gatehouse"),
    ("KEYS_SECRET", "gatehouse/keys"),
    ("PASSWORDS_SECRET", "gatehouse/passwords"),
    ("CREDENTIALS_PREFIX", "gatehouse/credentials/"),
    ("AUDIENCE", "gatehouse-local"),
    ("AWS_REGION", "us-east-1"),
];

/// Connects to the deployment.
///
/// # Errors
///
/// When none is named, it is not there, or there are no credentials for it.
pub async fn connect(target: &Target) -> Result<Operator, Failure> {
    if target.local {
        return local();
    }
    let Some(stack_name) = &target.stack_name else {
        return Err(Failure::usage(
            "which deployment? Name its stack with --stack-name (or GATEHOUSE_STACK_NAME), or use --local",
        ));
    };
    let http = https();
    let mut sdk = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
    if let Some(profile) = &target.profile {
        sdk = sdk.profile_name(profile);
    }
    if let Some(region) = &target.region {
        sdk = sdk.region(Region::new(region.clone()));
    }
    let sdk = sdk.load().await;
    deployed(&sdk, http, stack_name).await
}

/// As the AWS CLI: the system's roots, and a proxy where one is set.
fn https() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build()
    })
}

async fn deployed(
    sdk: &SdkConfig,
    http: SharedHttpClient,
    stack_name: &str,
) -> Result<Operator, Failure> {
    let region = sdk.region().filter(|region| !region.as_ref().is_empty());
    let Some(region) = region else {
        return Err(Failure::usage(
            "which region? Name it with --region, AWS_REGION or in the AWS profile",
        ));
    };
    let Some(credentials) = sdk.credentials_provider() else {
        return Err(Failure::new("there are no AWS credentials"));
    };
    let who = aws_sdk_sts::Client::new(sdk)
        .get_caller_identity()
        .send()
        .await;
    let who = who.map_err(|error| match error.code() {
        Some(code) => Failure::new(format!("AWS refuses these credentials: {code}")),
        None if has_no_credentials(&error) => Failure::new(
            "there are no AWS credentials: sign in as for the AWS CLI (aws configure, aws sso login), or \
             name a profile with --profile",
        ),
        None => Failure::new(format!("AWS cannot be asked who you are: {}", causes(&error))),
    })?;
    let stack = stack(sdk, stack_name).await?;
    let output = |name: &str| {
        let outputs = stack.outputs().iter();
        let mut found = outputs.filter(|output| output.output_key() == Some(name));
        found.next()?.output_value().map(str::to_owned)
    };
    let parameter = |name: &str| {
        let parameters = stack.parameters().iter();
        let mut found = parameters.filter(|parameter| parameter.parameter_key() == Some(name));
        found.next()?.parameter_value().map(str::to_owned)
    };
    let config = Config::from(|name| match name {
        "AWS_REGION" => Some(region.to_string()),
        "TABLE_NAME" => output("TableName"),
        "KEYS_SECRET" => output("KeysSecretArn"),
        "PASSWORDS_SECRET" => output("PasswordsSecretArn"),
        "ISSUER" => output("Issuer"),
        "CREDENTIALS_PREFIX" => Some(format!("{stack_name}/credentials/")),
        _ => parameter(&camel(name)),
    });
    let unlike =
        |what: String| Failure::new(format!("{stack_name} is no stack of Gatehouse: {what}"));
    let mut config = config.map_err(|error| unlike(error.0))?;
    let api = output("ApiUrl").ok_or_else(|| unlike("it has no output ApiUrl".to_owned()))?;
    // The operator's own, as for the AWS CLI; of the functions', only a local one's are heeded.
    config.dynamodb_endpoint = endpoint("AWS_ENDPOINT_URL_DYNAMODB");
    config.secrets_manager_endpoint = endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER");
    let environment = environment(config, http, credentials, IdentityCache::lazy().build());
    let who = who.arn.unwrap_or_default();
    Ok(Operator::new(environment, api, who))
}

/// An error and what has caused it, each of them once.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| error.source())
}

/// Whether nothing of the chain of providers has any.
fn has_no_credentials(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|error| {
        let error = error.downcast_ref::<CredentialsError>();
        matches!(error, Some(CredentialsError::CredentialsNotLoaded(_)))
    })
}

/// An error with its causes, on one line.
fn causes(error: &(dyn Error + 'static)) -> String {
    let said = chain(error).map(|error| error.to_string().replace('\n', " "));
    said.collect::<Vec<_>>().join(": ")
}

async fn stack(sdk: &SdkConfig, name: &str) -> Result<Stack, Failure> {
    let client = aws_sdk_cloudformation::Client::new(sdk);
    let described = client.describe_stacks().stack_name(name).send().await;
    let described = described.map_err(|error| match error.code() {
        Some("ValidationError") => Failure::new(format!(
            "there is no stack {name} in {}, for these credentials",
            sdk.region().map_or("", Region::as_ref)
        )),
        Some(code) => Failure::new(format!("CloudFormation refuses: {code}")),
        None => Failure::new(format!(
            "CloudFormation cannot be asked: {}",
            causes(&error)
        )),
    })?;
    let stack = described.stacks.unwrap_or_default().into_iter().next();
    stack.ok_or_else(|| Failure::new(format!("there is no stack {name}")))
}

/// The parameter of the template that a setting comes from: `LOGIN_RATE_LIMIT` from `LoginRateLimit`.
fn camel(setting: &str) -> String {
    let words = setting.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{first}{}", rest.to_lowercase())
    });
    words.collect()
}

fn local() -> Result<Operator, Failure> {
    let dynamodb = port("DYNAMODB_PORT", 8000)?;
    let secrets = port("SECRETS_PORT", 8001)?;
    let api = format!("http://127.0.0.1:{}", port("PORT", 9000)?);
    for port in [dynamodb, secrets] {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            return Err(Failure::new(format!(
                "no local stack at 127.0.0.1:{port}: start it with `make run`"
            )));
        }
    }
    let config = Config::from(|name| match name {
        "AWS_ENDPOINT_URL_DYNAMODB" => Some(format!("http://127.0.0.1:{dynamodb}")),
        "AWS_ENDPOINT_URL_SECRETS_MANAGER" => Some(format!("http://127.0.0.1:{secrets}")),
        "ISSUER" => setting("ISSUER").or_else(|| Some(api.clone())),
        _ => {
            let of_local = LOCAL.iter().find(|(local, _)| *local == name);
            let of_local = of_local.map(|(_, value)| (*value).to_owned());
            of_local.or_else(|| setting(name))
        }
    });
    let config = config.map_err(|error| Failure::usage(error.0))?;
    let http = Builder::new().build_http();
    let credentials = Credentials::new("local", "local", None, None, "local stack");
    let credentials = SharedCredentialsProvider::new(credentials);
    let environment = environment(config, http, credentials, IdentityCache::no_cache());
    Ok(Operator::new(environment, api, "local".to_owned()))
}

fn environment(
    config: Config,
    http: SharedHttpClient,
    credentials: SharedCredentialsProvider,
    identities: SharedIdentityCache,
) -> Environment {
    // An operator may be far away, and waits rather than starts anew.
    let deadlines = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(40))
        .build();
    Environment {
        config,
        clock: Clock::System,
        http,
        credentials,
        identities,
        deadlines,
        repeats: RetryPartition::custom("operator").build(),
    }
}

fn endpoint(name: &str) -> Option<String> {
    setting(name).or_else(|| setting("AWS_ENDPOINT_URL"))
}

fn port(name: &str, default: u16) -> Result<u16, Failure> {
    let Some(value) = setting(name) else {
        return Ok(default);
    };
    let port = value.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| Failure::usage(format!("{name} must be a port, a number from 1 to 65535")))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the command line's settings are read"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
