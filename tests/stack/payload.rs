//! What a function is given is what AWS documents as payload format 2.0.

use std::net::Ipv4Addr;

use serde_json::json;

use super::stub::Stubbed;

#[tokio::test]
async fn a_function_is_given_the_payload_that_aws_documents() {
    let stubbed = Stubbed::start().await;
    let request = stubbed.request_from(Ipv4Addr::new(127, 7, 8, 9), "POST", "/api/auth/login?a=1");
    let request = request
        .header("Content-Type", "application/json")
        .header("User-Agent", "curl/8");
    request.body(r#"{"username":"ä"}"#).send().await.unwrap();

    let (function, mut event) = stubbed.functions.last();
    assert_eq!(function, "login");
    let context = event["requestContext"].as_object_mut().unwrap();
    let id = context.remove("requestId").unwrap();
    assert_eq!(id.as_str().unwrap().len(), 36);
    let epoch = context.remove("timeEpoch").unwrap().as_i64().unwrap();
    assert!(
        epoch > 1_700_000_000_000,
        "milliseconds, not seconds: {epoch}"
    );
    let time = context.remove("time").unwrap();
    assert_eq!(time, clf(epoch));
    let host = stubbed.gateway.url.strip_prefix("http://").unwrap();
    assert_eq!(
        event,
        json!({
            "version": "2.0",
            "routeKey": "POST /api/auth/login",
            "rawPath": "/api/auth/login",
            "rawQueryString": "a=1",
            "headers": {
                "accept": "*/*",
                "content-length": "17",
                "content-type": "application/json",
                "host": host,
                "user-agent": "curl/8",
            },
            "queryStringParameters": { "a": "1" },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "local",
                "domainName": "local.execute-api.us-east-1.amazonaws.com",
                "domainPrefix": "local",
                "http": {
                    "method": "POST",
                    "path": "/api/auth/login",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.7.8.9",
                    "userAgent": "curl/8",
                },
                "routeKey": "POST /api/auth/login",
                "stage": "$default",
            },
            "body": r#"{"username":"ä"}"#,
            "isBase64Encoded": false,
        })
    );
}

/// The time as AWS writes it, `12/Mar/2020:19:03:58 +0000`, from the wire's form of it.
fn clf(millis: i64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let time = shared::clock::Timestamp::from_millis(millis).to_string();
    let month = MONTHS[time[5..7].parse::<usize>().unwrap() - 1];
    format!(
        "{}/{month}/{}:{} +0000",
        &time[8..10],
        &time[0..4],
        &time[11..19]
    )
}

#[tokio::test]
async fn the_address_is_the_callers_own_whatever_it_says_of_itself() {
    let stubbed = Stubbed::start().await;
    for from in [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 200, 3, 4)] {
        let request = stubbed.request_from(from, "GET", "/healthz");
        let request = request
            .header("X-Forwarded-For", "10.0.0.1")
            .header("Forwarded", "for=10.0.0.1");
        request.send().await.unwrap();
        let (_, event) = stubbed.functions.last();
        assert_eq!(
            event["requestContext"]["http"]["sourceIp"],
            from.to_string()
        );
    }
}

#[tokio::test]
async fn repeated_headers_and_parameters_are_joined_and_cookies_are_apart() {
    let stubbed = Stubbed::start().await;
    let request = stubbed.request("GET", "/healthz?b=2&a=x%20y&a=%C3%A4+z&c&d=");
    let request = request
        .header("Authorization", "Bearer one")
        .header("authorization", "Bearer two");
    let request = request.header("Cookie", "a=1; b=2").header("cookie", "c=3");
    request.send().await.unwrap();

    let (_, event) = stubbed.functions.last();
    assert_eq!(event["headers"]["authorization"], "Bearer one,Bearer two");
    assert_eq!(event["headers"].get("cookie"), None);
    assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
    assert_eq!(event["rawQueryString"], "b=2&a=x%20y&a=%C3%A4+z&c&d=");
    let parameters = json!({ "a": "x y,ä z", "b": "2", "c": "", "d": "" });
    assert_eq!(event["queryStringParameters"], parameters);
}

#[tokio::test]
async fn a_body_that_is_no_text_is_in_base64() {
    let stubbed = Stubbed::start().await;
    for (content_type, body, expected) in [
        (
            "application/json; charset=utf-8",
            b"{}".as_slice(),
            Some("{}"),
        ),
        ("Text/Plain", b"hi", Some("hi")),
        ("application/json", b"\xff\xfe", None),
        ("application/x-www-form-urlencoded", b"a=b", None),
        ("application/octet-stream", b"a", None),
        ("", b"a", None),
    ] {
        let request = stubbed.request("POST", "/api/auth/logout").body(body);
        let request = match content_type {
            "" => request,
            content_type => request.header("content-type", content_type),
        };
        request.send().await.unwrap();
        let (_, event) = stubbed.functions.last();
        assert_eq!(
            event["isBase64Encoded"],
            expected.is_none(),
            "{content_type}"
        );
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, body);
        assert_eq!(
            event["body"],
            expected.unwrap_or(&encoded),
            "{content_type}"
        );
    }
    stubbed
        .request("POST", "/api/auth/logout")
        .send()
        .await
        .unwrap();
    let (_, event) = stubbed.functions.last();
    assert_eq!(
        (event.get("body"), &event["isBase64Encoded"]),
        (None, &json!(false))
    );
}
