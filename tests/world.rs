//! A deployment in a test's hands: table and secrets in memory, the documents' users, a clock that
//! stands until the test moves it, a wire that it may break, and as many instances as it wants.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Context, RequestExt as _};
use local::Stores;
use serde_json::{Value, json};
use shared::app::App;
use shared::aws::Environment;
use shared::clock::{Clock, Timestamp};
use shared::config::Config;
use shared::error::Error;
use shared::http::{Answer, Request};
use shared::store::key::Key;
use shared::store::write::{Change, Written};
use shared::store::{Item, Store};

use crate::wire::Wire;

/// When every world begins, on a whole minute: `2025-03-01T05:29:00.000Z`.
pub const START: Timestamp = Timestamp::from_seconds(1_740_806_940);

/// An address that is nobody else's.
pub const ADDRESS: &str = "203.0.113.7";

/// A deployment.
#[derive(Debug)]
pub struct World {
    /// The clock of every instance.
    pub clock: Clock,
    /// The wire of every instance.
    pub wire: Wire,
    /// What the test itself sees the table through, past the wire.
    pub store: Store,
    environment: Environment,
    table: Client,
    _stores: Stores,
}

impl World {
    /// A deployment with the demonstration data.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A deployment with these settings; the demonstration data are made by them too.
    pub async fn with(set: impl FnOnce(&mut Config)) -> Self {
        let stores = Stores::in_memory().await.expect("stores in memory");
        let clock = Clock::moved(START);
        let mut environment = stores.environment(clock.clone()).expect("settings");
        set(&mut environment.config);
        local::demonstration::load(&environment)
            .await
            .expect("demonstration data");
        // A test breaks more calls than an instance ever repeats.
        let store = Store::new(&environment);
        let table = environment.dynamodb();
        let wire = Wire::new(environment.http.clone(), clock.clone());
        environment.http =
            aws_smithy_runtime_api::client::http::SharedHttpClient::new(wire.clone());
        Self {
            clock,
            wire,
            store,
            environment,
            table,
            _stores: stores,
        }
    }

    /// A new instance of a function, its caches warm.
    pub async fn instance<A: App>(&self) -> &'static A {
        self.instance_with(|_| {}).await
    }

    /// A new instance of a function with other settings, its caches warm.
    pub async fn instance_with<A: App>(&self, set: impl FnOnce(&mut Config)) -> &'static A {
        let app: &A = self.cold_instance_with(set);
        Box::pin(app.warm(self.clock.now())).await;
        self.wire.take();
        app
    }

    /// A new instance that has not asked for anything yet.
    pub fn cold_instance<A: App>(&self) -> &'static A {
        self.cold_instance_with(|_| {})
    }

    /// A new instance with other settings that has not asked for anything yet.
    pub fn cold_instance_with<A: App>(&self, set: impl FnOnce(&mut Config)) -> &'static A {
        let mut environment = self.environment.clone();
        set(&mut environment.config);
        Box::leak(Box::new(A::new(&environment)))
    }

    /// A new instance, its caches warm, whose clock is ahead of the others' and stands for good.
    pub async fn instance_ahead<A: App>(&self, ahead: Duration) -> &'static A {
        let mut environment = self.environment.clone();
        environment.clock = Clock::moved(self.clock.now());
        environment.clock.advance(ahead);
        let app: &A = Box::leak(Box::new(A::new(&environment)));
        Box::pin(app.warm(environment.clock.now())).await;
        app
    }

    /// Moves the clock on.
    pub fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Moves the clock on by milliseconds.
    pub fn wait_ms(&self, milliseconds: u64) {
        self.clock.advance(Duration::from_millis(milliseconds));
    }

    /// The row with this key.
    pub async fn row(&self, key: &Key) -> Option<Item> {
        let [row] = self.store.read([key]).await.expect("the table answers");
        row
    }

    /// Changes a row behind everybody's back.
    pub async fn change(&self, change: Change) {
        let written = self.store.write(&change).await.expect("the table answers");
        assert!(matches!(written, Written::Done(_)), "{written:?}");
    }

    /// What its instances are built from.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The row with this key as JSON, its key included; null where there is none.
    pub async fn json(&self, key: &Key) -> Value {
        let row = self.row(key).await;
        row.map_or(Value::Null, |row| {
            serde_dynamo::from_item(row).expect("a row is JSON")
        })
    }

    /// Puts this row behind everybody's back, or removes it where it is null.
    pub async fn put_json(&self, key: &Key, row: &Value) {
        if !row.is_null() {
            let row = Change::put(key.clone(), row).expect("a row");
            return self.change(row).await;
        }
        let table = &self.environment.config.table_name;
        let delete = self.environment.dynamodb().delete_item();
        let delete = delete.table_name(table).set_key(Some(key.item()));
        delete.send().await.expect("the table answers");
        self.wire.take();
    }

    /// Alters a row behind everybody's back; gives it as it was.
    pub async fn alter(&self, key: &Key, change: impl FnOnce(&mut Value)) -> Value {
        let before = self.json(key).await;
        let mut after = before.clone();
        change(&mut after);
        self.put_json(key, &after).await;
        before
    }

    /// A new instance whose clock is not the others'.
    pub async fn instance_by<A: App>(&self, clock: Clock) -> &'static A {
        let mut environment = self.environment.clone();
        environment.clock = clock;
        let app: &A = Box::leak(Box::new(A::new(&environment)));
        app.warm(app.base().clock.now()).await;
        self.wire.take();
        app
    }

    /// All rows of the table, by partition and sort key.
    pub async fn rows(&self) -> Rows {
        let scan = self.table.scan().table_name(local::TABLE_NAME);
        let rows = scan.send().await.expect("the table answers");
        assert!(rows.last_evaluated_key.is_none(), "more than a page");
        let key = |row: &Item, name: &str| row[name].as_s().expect("a key").clone();
        let rows = rows.items.into_iter().flatten();
        rows.map(|row| ((key(&row, "pk"), key(&row, "sk")), row))
            .collect()
    }

    /// Makes the table what it was.
    pub async fn restore(&self, rows: &Rows) {
        let now = self.rows().await;
        for (_, row) in rows.iter().filter(|(key, row)| now.get(*key) != Some(row)) {
            self.put(row.clone()).await;
        }
        for (pk, sk) in now.into_keys().filter(|key| !rows.contains_key(key)) {
            let delete = self.table.delete_item().table_name(local::TABLE_NAME);
            let delete = delete
                .key("pk", AttributeValue::S(pk))
                .key("sk", AttributeValue::S(sk));
            delete.send().await.expect("the table answers");
        }
    }

    /// Puts a row as it is, however wrong.
    pub async fn put(&self, row: Item) {
        let put = self.table.put_item().table_name(local::TABLE_NAME);
        let put = put.set_item(Some(row)).send().await;
        put.expect("the table answers");
    }
}

/// Rows by partition and sort key.
pub type Rows = BTreeMap<(String, String), Item>;

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

/// What came back.
#[derive(Clone, Debug)]
pub struct Received {
    /// The status.
    pub status: u16,
    /// The headers; a repeated one would stand twice.
    pub headers: Vec<(String, String)>,
    /// The body, of JSON; null if there is none.
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

    /// Asserts that the headers are the usual three and `headers`, and no others.
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
        let all = self.headers.iter();
        let mut all: Vec<_> = all.map(|(n, v)| (n.as_str(), v.as_str())).collect();
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
    let response = Box::pin(shared::lambda::answer(app, handle, sent.into_request())).await;
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
        body: serde_json::from_str(&text).unwrap_or_default(),
        text,
    }
}
