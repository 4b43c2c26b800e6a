//! SQS: winterbaume on a port, with the one queue of the stack, in memory.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;
use winterbaume_core::{MockRequest, MockResponse, MockService, default_account_id};
use winterbaume_sqs::SqsService;

use crate::serving::Serving;
use crate::{StackError, stores::REGION};

/// The queue's name here; a deployed one has whatever name CloudFormation gives it.
const NAME: &str = "gatehouse-audit";

/// The URL of the queue, `AUDIT_QUEUE_URL`: its name to SQS, not where SQS is.
#[must_use]
pub fn url() -> String {
    format!(
        "https://sqs.{REGION}.amazonaws.com/{}/{NAME}",
        default_account_id()
    )
}

/// Makes the queue and serves it on a free port.
pub(crate) async fn start() -> Result<Serving, StackError> {
    let service = Arc::new(SqsService::new());
    let mut headers = HeaderMap::new();
    let create = HeaderValue::from_static("AmazonSQS.CreateQueue");
    headers.insert("x-amz-target", create);
    let body = json!({"QueueName": NAME}).to_string().into();
    let made = handle(&service, headers, body).await;
    if made.status != 200 {
        return Err(StackError("SQS makes no queue".to_owned()));
    }
    let app = Router::new().fallback(call).with_state(service);
    Serving::start("", 0, |listener, ended| async move {
        let served = axum::serve(listener, app).with_graceful_shutdown(async {
            let _ = ended.await;
        });
        if let Err(error) = served.await {
            eprintln!("SQS ended: {error}");
        }
    })
    .await
}

async fn call(
    State(service): State<Arc<SqsService>>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let answer = handle(&service, headers, body).await;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, answer.headers, answer.body).into_response()
}

async fn handle(service: &SqsService, headers: HeaderMap, body: Bytes) -> MockResponse {
    let request = MockRequest {
        method: "POST".to_owned(),
        uri: format!("https://sqs.{REGION}.amazonaws.com/"),
        headers,
        body,
    };
    service.handle(request).await
}
