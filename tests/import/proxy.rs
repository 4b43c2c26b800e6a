//! What stands between the command line and DynamoDB here: it counts requests, and holds one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::Response;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// A proxy; it ends with its runtime.
#[derive(Clone)]
pub struct Proxy {
    state: Arc<State>,
    /// Its port.
    pub port: String,
}

struct State {
    to: String,
    http: reqwest::Client,
    seen: AtomicUsize,
    held: usize,
    forward_first: bool,
    reached: Notify,
    released: Notify,
}

impl Proxy {
    /// Before this DynamoDB. The request of this number, from 1 on, is held; where `forward_first`, once
    /// it is done, so that its answer is what is held.
    pub async fn start(to: &str, held: usize, forward_first: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State {
            to: to.to_owned(),
            http: reqwest::Client::new(),
            seen: AtomicUsize::new(0),
            held,
            forward_first,
            reached: Notify::new(),
            released: Notify::new(),
        });
        let proxied = state.clone();
        let router = Router::new().fallback(move |request: Request| {
            let state = proxied.clone();
            async move { state.carry(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let port = port.to_string();
        Self { state, port }
    }

    /// Waits until the request is held.
    pub async fn reached(&self) {
        self.state.reached.notified().await;
    }

    /// Lets it go.
    pub fn release(&self) {
        self.state.released.notify_one();
    }

    /// How many requests there have been.
    pub fn seen(&self) -> usize {
        self.state.seen.load(Ordering::SeqCst)
    }
}

impl State {
    async fn carry(&self, request: Request) -> Response<Body> {
        let held = self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.held;
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        if held && !self.forward_first {
            self.hold().await;
        }
        let sent = self.http.post(&self.to).headers(parts.headers).body(body);
        let answer = sent.send().await.expect("DynamoDB answers");
        let mut response = Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.extend(answer.headers().clone());
        }
        let body = answer.bytes().await.expect("a body");
        if held && self.forward_first {
            self.hold().await;
        }
        response.body(Body::from(body)).expect("a response")
    }

    async fn hold(&self) {
        self.reached.notify_one();
        self.released.notified().await;
    }
}
