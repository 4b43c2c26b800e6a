//! The one file that knows the Lambda runtime.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use lambda_http::http::{Response, StatusCode, header};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, LambdaEvent, Service as _, service_fn};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::aws::Environment;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::http::{Answer, Request, error, request};
use crate::log::{self, Line};

/// After so long a request is answered 503, in our words: Lambda would end the instance 3 seconds
/// later, and API Gateway the call in words of its own.
pub const DEADLINE: Duration = Duration::from_secs(12);

/// Runs a function: builds its app once, then answers requests until Lambda ends the instance.
///
/// # Errors
///
/// When a setting is missing or the runtime is not Lambda's.
pub async fn serve<A, H, F>(handle: H) -> Result<(), lambda_http::Error>
where
    A: App,
    H: Fn(&'static A, Request) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Result<Answer, Error>> + Send,
{
    log::hush_panics();
    let environment = Environment::of_process().inspect_err(log::start_failed)?;
    // It lives as long as the process does.
    let app: &'static A = Box::leak(Box::new(A::new(&environment)));
    Box::pin(app.warm(app.base().clock.now())).await;
    let service = service_fn(move |request| async move {
        Ok::<_, Infallible>(answer(app, handle, request).await)
    });
    let adapter = Adapter::from(service);
    let service = service_fn(move |event| adapter.clone().call(without_uri(event)));
    lambda_runtime::run(service).await
}

/// Runs a function that is called with something other than a request.
///
/// # Errors
///
/// As [`serve`].
pub async fn serve_events<A, E, R, H, F>(handle: H) -> Result<(), lambda_http::Error>
where
    A: App,
    E: DeserializeOwned,
    R: Serialize,
    H: Fn(&'static A, Invocation<E>) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Result<R, Error>> + Send,
{
    log::hush_panics();
    let environment = Environment::of_process().inspect_err(log::start_failed)?;
    let app: &'static A = Box::leak(Box::new(A::new(&environment)));
    Box::pin(app.warm(app.base().clock.now())).await;
    let service = service_fn(move |event: LambdaEvent<E>| async move {
        let request_id = event.context.request_id;
        // In one piece with the runtime's own it would be too deep a type.
        let answered = Box::pin(answer_event(app, handle, event.payload, &request_id)).await;
        answered.map_err(lambda_http::Error::from)
    });
    lambda_runtime::run(service).await
}

/// A call of a function with something other than a request.
#[derive(Debug)]
pub struct Invocation<E> {
    /// What it is called with.
    pub event: E,
    /// The id that Lambda gave the call.
    pub request_id: String,
    /// The one reading of the clock that every decision of this call uses.
    pub now: Timestamp,
    refusal: Arc<OnceLock<Error>>,
    metrics: Metrics,
}

/// What a call has measured, for its line.
type Metrics = Arc<Mutex<BTreeMap<&'static str, u64>>>;

impl<E> Invocation<E> {
    /// Has the call's log line be a metric of its function's, too, of this name: what an alarm is for.
    pub fn measure(&self, name: &'static str, value: u64) {
        let mut metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        metrics.insert(name, value);
    }

    /// Has the log say that what the call asked for was refused, where the answer says it in words of
    /// its own and is no failure.
    pub fn refused(&self, refusal: Error) {
        let _ = self.refusal.set(refusal);
    }
}

/// As [`answer`], for a function that is called with something other than a request. Its failure is
/// Lambda's: whoever has called it decides what then.
///
/// # Errors
///
/// The handler's own, a panic, and that there was no answer in time.
pub async fn answer_event<A, E, R, H, F>(
    app: &'static A,
    handle: H,
    event: E,
    request_id: &str,
) -> Result<R, Error>
where
    A: App,
    H: Fn(&'static A, Invocation<E>) -> F,
    F: Future<Output = Result<R, Error>>,
{
    let base = app.base();
    let began = base.clock.now();
    let refusal = Arc::new(OnceLock::new());
    let metrics = Metrics::default();
    let invocation = Invocation {
        event,
        request_id: request_id.to_owned(),
        now: began,
        refusal: Arc::clone(&refusal),
        metrics: Arc::clone(&metrics),
    };
    let handled = AssertUnwindSafe(handle(app, invocation)).catch_unwind();
    let outcome = tokio::select! {
        biased;
        outcome = handled => outcome.unwrap_or_else(|_| Err(panicked())),
        () = base.clock.sleep(DEADLINE) => Err(late()),
    };
    let failure = outcome.as_ref().err();
    let line = Line {
        stage: &base.config.stage,
        route: "",
        request_id,
        status: match (failure, refusal.get()) {
            (Some(_), _) => StatusCode::INTERNAL_SERVER_ERROR,
            (None, Some(refusal)) => error::status(refusal),
            (None, None) => StatusCode::OK,
        },
        error: failure.or(refusal.get()),
        notes: Vec::new(),
        metrics: std::mem::take(&mut *metrics.lock().unwrap_or_else(PoisonError::into_inner)),
        hashes: 0,
        began,
        ended: base.clock.now(),
    };
    line.write(&base.config.function);
    outcome
}

/// The event without what `lambda_http` makes a URI of: it panics where a caller has sent what makes
/// none (`Host: a:b`, `x-forwarded-proto: 1`), and nothing here reads the URI. The query is in
/// `queryStringParameters`, the path in the route and in `pathParameters`.
fn without_uri(mut event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
        request.raw_path = Some("/".to_owned());
        request.raw_query_string = None;
        request.headers.remove(header::HOST);
        request.headers.remove("x-forwarded-proto");
        // Taken where there is no `Host`; under a wildcard domain a caller chooses a part of it.
        request.request_context.domain_name = None;
    }
    event
}

/// Does everything for a request but the runtime: gives the handler the call's facts, turns each of
/// its refusals into an answer and a panic into a 500 without losing the instance, and logs.
pub async fn answer<A, H, F>(
    app: &'static A,
    handle: H,
    request: lambda_http::Request,
) -> Response<Body>
where
    A: App,
    H: Fn(&'static A, Request) -> F,
    F: Future<Output = Result<Answer, Error>>,
{
    let base = app.base();
    let began = base.clock.now();
    let hashed = app.hashes();
    let request_id = request::request_id(&request);
    let route = request::route(&request).to_owned();
    let request = Request::new(request, began, &base.config);
    let (outcome, call) = match request {
        Ok(request) => {
            let call = request.call.clone();
            let handled = AssertUnwindSafe(handle(app, request)).catch_unwind();
            let outcome = tokio::select! {
                biased;
                outcome = handled => outcome.unwrap_or_else(|_| Err(panicked())),
                () = base.clock.sleep(DEADLINE) => Err(late()),
            };
            (outcome, Some(call))
        }
        Err(refusal) => (Err(refusal), None),
    };
    let refusal = outcome.as_ref().err().cloned();
    let answer = outcome.or_else(|refusal| error::answer(&refusal, &route, &request_id, began));
    let limit = call.as_ref().and_then(|call| call.limit());
    let response = match (answer, limit) {
        (Ok(answer), Some(limit)) => answer.with_limit(&limit).into_response(),
        (Ok(answer), None) => answer.into_response(),
        (Err(_), _) => bare_500(),
    };
    let line = Line {
        stage: &base.config.stage,
        route: &route,
        request_id: &request_id,
        status: response.status(),
        error: refusal.as_ref(),
        notes: call.map(|call| call.notes()).unwrap_or_default(),
        metrics: BTreeMap::new(),
        hashes: app.hashes() - hashed,
        began,
        ended: base.clock.now(),
    };
    line.write(&base.config.function);
    response
}

fn panicked() -> Error {
    Error::Internal("panic".to_owned())
}

fn late() -> Error {
    Error::Unavailable("no answer in time".to_owned())
}

/// The answer where even the words of a refusal could not be made.
fn bare_500() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
