//! Every setting, read from the environment once per cold start; a bad one stops the start.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::keys::SigningAlgorithm;

/// A setting that is missing or cannot be used: which, and what is wrong with it.
#[derive(Debug)]
pub struct StartError(pub String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// The settings of a deployment. Each field is the environment variable of the same name.
#[derive(Clone, Debug)]
pub struct Config {
    /// `STAGE`: `local`, `dev`, `staging`, `prod`. Only `local` heeds endpoint overrides.
    pub stage: String,
    /// `AWS_REGION`, set by Lambda.
    pub region: String,
    /// `AWS_LAMBDA_FUNCTION_NAME`, set by Lambda: the function's name in the log.
    pub function: String,
    /// `TABLE_NAME`: the one table.
    pub table_name: String,
    /// `KEYS_SECRET`: name or ARN of the secret with the signing and the refresh keys; empty in
    /// functions that do not sign.
    pub keys_secret: String,
    /// `PASSWORDS_SECRET`: name or ARN of the secret that seals password hashes; empty in functions
    /// that do not hash.
    pub passwords_secret: String,
    /// `CREDENTIALS_PREFIX`: what comes before a tenant's id in the name of the secret with its
    /// credentials for others' services; empty in functions that do not show them.
    pub credentials_prefix: String,
    /// `ISSUER`: the `iss` of every token. Empty means the API's own execute-api address.
    pub issuer: String,
    /// `AUDIENCE`: the `aud` of every access token.
    pub audience: String,
    /// `SIGNING_ALGORITHM` (`RS256`): what newly made keys sign access tokens by: `RS256`, `ES256` or
    /// `EdDSA`. Keys that are there keep theirs.
    pub signing_algorithm: SigningAlgorithm,
    /// `ACCESS_TOKEN_SECONDS` (900): how long an access token lives, unless the tenant says other.
    pub access_token_seconds: i64,
    /// `REFRESH_IDLE_SECONDS` (15 days): how long a refresh token lives from its last use.
    pub refresh_idle_seconds: i64,
    /// `REFRESH_MAX_SECONDS` (90 days): how long a session lives from its login.
    pub refresh_max_seconds: i64,
    /// `REFRESH_GRACE_SECONDS` (30): how long the answer of a lost refresh is given again.
    pub refresh_grace_seconds: i64,
    /// `CLIENT_ACCESS_TOKEN_SECONDS` (14 days): how long an access token of a client lives, unless the
    /// tenant says other.
    pub client_access_token_seconds: i64,
    /// `CLIENT_REFRESH_IDLE_SECONDS` (15 days): how long its refresh token lives from its last use.
    pub client_refresh_idle_seconds: i64,
    /// `CLIENT_REFRESH_MAX_SECONDS` (90 days): how long a session of a client lives.
    pub client_refresh_max_seconds: i64,
    /// `LOGIN_RATE_LIMIT` (5): logins a minute from one address.
    pub login_rate_limit: u32,
    /// `CREDENTIAL_RATE_LIMIT` (30): API keys and invites tried a minute from one address.
    pub credential_rate_limit: u32,
    /// `ADDRESS_RATE_LIMIT` (100): other calls a minute from one address.
    pub address_rate_limit: u32,
    /// `TENANT_RATE_LIMIT` (1000): calls with a token a minute of one tenant, unless it has its own.
    pub tenant_rate_limit: u32,
    /// `LIVE_CHECK_SHORT_TOKENS` (true): whether `authorizer` looks whether the session is live also of
    /// tokens that live an hour or less.
    pub live_check_short_tokens: bool,
    /// `LOGIN_FREE_FAILURES` (5): failures in a row of one login name without a wait.
    pub login_free_failures: u32,
    /// `FAILED_LOGIN_FLOOR_MS` (0): a failed login answers no sooner.
    pub failed_login_floor_ms: u32,
    /// `AUDIT_RETENTION_DAYS` (400): how long the audit log keeps an event.
    pub audit_retention_days: i64,
    /// `AUDIT_QUEUE_URL`: the queue of events that could not be recorded; empty in functions that
    /// record none.
    pub audit_queue_url: String,
    /// `ARGON2_MEMORY_KIB` (19456), `ARGON2_ITERATIONS` (2), `ARGON2_PARALLELISM` (1): the cost of
    /// a password hash; none may be lower.
    pub argon2: Argon2Cost,
    /// `AWS_ENDPOINT_URL_DYNAMODB`, heeded only where `STAGE=local`.
    pub dynamodb_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, heeded only where `STAGE=local`.
    pub secrets_manager_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS`, heeded only where `STAGE=local`.
    pub sqs_endpoint: Option<String>,
}

/// The cost of an argon2id hash (RFC 9106, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

impl Argon2Cost {
    /// The least that is accepted (OWASP, Password Storage).
    pub const LEAST: Self = Self {
        memory_kib: 19_456,
        iterations: 2,
        parallelism: 1,
    };
}

const DAY: i64 = 86_400;

/// What may be set for an access token, in seconds: API Gateway and every verifier keep a retired key for
/// 16 days.
pub const ACCESS_SECONDS: RangeInclusive<i64> = 60..=14 * DAY;
/// For a refresh token or a session, in seconds: a retired refresh key stays for 91 days.
pub const REFRESH_SECONDS: RangeInclusive<i64> = 60..=90 * DAY;
/// For a limit a minute.
pub const RATE_LIMIT: RangeInclusive<u32> = 1..=1_000_000;

impl Config {
    /// Reads the settings of the process.
    ///
    /// # Errors
    ///
    /// Names the variable that is missing or out of bounds.
    pub fn from_env() -> Result<Self, StartError> {
        #[expect(clippy::disallowed_methods, reason = "this is where settings are read")]
        Self::from(|name| std::env::var(name).ok())
    }

    /// Reads the settings from `get`, which gives the value of a variable.
    ///
    /// # Errors
    ///
    /// Names the variable that is missing or out of bounds.
    pub fn from(get: impl Fn(&str) -> Option<String>) -> Result<Self, StartError> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let text = |name: &str| get(name).unwrap_or_default();
        let needed =
            |name: &str| get(name).ok_or_else(|| StartError(format!("{name} must be set")));
        let local = |name: &str| get(name).filter(|_| text("STAGE") == "local");
        // Lambda says how much memory the function has, in MB.
        let memory_kib = number(
            &get,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            1 << 20,
            1..=1 << 20,
        )? * 1024;
        let config = Self {
            stage: needed("STAGE")?,
            region: needed("AWS_REGION")?,
            function: text("AWS_LAMBDA_FUNCTION_NAME"),
            table_name: needed("TABLE_NAME")?,
            keys_secret: text("KEYS_SECRET"),
            passwords_secret: text("PASSWORDS_SECRET"),
            credentials_prefix: text("CREDENTIALS_PREFIX"),
            issuer: text("ISSUER"),
            audience: needed("AUDIENCE")?,
            signing_algorithm: algorithm(&get, "SIGNING_ALGORITHM")?,
            access_token_seconds: number(&get, "ACCESS_TOKEN_SECONDS", 900, ACCESS_SECONDS)?,
            refresh_idle_seconds: number(&get, "REFRESH_IDLE_SECONDS", 15 * DAY, REFRESH_SECONDS)?,
            refresh_max_seconds: number(&get, "REFRESH_MAX_SECONDS", 90 * DAY, REFRESH_SECONDS)?,
            // Below 25 a client's repeat of a lost refresh could look like theft: a function's 15
            // seconds, a 503's retry-after of 5, and clocks 5 seconds apart.
            refresh_grace_seconds: number(&get, "REFRESH_GRACE_SECONDS", 30, 26..=300)?,
            client_access_token_seconds: number(
                &get,
                "CLIENT_ACCESS_TOKEN_SECONDS",
                14 * DAY,
                ACCESS_SECONDS,
            )?,
            client_refresh_idle_seconds: number(
                &get,
                "CLIENT_REFRESH_IDLE_SECONDS",
                15 * DAY,
                REFRESH_SECONDS,
            )?,
            client_refresh_max_seconds: number(
                &get,
                "CLIENT_REFRESH_MAX_SECONDS",
                90 * DAY,
                REFRESH_SECONDS,
            )?,
            login_rate_limit: number(&get, "LOGIN_RATE_LIMIT", 5, RATE_LIMIT)?,
            credential_rate_limit: number(&get, "CREDENTIAL_RATE_LIMIT", 30, RATE_LIMIT)?,
            address_rate_limit: number(&get, "ADDRESS_RATE_LIMIT", 100, RATE_LIMIT)?,
            tenant_rate_limit: number(&get, "TENANT_RATE_LIMIT", 1000, RATE_LIMIT)?,
            live_check_short_tokens: truth(&get, "LIVE_CHECK_SHORT_TOKENS", true)?,
            login_free_failures: number(&get, "LOGIN_FREE_FAILURES", 5, 1..=1000)?,
            failed_login_floor_ms: number(&get, "FAILED_LOGIN_FLOOR_MS", 0, 0..=5000)?,
            audit_retention_days: number(&get, "AUDIT_RETENTION_DAYS", 400, 1..=3650)?,
            audit_queue_url: text("AUDIT_QUEUE_URL"),
            argon2: Argon2Cost {
                memory_kib: number(&get, "ARGON2_MEMORY_KIB", 19_456, 19_456..=393_216)?,
                iterations: number(&get, "ARGON2_ITERATIONS", 2, 2..=100)?,
                parallelism: number(&get, "ARGON2_PARALLELISM", 1, 1..=16)?,
            },
            dynamodb_endpoint: local("AWS_ENDPOINT_URL_DYNAMODB"),
            secrets_manager_endpoint: local("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            sqs_endpoint: local("AWS_ENDPOINT_URL_SQS"),
        };
        let hashes = !config.passwords_secret.is_empty();
        if hashes && config.argon2.memory_kib > memory_kib / 4 * 3 {
            let what = "ARGON2_MEMORY_KIB must be at most three quarters of the function's memory";
            return Err(StartError(what.to_owned()));
        }
        Ok(config)
    }
}

/// A whole number between `least` and `most`.
fn number<N: FromStr + PartialOrd + fmt::Display>(
    get: &impl Fn(&str) -> Option<String>,
    name: &str,
    default: N,
    bounds: RangeInclusive<N>,
) -> Result<N, StartError> {
    let Some(value) = get(name) else {
        return Ok(default);
    };
    let number = value.parse().ok().filter(|number| bounds.contains(number));
    number.ok_or_else(|| {
        let (least, most) = (bounds.start(), bounds.end());
        StartError(format!(
            "{name} must be a whole number from {least} to {most}"
        ))
    })
}

/// The name of an algorithm that tokens may be signed by.
fn algorithm(
    get: &impl Fn(&str) -> Option<String>,
    name: &str,
) -> Result<SigningAlgorithm, StartError> {
    let Some(value) = get(name) else {
        return Ok(SigningAlgorithm::default());
    };
    value
        .parse()
        .map_err(|_| StartError(format!("{name} must be RS256, ES256 or EdDSA")))
}

/// `true` or `false`.
fn truth(
    get: &impl Fn(&str) -> Option<String>,
    name: &str,
    default: bool,
) -> Result<bool, StartError> {
    let Some(value) = get(name) else {
        return Ok(default);
    };
    value
        .parse()
        .map_err(|_| StartError(format!("{name} must be true or false")))
}
