//! What the wire does to requests and answers.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Value, json};

pub(super) fn unconditional(request: &mut HttpRequest) {
    let body = request.body().bytes().unwrap_or_default();
    let mut body: Value = serde_json::from_slice(body).unwrap_or_default();
    loosen(&mut body);
    // A transaction's token is a condition too.
    if let Some(members) = body.as_object_mut() {
        members.remove("ClientRequestToken");
    }
    set_body(request, &body);
}

fn set_body(request: &mut HttpRequest, body: &Value) {
    let body = body.to_string();
    request
        .headers_mut()
        .insert("content-length", body.len().to_string());
    *request.body_mut() = body.into();
}

/// A request that asks where the stages of the secret are that `body` names.
pub(super) fn describing(request: &HttpRequest, body: &Value) -> HttpRequest {
    let mut asked = request.try_clone().expect("a body in memory");
    let target = "secretsmanager.DescribeSecret";
    asked.headers_mut().insert("x-amz-target", target);
    set_body(&mut asked, &json!({"SecretId": body["SecretId"]}));
    asked
}

/// The version that has the stage which `body` moves.
pub(super) fn holder(described: &HttpResponse, body: &Value) -> String {
    let described = described.body().bytes().unwrap_or_default();
    let described: Value = serde_json::from_slice(described).unwrap_or_default();
    let stages = described["VersionIdsToStages"].as_object().cloned();
    let mut versions = stages.unwrap_or_default().into_iter();
    let has = |stages: &Value| stages.as_array().unwrap().contains(&body["VersionStage"]);
    versions
        .find(|(_, stages)| has(stages))
        .expect("one has it")
        .0
}

/// Has a stage moved from this version.
pub(super) fn from_version(request: &mut HttpRequest, version: &str) {
    let body = request.body().bytes().unwrap_or_default();
    let mut body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["RemoveFromVersionId"] = json!(version);
    set_body(request, &body);
}

/// Makes every condition of a request hold, with all its values still in use.
fn loosen(body: &mut Value) {
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                if name == "ConditionExpression"
                    && let Some(condition) = value.as_str()
                {
                    let always = "attribute_exists(pk) OR attribute_not_exists(pk)";
                    *value = json!(format!("({condition}) OR {always}"));
                } else {
                    loosen(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(loosen),
        _ => {}
    }
}

pub(super) fn error(status: u16, code: &str) -> HttpResponse {
    let code = format!("com.amazonaws.dynamodb.v20120810#{code}");
    response(status, &json!({"__type": code, "message": "injected"}))
}

pub(super) fn response(status: u16, body: &Value) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("a status");
    let mut response = HttpResponse::new(status, body.to_string().into());
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    response
}

/// An answer with all of its body there.
pub(super) async fn whole(mut answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let body = ByteStream::new(answer.take_body()).collect().await;
    let body = body.map_err(|error| ConnectorError::io(error.into()))?;
    *answer.body_mut() = body.into_bytes().to_vec().into();
    Ok(answer)
}

/// The units in an answer: of one table, or of several.
pub(super) fn units(answer: &HttpResponse) -> f64 {
    let body = answer.body().bytes().unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let of = |capacity: &Value| capacity["CapacityUnits"].as_f64().unwrap_or_default();
    match &body["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().map(of).sum(),
        table => of(table),
    }
}
