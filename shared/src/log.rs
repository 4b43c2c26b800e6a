//! One JSON line per request, which CloudWatch also reads as a metric (embedded metric format): so a
//! stack has latency and outcome per function without a call of its own.

use std::collections::BTreeMap;

use lambda_http::http::StatusCode;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::config::StartError;
use crate::error::Error;

/// What a line says of a request. It has no place for a password, a token, a key or an address.
#[derive(Debug)]
pub struct Line<'a> {
    /// The stage.
    pub stage: &'a str,
    /// The route that API Gateway chose.
    pub route: &'a str,
    /// The Lambda request id.
    pub request_id: &'a str,
    /// The answer's status.
    pub status: StatusCode,
    /// Why it was refused, if it was.
    pub error: Option<&'a Error>,
    /// What went wrong without changing the answer.
    pub notes: Vec<&'static str>,
    /// Metrics of the function's beside the duration, by their names.
    pub metrics: BTreeMap<&'static str, u64>,
    /// How many passwords were hashed for it.
    pub hashes: u64,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
}

impl Line<'_> {
    /// Writes the line to standard output, where Lambda reads it.
    pub fn write(&self, function: &str) {
        print(&self.json(function).to_string());
    }

    /// The line. A metric with a value costs by the hour, so that what only alarms are for has one
    /// dimension, and is there only in a line that has something to say.
    #[must_use]
    pub fn json(&self, function: &str) -> Value {
        let mut directives = vec![json!({
            "Namespace": "Gatehouse",
            "Dimensions": [["stage", "function", "outcome"]],
            "Metrics": [{"Name": "duration", "Unit": "Milliseconds"}],
        })];
        if !self.metrics.is_empty() {
            let names = self.metrics.keys().map(|name| json!({"Name": name}));
            directives.push(json!({
                "Namespace": "Gatehouse",
                "Dimensions": [["function"]],
                "Metrics": names.collect::<Vec<_>>(),
            }));
        }
        let mut line = json!({
            "_aws": {"Timestamp": self.ended.millis(), "CloudWatchMetrics": directives},
            "time": self.ended.to_string(),
            "stage": self.stage,
            "function": function,
            "route": self.route,
            "status": self.status.as_u16(),
            "request_id": self.request_id,
            "duration": self.ended.millis() - self.began.millis(),
            "outcome": outcome(self.status),
            "error": self.error.map(ToString::to_string),
            "notes": self.notes,
            "hashes": self.hashes,
        });
        for (name, value) in &self.metrics {
            line[*name] = (*value).into();
        }
        line
    }
}

/// Four outcomes: each is a metric of its own, and each costs.
fn outcome(status: StatusCode) -> &'static str {
    match status {
        StatusCode::TOO_MANY_REQUESTS => "limited",
        _ if status.is_server_error() => "failed",
        _ if status.is_client_error() => "refused",
        _ => "success",
    }
}

/// One line to standard output, which Lambda never closes. By the macro, since a test harness keeps
/// what it prints and nothing else for the tests that fail.
pub fn print(line: &str) {
    println!("{line}");
}

/// Why a function does not start.
pub fn start_failed(error: &StartError) {
    print(
        &json!({"error": "the function does not start", "reason": error.to_string()}).to_string(),
    );
}

/// A panic's message may hold a value: the log has the place alone.
pub fn hush_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(|place| format!("{}:{}", place.file(), place.line()));
        print(&json!({"error": "panic", "place": place}).to_string());
    }));
}
