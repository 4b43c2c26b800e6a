//! The API: what API Gateway's HTTP API does in front of Lambda functions, no more than the functions
//! can see of it.
//!
//! cargo-lambda has a front of its own, but that one says 127.0.0.1 and `$default` for every caller
//! and route. This one invokes functions through cargo-lambda's Invoke API.

mod answer;
mod event;
mod route;

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::{Value, json};
use shared::clock::Clock;
use tokio::sync::Semaphore;

use answer::refuse;
use event::{Call, question};
pub use route::{Authorizer, Route};
use route::{Matched, find};

use crate::StackError;
use crate::serving::Serving;

/// Request line and headers together, in bytes.
const HEAD_BYTES: usize = 10_240;
/// A body, in bytes.
const BODY_BYTES: usize = 10 << 20;
/// A call.
const LONGEST: Duration = Duration::from_secs(30);
/// An authorizer's call.
const LONGEST_AUTHORIZER: Duration = Duration::from_secs(10);
/// Calls of one function at the same time: with 100 waiting, cargo-lambda's queue of a function
/// stops for good, since whoever fills it holds the lock that emptying it needs.
const AT_ONCE: usize = 64;

/// The API's routes and where its functions are.
#[derive(Debug)]
struct Gateway {
    routes: Vec<Route>,
    places: HashMap<String, Semaphore>,
    functions_url: String,
    client: reqwest::Client,
}

/// Serves `routes` on `port` (0: a free one), invoking functions at `functions_url`, the address of
/// a Lambda Invoke API.
///
/// # Errors
///
/// When the port is in use.
pub async fn start(
    port: u16,
    routes: Vec<Route>,
    functions_url: &str,
) -> Result<Serving, StackError> {
    let client = reqwest::Client::builder().no_proxy().build();
    let client = client.map_err(|error| StackError(format!("no HTTP client: {error}")))?;
    let authorizers = routes.iter().filter_map(|route| route.authorizer.as_ref());
    let authorizers = authorizers.map(|authorizer| &authorizer.function);
    let functions = routes.iter().map(|route| &route.function);
    let places = functions
        .chain(authorizers)
        .map(|function| (function.clone(), Semaphore::new(AT_ONCE)))
        .collect();
    let functions_url = functions_url.to_owned();
    let gateway = Gateway {
        routes,
        places,
        functions_url,
        client,
    };
    // Only a fallback: axum would treat some paths as aliases of others.
    let app = Router::new().fallback(call).with_state(Arc::new(gateway));
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    Serving::start("PORT", port, |listener, ended| async move {
        let served = axum::serve(listener, app).with_graceful_shutdown(async {
            let _ = ended.await;
        });
        if let Err(error) = served.await {
            eprintln!("the gateway ended: {error}");
        }
    })
    .await
}

/// The event of a request that no function serves: it is refused (405) before anything is read,
/// which shows that the function runs. It comes from an address that is nobody's (RFC 5737).
#[must_use]
pub fn unserved(route: &Route) -> Value {
    let request = Request::head(route.path.as_str())
        .body(())
        .unwrap_or_default();
    let (head, ()) = request.into_parts();
    let peer = Ipv4Addr::new(192, 0, 2, 1).into();
    let call = Call {
        head: &head,
        body: &[],
        peer,
        now: Clock::System.now(),
    };
    let matched = Matched {
        route,
        parameters: BTreeMap::new(),
    };
    call.event(&matched).unwrap_or_default()
}

async fn call(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    if bytes_of(&head) > HEAD_BYTES {
        return refuse(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "Request Header Fields Too Large",
        );
    }
    let Some(matched) = find(&gateway.routes, head.method.as_str(), head.uri.path()) else {
        return refuse(StatusCode::NOT_FOUND, "Not Found");
    };
    let Ok(body) = to_bytes(body, BODY_BYTES).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let call = Call {
        head: &head,
        body: &body,
        peer: peer.ip(),
        now: Clock::System.now(),
    };
    let Some(mut event) = call.event(&matched) else {
        return refuse(StatusCode::BAD_REQUEST, "Bad Request");
    };
    if let Some(authorizer) = &matched.route.authorizer {
        match gateway.authorize(authorizer, &call, &event).await {
            Ok(context) => event["requestContext"]["authorizer"] = json!({ "lambda": context }),
            Err(refusal) => return *refusal,
        }
    }
    tokio::select! {
        response = gateway.invoke(&matched.route.function, &event) => response,
        () = Clock::System.sleep(LONGEST) => None,
    }
    .unwrap_or_else(|| refuse(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"))
}

impl Gateway {
    /// What the authorizer lets the function know of the caller, or the refusal: 401 where there is
    /// nothing to ask it about, 500 where it fails or takes too long.
    async fn authorize(
        &self,
        authorizer: &Authorizer,
        call: &Call<'_>,
        event: &Value,
    ) -> Result<Value, Box<Response>> {
        let Some(identity) = call.identity(&authorizer.identity) else {
            return Err(Box::new(refuse(StatusCode::UNAUTHORIZED, "Unauthorized")));
        };
        let question = question(event, &identity);
        let answer = tokio::select! {
            answer = self.ask(&authorizer.function, &question) => answer,
            () = Clock::System.sleep(LONGEST_AUTHORIZER) => None,
        };
        match answer {
            Some((StatusCode::OK, answer)) => answer::authorization(&answer),
            _ => Err(Box::new(answer::malformed())),
        }
    }

    /// The function's response; `None` where nothing answers.
    async fn invoke(&self, function: &str, event: &Value) -> Option<Response> {
        let (status, answer) = self.ask(function, event).await?;
        Some(if status == StatusCode::OK {
            answer::response(&answer)
        } else {
            answer::malformed()
        })
    }

    /// What a function answers; `None` where nothing does.
    async fn ask(&self, function: &str, event: &Value) -> Option<(StatusCode, Bytes)> {
        let _place = self.places.get(function)?.acquire().await.ok()?;
        let url = &self.functions_url;
        let url = format!("{url}/2015-03-31/functions/{function}/invocations");
        let answer = self
            .client
            .post(url)
            .body(event.to_string())
            .send()
            .await
            .ok()?;
        let status = answer.status();
        Some((status, answer.bytes().await.ok()?))
    }
}

fn bytes_of(head: &Parts) -> usize {
    let line = head.method.as_str().len() + head.uri.to_string().len() + " HTTP/1.1\r\n ".len();
    let headers = head.headers.iter();
    headers
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum::<usize>()
        + line
}
