//! The API, as a client of it sees it.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::Value;
use tokio::sync::watch;

use crate::failure::Failure;
use crate::interrupt::Interrupts;
use crate::operator::Operator;

/// Longer than API Gateway lets a function take.
const LONGEST: Duration = Duration::from_secs(35);

/// Where the API is.
#[derive(Debug)]
pub struct Endpoint {
    client: Client,
    url: String,
    stopped: watch::Receiver<bool>,
}

/// One call, and the function that has to answer it.
#[derive(Debug)]
pub struct Ask<'a> {
    function: &'static str,
    method: &'static str,
    path: &'a str,
    bearer: Option<&'a str>,
    api_key: Option<&'a str>,
    body: Option<Value>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// Which function, and what it was asked.
    asked: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null where it is no JSON.
    pub body: Value,
}

/// Why nothing came back.
#[derive(Debug)]
pub enum Lost {
    /// Somebody has stopped the checks.
    Interrupted,
    /// Nobody answers; why.
    Away(String),
}

impl<'a> Ask<'a> {
    /// A call of a function's route.
    pub fn new(function: &'static str, method: &'static str, path: &'a str) -> Self {
        Self {
            function,
            method,
            path,
            bearer: None,
            api_key: None,
            body: None,
        }
    }

    /// With this token.
    pub fn bearer(self, token: &'a str) -> Self {
        let bearer = Some(token);
        Self { bearer, ..self }
    }

    /// With this API key.
    pub fn api_key(self, key: &'a str) -> Self {
        let api_key = Some(key);
        Self { api_key, ..self }
    }

    /// With this body.
    pub fn body(self, body: Value) -> Self {
        let body = Some(body);
        Self { body, ..self }
    }
}

impl Endpoint {
    /// The deployment's.
    pub fn new(operator: &Operator) -> Result<Self, Failure> {
        let agent = concat!("gatehouse/", env!("CARGO_PKG_VERSION"), " doctor");
        let mut client = Client::builder().timeout(LONGEST).user_agent(agent);
        if operator.is_local() {
            client = client.no_proxy();
        }
        let client = client.build();
        let client = client.map_err(|error| Failure::new(format!("no HTTP client: {error}")))?;
        let (stop, stopped) = watch::channel(false);
        let interrupts = Interrupts::heeded();
        tokio::spawn(async move {
            // Also while what the checks have made is removed.
            loop {
                interrupts.next().await;
                let _ = stop.send(true);
            }
        });
        let url = operator.api.trim_end_matches('/').to_owned();
        Ok(Self {
            client,
            url,
            stopped,
        })
    }

    /// Makes a call.
    pub async fn send(&self, ask: Ask<'_>) -> Result<Reply, Lost> {
        tokio::select! {
            reply = self.made(ask) => reply.map_err(Lost::Away),
            () = self.stopped() => Err(Lost::Interrupted),
        }
    }

    /// Ends when somebody stops the checks.
    pub async fn stopped(&self) {
        let mut stopped = self.stopped.clone();
        if stopped.wait_for(|stopped| *stopped).await.is_err() {
            // Nobody is left to say so.
            std::future::pending::<()>().await;
        }
    }

    async fn made(&self, ask: Ask<'_>) -> Result<Reply, String> {
        let asked = format!("{} ({} {})", ask.function, ask.method, ask.path);
        let method = Method::from_bytes(ask.method.as_bytes());
        let method = method.map_err(|error| error.to_string())?;
        let mut request = self
            .client
            .request(method, format!("{}{}", self.url, ask.path));
        if let Some(token) = ask.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(key) = ask.api_key {
            request = request.header("x-api-key", key);
        }
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| self.away(&error))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|error| self.away(&error))?;
        Ok(Reply {
            asked,
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        })
    }

    fn away(&self, error: &reqwest::Error) -> String {
        let url = &self.url;
        if error.is_timeout() {
            return format!("{url} does not answer in {} s", LONGEST.as_secs());
        }
        // The innermost reason is the one that says something.
        let mut reason = error.source();
        while let Some(source) = reason.and_then(|reason| reason.source()) {
            reason = Some(source);
        }
        let reason = reason.map_or_else(|| error.to_string(), ToString::to_string);
        format!("{url} cannot be reached: {reason}")
    }
}

impl Reply {
    /// A text member of the body.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.body[name].as_str()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What is wrong with an answer of this status: which function gave it, to what, and where its log
    /// line is found.
    pub fn unexpected(&self) -> String {
        let said = self.text("error").or_else(|| self.text("message"));
        let said = said.map(|said| format!(": {said}")).unwrap_or_default();
        let request = self
            .text("request_id")
            .or_else(|| self.header("apigw-requestid"));
        let request = request.map(|id| format!(", request {id}"));
        let wait = self.header("retry-after").filter(|_| self.status == 429);
        let wait = wait.map(|seconds| format!(", again in {seconds} s"));
        format!(
            "{} from {}{said}{}{}",
            self.status,
            self.asked,
            wait.unwrap_or_default(),
            request.unwrap_or_default()
        )
    }
}
