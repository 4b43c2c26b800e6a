//! A Secrets Manager that answers with one text, for as long as the test lets it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use serde_json::{Value, json};
use shared::clock::{Clock, Timestamp};
use shared::config::Argon2Cost;
use shared::keys::KeyError;
use shared::keys::secret::Secret;
use shared::password::keys::PasswordKeys;
use shared::password::rotation::first;
use shared::password::{PasswordError, Passwords};

/// The time of every test that does not move it.
pub const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// A cost at which a hash takes microseconds.
pub const CHEAP: Argon2Cost = Argon2Cost {
    memory_kib: 64,
    iterations: 2,
    parallelism: 2,
};

#[derive(Clone, Debug, Default)]
pub struct FakeSecret {
    /// The secret's text; `None` is an outage.
    text: Arc<Mutex<Option<String>>>,
    reads: Arc<AtomicUsize>,
}

impl FakeSecret {
    pub fn holding(text: &str) -> Self {
        let secret = Self::default();
        secret.set(Some(text));
        secret
    }

    pub fn set(&self, text: Option<&str>) {
        *self.text.lock().unwrap() = text.map(str::to_owned);
    }

    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    pub fn passwords(&self, cost: Argon2Cost) -> Passwords {
        let connector = SharedHttpConnector::new(self.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-north-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .sleep_impl(Clock::moved(NOW))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        Passwords::new(Secret::new(Client::from_conf(config), "passwords"), cost)
    }
}

impl HttpConnector for FakeSecret {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let text = self.text.lock().unwrap().clone();
        let (status, body) = match text {
            Some(text) => (200, json!({"Name": "passwords", "SecretString": text})),
            None => (400, json!({"__type": "DecryptionFailure"})),
        };
        let status = StatusCode::try_from(status).expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, body.to_string().into())))
    }
}

/// A new ring as JSON, for a test to change.
pub fn ring() -> Value {
    serde_json::from_str(&first(NOW).expect("a ring")).expect("JSON")
}

/// What loading makes of a secret's text.
pub async fn load(secret: &Value) -> Result<Arc<PasswordKeys>, KeyError> {
    let secret = FakeSecret::holding(&secret.to_string());
    secret.passwords(CHEAP).keys(NOW).await
}

/// Passwords at `cost`, and keys of a new ring.
pub async fn ready(cost: Argon2Cost) -> (Passwords, Arc<PasswordKeys>) {
    let passwords = FakeSecret::holding(&ring().to_string()).passwords(cost);
    let keys = passwords.keys(NOW).await.expect("keys");
    (passwords, keys)
}

/// Whether the hash is refused as no hash.
pub fn is_malformed<T>(result: &Result<T, PasswordError>) -> bool {
    matches!(result, Err(PasswordError::Malformed(_)))
}
