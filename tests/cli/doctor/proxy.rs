//! What stands between the command line and the stack, and makes the API other than it is.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use reqwest::Client;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What becomes of a call.
pub enum Does {
    /// It is passed on.
    Pass,
    /// It is passed on, and its answer changed.
    Change(fn(&mut Answer)),
    /// It is answered so, and not passed on.
    Instead(u16, Value),
    /// It is never answered.
    Hang,
}

/// An answer on its way.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn set(&mut self, name: &'static str, value: &str) {
        let value = HeaderValue::from_str(value).unwrap();
        self.headers.insert(HeaderName::from_static(name), value);
    }

    pub fn take(&mut self, name: &str) -> Option<String> {
        let value = self.headers.remove(name)?;
        Some(value.to_str().unwrap().to_owned())
    }
}

type Rule = Arc<dyn Fn(&str) -> Does + Send + Sync>;

#[derive(Clone)]
struct Passing {
    client: Client,
    to: String,
    rule: Rule,
}

/// It ends when this is dropped.
pub struct Proxy {
    pub url: String,
    serving: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Proxy {
    /// Passes calls on to `to`, as a caller at `address`; `rule` decides by method and path.
    pub async fn start(
        to: &str,
        address: [u8; 4],
        rule: impl Fn(&str) -> Does + Send + Sync + 'static,
    ) -> Self {
        let client = Client::builder()
            .no_proxy()
            .local_address(Some(Ipv4Addr::from(address).into()));
        let passing = Passing {
            client: client.build().unwrap(),
            to: to.to_owned(),
            rule: Arc::new(rule),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(pass).with_state(passing);
        let serving = tokio::spawn(async move {
            axum::serve(listener, app).await.unwrap();
        });
        Self { url, serving }
    }
}

async fn pass(State(passing): State<Passing>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let asked = format!("{} {}", head.method, head.uri.path());
    let does = (passing.rule)(&asked);
    let change = match does {
        Does::Hang => return std::future::pending().await,
        Does::Instead(status, body) => {
            return response(Answer {
                status,
                headers: HeaderMap::new(),
                body: body.to_string(),
            });
        }
        Does::Pass => None,
        Does::Change(change) => Some(change),
    };
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let mut headers = head.headers;
    for own in ["host", "content-length", "transfer-encoding"] {
        headers.remove(own);
    }
    let request = passing
        .client
        .request(head.method, format!("{}{}", passing.to, head.uri))
        .headers(headers);
    let answer = request.body(body).send().await.expect("the stack answers");
    let mut passed = Answer {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: String::new(),
    };
    passed.body = answer.text().await.unwrap();
    for own in ["content-length", "transfer-encoding"] {
        passed.headers.remove(own);
    }
    if let Some(change) = change {
        change(&mut passed);
    }
    response(passed)
}

fn response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
    *response.headers_mut() = answer.headers;
    response
}
