//! Stands in for Amazon Bedrock and NVIDIA's API: takes a call that is signed, or has the key, and
//! asks what the examples ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::signature::is_signed;

/// The region that calls are signed for.
pub const REGION: &str = "eu-north-1";
/// The key that they are signed with.
pub const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// Its secret, with each kind of character that one may have.
pub const SECRET: &str = "abcd+EFGH/1234+ijkl/MNOP5678qrst+UVW";
/// The other service's key.
pub const API_KEY: &str = "nvapi-0123456789_abcdefghij-KLMNOPQRSTUVWXYZ";
/// What is answered.
pub const ANSWER: &str = "Hello to you, too.";

/// The stand-in, until the runtime of its test ends.
pub struct StandIn {
    /// Where it is.
    pub url: String,
    taken: Arc<AtomicUsize>,
}

impl StandIn {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let taken = Arc::new(AtomicUsize::new(0));
        let app = Router::new()
            .route("/model/{model}/converse", post(converse))
            .route("/v1/chat/completions", post(complete))
            .with_state(Arc::clone(&taken));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, taken }
    }

    /// How many calls it has taken since this was asked last.
    pub fn taken(&self) -> usize {
        self.taken.swap(0, Ordering::Relaxed)
    }
}

type Taken = State<Arc<AtomicUsize>>;

async fn converse(State(taken): Taken, parts: Parts, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    if asked["messages"][0]["content"][0]["text"] != "Hello" {
        return (StatusCode::BAD_REQUEST, asked.to_string()).into_response();
    }
    if let Err(why) = is_signed(&parts, &body) {
        let refusal = json!({"message": why});
        let kind = [("x-amzn-errortype", "InvalidSignatureException")];
        return (StatusCode::FORBIDDEN, kind, Json(refusal)).into_response();
    }
    taken.fetch_add(1, Ordering::Relaxed);
    let message = json!({"role": "assistant", "content": [{"text": ANSWER}]});
    Json(json!({
        "output": {"message": message},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 5, "totalTokens": 6},
        "metrics": {"latencyMs": 1},
    }))
    .into_response()
}

async fn complete(State(taken): Taken, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    if asked["messages"][0]["content"] != "Hello" || !asked["model"].is_string() {
        return (StatusCode::BAD_REQUEST, asked.to_string()).into_response();
    }
    let expected = format!("Bearer {API_KEY}");
    if headers
        .get("authorization")
        .is_none_or(|given| *given != *expected)
    {
        let refusal = json!({"error": {"message": "no such key"}});
        return (StatusCode::UNAUTHORIZED, Json(refusal)).into_response();
    }
    taken.fetch_add(1, Ordering::Relaxed);
    let message = json!({"role": "assistant", "content": ANSWER});
    Json(json!({
        "id": "chat-1",
        "object": "chat.completion",
        "created": 1_740_806_940,
        "model": asked["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 5, "total_tokens": 6},
    }))
    .into_response()
}
