//! What the gateway makes of an authorizer's answers is what API Gateway makes of them.

use axum::http::StatusCode;
use local::template::Template;
use serde_json::{Value, json};

use super::stub::Stubbed;

/// A gateway's answer to a call of a route behind the authorizer, with this `Authorization`.
async fn call(stubbed: &Stubbed, authorization: Option<&str>) -> (u16, Value) {
    let request = stubbed.request("GET", "/api/v1/interactions?limit=2&a=b&a=c");
    let request = match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    };
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn a_call_without_what_the_authorizer_goes_by_is_a_401_and_asks_nobody() {
    let stubbed = Stubbed::start().await;
    for missing in [None, Some("")] {
        let answer = call(&stubbed, missing).await;
        assert_eq!(answer, (401, json!({"message": "Unauthorized"})));
    }
    assert_eq!(stubbed.functions.calls(), 0);
}

#[tokio::test]
async fn a_no_is_a_403_and_anything_but_yes_or_no_a_500_and_neither_calls_the_function() {
    let stubbed = Stubbed::start().await;
    let failed = (500, json!({"message": "Internal Server Error"}));
    let refused = (403, json!({"message": "Forbidden"}));
    for (status, answer, expected) in [
        (200, json!({"isAuthorized": false}), &refused),
        (
            200,
            json!({"isAuthorized": false, "context": {"sub": "1"}}),
            &refused,
        ),
        (200, json!({"isAuthorized": "true"}), &failed),
        (200, json!({"isAuthorized": null}), &failed),
        (200, json!({"is_authorized": true}), &failed),
        (
            200,
            json!({"principalId": "1", "policyDocument": {}}),
            &failed,
        ),
        (
            200,
            json!({"errorType": "Error", "errorMessage": "secret"}),
            &failed,
        ),
        (200, Value::Null, &failed),
        (500, json!({"isAuthorized": true}), &failed),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        stubbed.functions.answer_of("authorizer", status, answer);
        let before = stubbed.functions.calls();
        assert_eq!(call(&stubbed, Some("Bearer a")).await, *expected);
        assert_eq!(stubbed.functions.calls(), before + 1);
        assert_eq!(stubbed.functions.last().0, "authorizer");
    }
}

#[tokio::test]
async fn a_yes_calls_the_function_with_what_the_authorizer_has_said_each_time_anew() {
    let stubbed = Stubbed::start().await;
    for (context, known) in [
        (
            json!({"sub": "1005", "n": 1}),
            json!({"sub": "1005", "n": 1}),
        ),
        (Value::Null, Value::Null),
    ] {
        let yes = json!({"isAuthorized": true, "context": context});
        stubbed
            .functions
            .answer_of("authorizer", StatusCode::OK, yes);
        let before = stubbed.functions.calls();
        let (status, _) = call(&stubbed, Some("Bearer a.b.c")).await;
        assert_eq!(status, 200);
        assert_eq!(
            stubbed.functions.calls(),
            before + 2,
            "nothing is remembered"
        );
        let (function, event) = stubbed.functions.last();
        assert_eq!(function, "protected-api");
        assert_eq!(
            event["requestContext"]["authorizer"],
            json!({"lambda": known})
        );
        assert_eq!(
            event["queryStringParameters"],
            json!({"limit": "2", "a": "b,c"})
        );
    }
    let (status, _) = call(&stubbed, Some("Bearer a.b.c")).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_authorizer_is_asked_as_api_gateway_asks() {
    let stubbed = Stubbed::start().await;
    stubbed
        .functions
        .answer_of("authorizer", StatusCode::OK, json!({"isAuthorized": false}));
    let request = stubbed.request("GET", "/api/v1/interactions?limit=2");
    let request = request
        .header("authorization", "Bearer a.b.c")
        .header("authorization", "Basic d")
        .header("cookie", "a=1; b=2");
    request.body("{}").send().await.unwrap();
    let (function, question) = stubbed.functions.last();
    assert_eq!(function, "authorizer");
    let context = &question["requestContext"];
    let expected = json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn":
            "arn:aws:execute-api:us-east-1:123456789012:local/$default/GET/api/v1/interactions",
        "identitySource": ["Bearer a.b.c,Basic d"],
        "routeKey": "GET /api/v1/interactions",
        "rawPath": "/api/v1/interactions",
        "rawQueryString": "limit=2",
        "queryStringParameters": {"limit": "2"},
        "cookies": ["a=1", "b=2"],
        "headers": question["headers"],
        "requestContext": context,
    });
    assert_eq!(question, expected);
    assert_eq!(question["headers"]["authorization"], "Bearer a.b.c,Basic d");
    assert_eq!(context["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(context["authorizer"], Value::Null);
    let example = include_str!("../../events/authorizer.json");
    let example: Value = serde_json::from_str(example).unwrap();
    for member in example.as_object().unwrap().keys() {
        assert!(question.get(member).is_some(), "{member}");
    }
}

#[tokio::test]
async fn no_route_of_ours_has_an_authorizer_and_every_route_of_the_example_has() {
    let ours = Template::read().unwrap().routes().unwrap();
    assert!(ours.iter().all(|route| route.authorizer.is_none()));
    let example = Template::example().unwrap().routes().unwrap();
    let routes: Vec<String> = example.iter().map(local::gateway::Route::key).collect();
    assert_eq!(routes, ["GET /api/transcribe", "GET /api/v1/interactions"]);
    for route in &example {
        let authorizer = route.authorizer.as_ref().expect("an authorizer");
        assert_eq!(authorizer.function, "authorizer");
        assert_eq!(authorizer.identity, ["Authorization"]);
    }
    let stubbed = Stubbed::start().await;
    let answer = stubbed.request("GET", "/healthz").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let (_, event) = stubbed.functions.last();
    assert_eq!(event["requestContext"].get("authorizer"), None);
}

#[test]
fn an_authorizer_that_the_gateway_does_not_know_stops_the_start() {
    let text = |properties: &str| {
        format!(
            "Resources:
  Api:
    Properties:
      Auth: {{DefaultAuthorizer: A, Authorizers: {{A: {properties}}}}}
  F:
    Type: AWS::Serverless::Function
    Metadata: {{BuildProperties: {{Binary: f}}}}
    Properties:
      Events:
        E: {{Type: HttpApi, Properties: {{ApiId: !Ref Api, Method: GET, Path: /}}}}
"
        )
    };
    for properties in [
        "{JwtConfiguration: {}}",
        "{FunctionArn: !Ref Nobody, AuthorizerPayloadFormatVersion: '2.0'}",
    ] {
        let template = Template::parse(&text(properties)).unwrap();
        let error = template.routes().unwrap_err().to_string();
        assert_eq!(error, "template.yaml, A: no FunctionArn of ours");
    }
}
