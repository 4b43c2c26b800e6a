//! What a test sends to a function, and what it gets back.

use lambda_http::{Context, RequestExt as _};
use serde_json::{Value, json};
use shared::app::App;
use shared::error::Error;
use shared::http::{Answer, Request};

use crate::privilege::{name_of, under_role_of};
use crate::world::{ADDRESS, START};

/// A request on its way to a function.
#[derive(Clone, Debug)]
pub struct Sent {
    event: Value,
    request_id: Option<String>,
}

impl Sent {
    /// A request for a route, from [`ADDRESS`].
    pub fn new(method: &str, path: &str) -> Self {
        let route = format!("{method} {path}");
        let event = json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"host": "api.example.com", "user-agent": "test/1"},
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "a1b2c3d4e5",
                "domainName": "api.example.com",
                "domainPrefix": "api",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": ADDRESS,
                    "userAgent": "test/1",
                },
                "requestId": "gateway",
                "routeKey": route,
                "stage": "$default",
                "time": "01/Mar/2025:05:29:00 +0000",
                "timeEpoch": START.millis(),
            },
            "isBase64Encoded": false,
        });
        Self {
            event,
            request_id: None,
        }
    }

    /// `GET` of a path.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// `POST` of a JSON body to a path.
    pub fn post(path: &str, body: &Value) -> Self {
        Self::new("POST", path)
            .header("content-type", "application/json")
            .body(&body.to_string())
    }

    /// A login with these members.
    pub fn login(username: &str, password: &str) -> Self {
        Self::post(
            "/api/auth/login",
            &json!({"username": username, "password": password}),
        )
    }

    /// A refresh of this token.
    pub fn refresh(token: &str) -> Self {
        Self::post("/api/auth/refresh", &json!({"refreshToken": token}))
    }

    /// By this route, where that is not the method and the path.
    pub fn route(mut self, route: &str) -> Self {
        self.event["routeKey"] = json!(route);
        self.event["requestContext"]["routeKey"] = json!(route);
        self
    }

    /// With this value of a parameter of its path, which stands there as `{name}`.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.event["pathParameters"][name] = json!(value);
        let path = self.event["rawPath"].as_str().expect("a path");
        let path = json!(path.replace(&format!("{{{name}}}"), value));
        self.event["requestContext"]["http"]["path"] = path.clone();
        self.event["rawPath"] = path;
        self
    }

    /// With this parameter of its query.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.event["queryStringParameters"][name] = json!(value);
        // Which `lambda.rs` takes away too, and lambda_http would read before the parameters.
        self.event["rawQueryString"] = Value::Null;
        self
    }

    /// With this header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.event["headers"][name] = json!(value);
        self
    }

    /// With this bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With this body.
    pub fn body(mut self, body: &str) -> Self {
        self.event["body"] = json!(body);
        self
    }

    /// With this body, which is base64 of the real one.
    pub fn base64_body(mut self, body: &str) -> Self {
        self.event["isBase64Encoded"] = json!(true);
        self.body(body)
    }

    /// From this address.
    pub fn from(mut self, address: &str) -> Self {
        self.event["requestContext"]["http"]["sourceIp"] = json!(address);
        self
    }

    /// With this Lambda request id, instead of one of its own.
    pub fn request_id(mut self, id: &str) -> Self {
        self.request_id = Some(id.to_owned());
        self
    }

    /// The event itself, to be changed as a test likes.
    pub fn event(&mut self) -> &mut Value {
        &mut self.event
    }

    /// The request as the runtime hands it over.
    pub fn into_request(self) -> lambda_http::Request {
        let mut context = Context::default();
        context.request_id = self.request_id.unwrap_or_else(shared::random::uuid);
        let request = lambda_http::request::from_str(&self.event.to_string());
        request.expect("an event").with_lambda_context(context)
    }
}

/// The headers of a limit, on every answer to a call that was counted.
const LIMIT: [&str; 3] = [
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// What came back.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// The status.
    pub status: u16,
    /// The headers; a repeated one would stand twice.
    pub headers: Vec<(String, String)>,
    /// The body, of JSON or a string of what is none; null if there is none.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Received {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} stands twice");
        value
    }

    /// A string member of the body.
    pub fn member(&self, name: &str) -> &str {
        self.body[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} in {}", self.text))
    }

    /// Asserts that this is the refusal with these words, whole: all of its body, and all of its
    /// headers, which are the usual three and `headers`.
    #[track_caller]
    pub fn assert_refusal(&self, status: u16, words: [&str; 3], headers: &[(&str, &str)]) {
        let [error, message, detail] = words;
        let body = json!({
            "success": false,
            "error": error,
            "message": message,
            "detail": detail,
            "request_id": self.member("request_id"),
        });
        assert_eq!((self.status, &self.body), (status, &body), "{self:?}");
        assert!(!self.member("request_id").is_empty());
        self.assert_headers(headers);
    }

    /// Asserts that this is the 503 of a table, or of keys, that are away.
    #[track_caller]
    pub fn assert_unavailable(&self) {
        let what = "Service unavailable";
        let words = [what, "Please retry shortly", what];
        self.assert_refusal(503, words, &[("retry-after", "5")]);
    }

    /// The limit that the answer shows: how many of how many remain, and when the window ends.
    #[track_caller]
    pub fn limit(&self) -> [i64; 3] {
        LIMIT.map(|name| {
            let value = self.header(name).unwrap_or_else(|| panic!("no {name}"));
            value.parse().expect("a number")
        })
    }

    /// Asserts that the headers are the usual three and `headers`, and no others but those of a limit.
    #[track_caller]
    pub fn assert_headers(&self, headers: &[(&str, &str)]) {
        let mut expected = vec![
            ("content-type", "application/json; charset=utf-8"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
        ];
        expected.retain(|(name, _)| headers.iter().all(|(other, _)| other != name));
        expected.extend_from_slice(headers);
        expected.sort_unstable();
        let all = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let (limit, mut all): (Vec<_>, Vec<_>) = all.partition(|(name, _)| LIMIT.contains(name));
        assert!([0, LIMIT.len()].contains(&limit.len()), "{limit:?}");
        all.sort_unstable();
        assert_eq!(all, expected);
    }
}

/// Sends a request to an instance, through everything but the Lambda runtime.
pub async fn send<A, H, F>(app: &'static A, handle: H, sent: Sent) -> Received
where
    A: App,
    H: Fn(&'static A, Request) -> F,
    F: Future<Output = Result<Answer, Error>>,
{
    let function = name_of(&handle);
    let answered = shared::lambda::answer(app, handle, sent.into_request());
    let response = Box::pin(under_role_of(function, answered)).await;
    let headers = response.headers().iter().map(|(name, value)| {
        (
            name.to_string(),
            value.to_str().expect("a header of text").to_owned(),
        )
    });
    let headers = headers.collect();
    let text = match response.body() {
        lambda_http::Body::Text(text) => text.clone(),
        lambda_http::Body::Empty => String::new(),
        other => panic!("no text: {other:?}"),
    };
    Received {
        status: response.status().as_u16(),
        headers,
        body: match &*text {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        },
        text,
    }
}
