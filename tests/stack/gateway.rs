//! Routes, answers and limits of the gateway are API Gateway's.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::stub::{Stubbed, before};

#[tokio::test]
async fn only_the_exact_path_and_method_of_a_route_reach_a_function() {
    let stubbed = Stubbed::start().await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/healthz/"),
        ("GET", "//healthz"),
        ("GET", "/Healthz"),
        ("GET", "/%68ealthz"),
        ("GET", "/healthz%2f"),
        ("POST", "/healthz"),
        ("HEAD", "/healthz"),
        ("OPTIONS", "/healthz"),
        ("GET", "/api/auth/login"),
        ("POST", "/api//auth/login"),
        ("GET", "/things/"),
        ("GET", "/things/1/"),
        ("GET", "/things/1/2"),
    ] {
        let answer = stubbed.request(method, path).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/json");
        if method != "HEAD" {
            assert_eq!(answer.text().await.unwrap(), r#"{"message":"Not Found"}"#);
        }
    }
    assert_eq!(stubbed.functions.calls(), 0);
}

#[tokio::test]
async fn every_route_of_the_template_reaches_its_own_function() {
    let stubbed = Stubbed::start().await;
    for (method, path, function) in [
        ("POST", "/api/auth/login", "login"),
        ("POST", "/api/v1/auth/login", "login"),
        ("POST", "/api/auth/refresh", "refresh"),
        ("GET", "/api/auth/me", "me"),
        ("GET", "/api/auth/validate", "validate"),
        ("POST", "/api/auth/logout", "logout"),
        ("POST", "/api/auth/change-password", "change-password"),
        ("GET", "/.well-known/jwks.json", "jwks"),
        ("GET", "/.well-known/openid-configuration", "discovery"),
        ("GET", "/healthz", "health"),
        ("GET", "/readyz", "health"),
    ] {
        stubbed.request(method, path).send().await.unwrap();
        let (called, event) = stubbed.functions.last();
        assert_eq!(called, function);
        assert_eq!(event["routeKey"], format!("{method} {path}"));
    }
}

#[tokio::test]
async fn a_method_goes_before_any_and_a_plain_path_before_one_with_parameters() {
    let stubbed = Stubbed::start().await;
    for (method, path, function, key) in [
        ("POST", "/v1/auth", "client-auth", "POST /v1/auth"),
        ("TRACE", "/v1/auth", "client-refresh", "ANY /v1/auth"),
        ("HEAD", "/v1/auth", "client-refresh", "ANY /v1/auth"),
        ("GET", "/things/all", "all", "GET /things/all"),
        ("GET", "/things/1", "one", "GET /things/{id}"),
    ] {
        stubbed.request(method, path).send().await.unwrap();
        let (called, event) = stubbed.functions.last();
        assert_eq!(
            (called.as_str(), event["routeKey"].as_str().unwrap()),
            (function, key)
        );
        assert_eq!(event["requestContext"]["http"]["method"], method);
    }
}

#[tokio::test]
async fn path_parameters_are_decoded_and_so_is_the_path() {
    let stubbed = Stubbed::start().await;
    let path = "/things/a%2Fb%3F%23%C3%A4/parts/1%zz";
    stubbed.request("DELETE", path).send().await.unwrap();
    let (_, event) = stubbed.functions.last();
    assert_eq!(
        event["pathParameters"],
        json!({ "id": "a/b?#ä", "part_id": "1%zz" })
    );
    assert_eq!(event["rawPath"], "/things/a/b?#ä/parts/1%zz");
    let not_utf_8 = stubbed.request("GET", "/things/%ff").send().await.unwrap();
    assert_eq!(not_utf_8.status(), 404);
}

#[tokio::test]
async fn the_callers_answer_is_the_functions() {
    let stubbed = Stubbed::start().await;
    let answer = json!({
        "statusCode": 401,
        "headers": { "www-authenticate": "Bearer", "X-RateLimit-Limit": 5 },
        "multiValueHeaders": { "of-format-1": ["a"] },
        "cookies": ["a=1; Secure", "b=2"],
        "body": "no",
    });
    stubbed.functions.answer(StatusCode::OK, answer);
    let answer = stubbed.request("GET", "/healthz").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    assert_eq!(answer.headers()["x-ratelimit-limit"], "5");
    assert_eq!(answer.headers().get("of-format-1"), None);
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1; Secure", "b=2"]);
    assert_eq!(answer.text().await.unwrap(), "no");

    let binary = json!({ "statusCode": 200, "body": "/wA=", "isBase64Encoded": true });
    stubbed.functions.answer(StatusCode::OK, binary);
    let answer = stubbed.request("GET", "/healthz").send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap().as_ref(), [0xff, 0x00]);
}

