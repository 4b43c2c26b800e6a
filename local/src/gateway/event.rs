//! What a function is given: the payload format 2.0 of API Gateway's HTTP APIs, as AWS documents it
//! (API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs").

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, COOKIE, USER_AGENT};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use shared::clock::Timestamp;
use shared::random;
use time::OffsetDateTime;
use time::macros::format_description;

use super::route::{Matched, decode};
use crate::stores::REGION;

/// The API's name, and the address that AWS would give it.
const API_ID: &str = "local";
const DOMAIN: &str = "local.execute-api.us-east-1.amazonaws.com";
const ACCOUNT: &str = "123456789012";

/// Headers that belong to the connection and go no further (RFC 9110, section 7.6.1).
const OF_CONNECTION: [&str; 6] = [
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request and where it came from.
pub struct Call<'a> {
    pub head: &'a Parts,
    pub body: &'a [u8],
    pub peer: IpAddr,
    pub now: Timestamp,
}

impl Call<'_> {
    /// The event; `None` where the path is no UTF-8.
    pub fn event(&self, matched: &Matched) -> Option<Value> {
        let Parts {
            method,
            uri,
            version,
            headers,
            ..
        } = self.head;
        let path = decode(uri.path())?;
        let route_key = matched.route.key();
        let mut event = json!({
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": path,
            "rawQueryString": uri.query().unwrap_or_default(),
            "headers": joined(headers),
            "requestContext": {
                "accountId": ACCOUNT,
                "apiId": API_ID,
                "domainName": DOMAIN,
                "domainPrefix": API_ID,
                "http": {
                    "method": method.as_str(),
                    "path": path,
                    "protocol": format!("{version:?}"),
                    "sourceIp": self.peer.to_string(),
                    "userAgent": headers.get(USER_AGENT).map_or_else(String::new, text),
                },
                "requestId": random::uuid(),
                "routeKey": route_key,
                "stage": "$default",
                "time": clf(self.now),
                "timeEpoch": self.now.millis(),
            },
            "isBase64Encoded": false,
        });
        let cookies = cookies(headers);
        if !cookies.is_empty() {
            event["cookies"] = cookies.into();
        }
        if let Some(query) = uri.query().filter(|query| !query.is_empty()) {
            event["queryStringParameters"] = parameters(query).into();
        }
        if !matched.parameters.is_empty() {
            event["pathParameters"] = json!(matched.parameters);
        }
        if !self.body.is_empty() {
            let as_text = str::from_utf8(self.body).ok().filter(|_| is_text(headers));
            event["isBase64Encoded"] = as_text.is_none().into();
            event["body"] = as_text
                .map_or_else(|| STANDARD.encode(self.body), str::to_owned)
                .into();
        }
        Some(event)
    }

    /// The values of the headers that an authorizer goes by; `None` where one is missing or empty.
    pub fn identity(&self, names: &[String]) -> Option<Vec<String>> {
        let value = |name: &String| {
            let values: Vec<_> = values(&self.head.headers, name).collect();
            Some(values.join(",")).filter(|value| !value.is_empty())
        };
        names.iter().map(value).collect()
    }
}

/// What an authorizer is asked about a call whose event is `event` (API Gateway Developer Guide,
/// "Control access to HTTP APIs with AWS Lambda authorizers").
pub fn question(event: &Value, identity: &[String]) -> Value {
    let mut question = event.clone();
    if let Some(members) = question.as_object_mut() {
        members.remove("body");
        members.remove("isBase64Encoded");
    }
    let http = &event["requestContext"]["http"];
    let (method, path) = (&http["method"], &http["path"]);
    let (method, path) = (method.as_str(), path.as_str());
    let (method, path) = (method.unwrap_or_default(), path.unwrap_or_default());
    question["type"] = "REQUEST".into();
    question["identitySource"] = json!(identity);
    question["routeArn"] =
        format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{API_ID}/$default/{method}{path}").into();
    question
}

/// Headers by lower-case name, repeated ones joined by commas. Cookies have a member of their own.
fn joined(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let names = headers.keys().filter(|name| *name != COOKIE);
    let names = names
        .map(axum::http::HeaderName::as_str)
        .filter(|name| !OF_CONNECTION.contains(name));
    names
        .map(|name| (name, values(headers, name).collect::<Vec<_>>().join(",")))
        .collect()
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = values(headers, COOKIE.as_str())
        .collect::<Vec<_>>()
        .join(";");
    let cookies = lines
        .split(';')
        .map(str::trim)
        .filter(|cookie| !cookie.is_empty());
    cookies.map(str::to_owned).collect()
}

fn values(headers: &HeaderMap, name: &str) -> impl Iterator<Item = String> {
    headers.get_all(name).iter().map(text)
}

fn text(value: &axum::http::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// The query's parameters, decoded, repeated ones joined by commas.
fn parameters(query: &str) -> Map<String, Value> {
    let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |part: &str| {
            let part = part.replace('+', " ");
            decode(&part).unwrap_or(part)
        };
        parameters
            .entry(plain(name))
            .or_default()
            .push(plain(value));
    }
    parameters
        .into_iter()
        .map(|(name, values)| (name, values.join(",").into()))
        .collect()
}

/// Whether the body's type is one that is handed over as text; all others are in base64, forms too.
fn is_text(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(CONTENT_TYPE)
        .map_or_else(String::new, text)
        .to_ascii_lowercase();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    media_type.starts_with("text/")
        || [
            "application/json",
            "application/javascript",
            "application/xml",
        ]
        .contains(&media_type)
}

/// The time as in an access log, `12/Mar/2020:19:03:58 +0000`.
fn clf(now: Timestamp) -> String {
    let format =
        format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    let now = OffsetDateTime::from_unix_timestamp(now.seconds()).ok();
    now.and_then(|now| now.format(format).ok())
        .unwrap_or_default()
}
