//! Events of an HTTP API, as the runtime hands them over, and all that handlers take from one. No refusal
//! quotes a body.
#![no_main]

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fuzz::{CONFIG, NOW};
use lambda_http::{Context, RequestExt as _};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use shared::error::Error;
use shared::http::{Page, Request, bearer};

/// What handlers read of a body.
const MEMBERS: [&str; 8] = [
    "username",
    "email",
    "password",
    "refreshToken",
    "currentPassword",
    "scope",
    "name",
    "status",
];

fuzz_target!(|text: &str| {
    let Some(event) = as_handed_over(text) else {
        return;
    };
    let Ok(request) = lambda_http::request::from_str(&event.to_string()) else {
        return;
    };
    let request = request.with_lambda_context(Context::default());
    let Ok(request) = Request::new(request, NOW, &CONFIG) else {
        return;
    };
    assert!(request.call.user_agent.len() <= 128);
    let _ = request.route();
    let _ = request.only("POST");
    let _ = request.path_parameter("id");
    let _ = request.tenant();
    let _ = bearer::token(&request);
    for name in ["limit", "cursor", "type", "actor", "from", "to"] {
        quotes_nothing(request.query(name));
    }
    quotes_nothing(Page::of(&request, "users"));
    let members = request.optional_members();
    for (name, members) in MEMBERS.iter().zip(members.iter().cycle()) {
        quotes_nothing(members.string(name));
        quotes_nothing(members.needed(name));
        quotes_nothing(members.line(name));
    }
    quotes_nothing(members);
});

/// The event as `shared::lambda` hands it to lambda_http: without what that makes a URI of, which it panics
/// at. It also panics where API Gateway's own words are none: a body that is said to be base64 and is not, a
/// `domainName` that is no host.
fn as_handed_over(event: &str) -> Option<Value> {
    let mut event: Value = serde_json::from_str(event).ok()?;
    let members = event.as_object_mut()?;
    members.insert("rawPath".to_owned(), json!("/"));
    members.remove("rawQueryString");
    if let Some(headers) = members.get_mut("headers").and_then(Value::as_object_mut) {
        let of_uri = ["host", "x-forwarded-proto"];
        headers.retain(|name, _| !of_uri.iter().any(|of| name.eq_ignore_ascii_case(of)));
    }
    if let Some(context) = event["requestContext"].as_object_mut() {
        context.remove("domainName");
    }
    let body = event["body"].as_str().unwrap_or_default();
    let is_so = event["isBase64Encoded"] != true || BASE64_STANDARD.decode(body).is_ok();
    is_so.then_some(event)
}

/// What bodies of the seeds have for a value, and no message of ours says by itself.
const CANARY: &str = "Zq7Xw";

fn quotes_nothing<T>(result: Result<T, Error>) {
    if let Err(Error::BadRequest(message)) = result {
        assert!(!message.contains(CANARY), "{message}");
    }
}