#[tokio::test]
async fn a_function_that_fails_is_a_500_in_the_gateways_words() {
    let stubbed = Stubbed::start().await;
    let error = json!({ "errorType": "panic", "errorMessage": "secret" });
    for (status, answer) in [
        (StatusCode::INTERNAL_SERVER_ERROR, error.clone()),
        (StatusCode::OK, error),
        (StatusCode::OK, json!({ "statusCode": 99 })),
        (
            StatusCode::OK,
            json!({ "statusCode": 200, "headers": { "a": "b\r\nc: d" } }),
        ),
        (
            StatusCode::OK,
            json!({ "statusCode": 200, "body": "?", "isBase64Encoded": true }),
        ),
        (StatusCode::OK, Value::Null),
    ] {
        stubbed.functions.answer(status, answer);
        let answer = stubbed.request("GET", "/healthz").send().await.unwrap();
        assert_eq!(answer.status(), 500);
        assert_eq!(
            answer.text().await.unwrap(),
            r#"{"message":"Internal Server Error"}"#
        );
    }
}

#[tokio::test]
async fn functions_that_cannot_be_reached_are_a_503_in_the_gateways_words() {
    let routes = local::template::Template::read().unwrap().routes().unwrap();
    let gateway = local::gateway::start(0, routes, "http://127.0.0.1:1")
        .await
        .unwrap();
    let answer = reqwest::get(format!("{}/healthz", gateway.url))
        .await
        .unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(
        answer.text().await.unwrap(),
        r#"{"message":"Service Unavailable"}"#
    );
}

#[tokio::test]
async fn what_is_longer_than_api_gateway_takes_reaches_no_function() {
    let stubbed = Stubbed::start().await;
    let too_long = stubbed
        .request("GET", "/healthz")
        .header("x-long", "a".repeat(10_200));
    assert_eq!(too_long.send().await.unwrap().status(), 431);
    let too_long = stubbed.request("GET", &format!("/healthz?{}", "a".repeat(10_200)));
    assert_eq!(too_long.send().await.unwrap().status(), 431);
    let too_much = stubbed
        .request("POST", "/api/auth/login")
        .body(vec![b'a'; (10 << 20) + 1]);
    assert_eq!(too_much.send().await.unwrap().status(), 413);
    assert_eq!(stubbed.functions.calls(), 0);

    let just_short = stubbed
        .request("GET", "/healthz")
        .header("x-long", "a".repeat(10_000));
    assert_eq!(just_short.send().await.unwrap().status(), 200);
    let just_all = stubbed
        .request("POST", "/api/auth/login")
        .body(vec![b'a'; 10 << 20]);
    assert_eq!(just_all.send().await.unwrap().status(), 200);
}

/// cargo-lambda's queue of a function stops for good with 100 calls in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_most_64_calls_of_a_function_run_at_once_and_the_others_wait() {
    let arrived = Arc::new(watch::Sender::new(0));
    let gate = Arc::new(Semaphore::new(0));
    let app = {
        let (arrived, gate) = (Arc::clone(&arrived), Arc::clone(&gate));
        Router::new().fallback(async move |uri: Uri| {
            if uri.path().contains("/health/") {
                arrived.send_modify(|calls| *calls += 1);
                gate.acquire().await.unwrap().forget();
            }
            r#"{"statusCode":200}"#
        })
    };
    let gateway = before(app).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let call = |path| client.get(format!("{}{path}", gateway.url)).send();
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        let call = call("/healthz");
        calls.spawn(async move { call.await.unwrap().status() });
    }
    arrived
        .subscribe()
        .wait_for(|calls| *calls >= 64)
        .await
        .unwrap();
    // Time enough for all the others to arrive, if they could; and they hold up nobody else.
    for _ in 0..100 {
        assert_eq!(call("/.well-known/jwks.json").await.unwrap().status(), 200);
    }
    assert_eq!(*arrived.borrow(), 64);
    gate.add_permits(200);
    assert!(calls.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(*arrived.borrow(), 200);
}
