//! What the caller is given: the function's answer, or the gateway's own words.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// An answer in API Gateway's own words.
pub fn refuse(status: StatusCode, message: &str) -> Response {
    let body = json!({ "message": message }).to_string();
    let mut response = (status, body).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert("content-type", json);
    response
}

/// The answer where a function fails, or answers what is no response.
pub fn malformed() -> Response {
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// A function's response in payload format 2.0; `multiValueHeaders` is format 1.0's and ignored, as
/// AWS does.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionResponse {
    status_code: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// An authorizer's simple response.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authorization {
    is_authorized: bool,
    #[serde(default)]
    context: Value,
}

/// What an authorizer lets a function know, or the gateway's refusal: 403 where it says no, 500 where it
/// says neither.
pub fn authorization(answer: &[u8]) -> Result<Value, Box<Response>> {
    match serde_json::from_slice::<Authorization>(answer) {
        Ok(answer) if answer.is_authorized => Ok(answer.context),
        Ok(_) => Err(Box::new(refuse(StatusCode::FORBIDDEN, "Forbidden"))),
        Err(_) => Err(Box::new(malformed())),
    }
}

/// The HTTP response that a function's answer stands for.
pub fn response(answer: &[u8]) -> Response {
    let answer = serde_json::from_slice::<FunctionResponse>(answer);
    answer
        .ok()
        .and_then(http_response)
        .unwrap_or_else(malformed)
}

fn http_response(answer: FunctionResponse) -> Option<Response> {
    let mut headers = HeaderMap::new();
    for (name, value) in answer.headers.unwrap_or_default() {
        let value = match value {
            Value::String(value) => value,
            other => other.to_string(),
        };
        let name = HeaderName::try_from(name).ok()?;
        headers.insert(name, HeaderValue::try_from(value).ok()?);
    }
    for cookie in answer.cookies.unwrap_or_default() {
        headers.append("set-cookie", HeaderValue::try_from(cookie).ok()?);
    }
    // The connection's length is the server's to say.
    headers.remove("content-length");
    headers.remove("transfer-encoding");
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded {
        Body::from(STANDARD.decode(body).ok()?)
    } else {
        Body::from(body)
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status_code).ok()?;
    *response.headers_mut() = headers;
    Some(response)
}
