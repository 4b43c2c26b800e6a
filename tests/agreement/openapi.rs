//! `openapi.yaml`, as a judge of real answers.

use std::collections::BTreeMap;
use std::fs;

use jsonschema::{Draft, Validator};
use local::template::workspace;
use serde_json::{Value, json};

use crate::exchange::Received;

/// Headers of every answer that OpenAPI describes elsewhere, or not at all.
const UNDECLARED: [&str; 1] = ["content-type"];

/// Headers of every answer that was counted.
const LIMIT_HEADERS: [&str; 3] = [
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// Paths that count against no limit.
const OPEN: [&str; 5] = [
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/healthz",
    "/metrics",
    "/readyz",
];

/// The API as the file describes it: responses by route and status.
pub struct OpenApi {
    pub responses: BTreeMap<String, BTreeMap<u16, Response>>,
}

/// One documented answer.
pub struct Response {
    headers: BTreeMap<String, Header>,
    body: Validator,
    /// The content type; without a body there is none.
    content_type: Option<String>,
    /// Whether calls of this operation are limited, so that its headers must be declared and there.
    limited: bool,
}

struct Header {
    required: bool,
    schema: Validator,
}

impl OpenApi {
    /// The workspace's file.
    pub fn read() -> Self {
        let document = document();
        let mut responses = BTreeMap::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                // TRACE is in no list of API Gateway's methods: its route is that of all others.
                let method = method.to_uppercase().replace("TRACE", "ANY");
                let route = format!("{method} {path}");
                let documented = operation["responses"].as_object().unwrap();
                let documented = documented.iter().map(|(status, response)| {
                    let status: u16 = status.parse().expect("a status");
                    let response = resolved(&document, response);
                    (status, Response::new(&document, response, status, path))
                });
                responses.insert(route, documented.collect());
            }
        }
        Self { responses }
    }

    /// What is wrong with an answer.
    pub fn objections(&self, route: &str, answer: &Received) -> Vec<String> {
        let documented = self
            .responses
            .get(route)
            .and_then(|responses| responses.get(&answer.status));
        documented.map_or_else(
            || vec!["the status is not documented".to_owned()],
            |response| response.objections(answer),
        )
    }
}

impl Response {
    fn new(document: &Value, response: &Value, status: u16, path: &str) -> Self {
        let no_content = json!({"type": "null"});
        let (content_type, schema) = if status == 204 {
            assert!(response["content"].is_null());
            (None, &no_content)
        } else {
            let content = response["content"].as_object().expect("content");
            assert_eq!(content.len(), 1);
            let (name, described) = content.iter().next().expect("a type");
            (Some(name.clone()), &described["schema"])
        };
        let headers = response["headers"].as_object().expect("headers");
        let headers = headers.iter().map(|(name, header)| {
            let header = resolved(document, header);
            let required = header["required"] == true;
            let schema = validator(document, &header["schema"]);
            (name.clone(), Header { required, schema })
        });
        Self {
            headers: headers.collect(),
            body: validator(document, schema),
            content_type,
            limited: !OPEN.contains(&path) && status < 500,
        }
    }

    /// Whether the documented answer may have this body.
    pub fn takes(&self, body: &Value) -> bool {
        self.body.is_valid(body)
    }

    fn objections(&self, answer: &Received) -> Vec<String> {
        let mut objections: Vec<String> = self
            .body
            .iter_errors(&answer.body)
            // Without the value that is wrong, which may be a token.
            .map(|error| error.masked().to_string())
            .collect();
        if answer.header("content-type") != self.content_type.as_deref() {
            objections.push("another content type".to_owned());
        }
        for name in LIMIT_HEADERS.iter().filter(|_| self.limited) {
            if answer.header(name).is_none() || !self.headers.contains_key(*name) {
                objections.push(format!("no header {name}"));
            }
        }
        for (name, header) in &self.headers {
            let Some(value) = answer.header(name) else {
                if header.required {
                    objections.push(format!("no header {name}"));
                }
                continue;
            };
            let number = value.parse::<i64>().map(Value::from);
            let value = number.unwrap_or_else(|_| value.into());
            if !header.schema.is_valid(&value) {
                objections.push(format!("the header {name} is {value}"));
            }
        }
        for (name, _) in &answer.headers {
            let declared = self.headers.contains_key(name) || UNDECLARED.contains(&&**name);
            if !declared {
                objections.push(format!("the header {name} is not declared"));
            }
        }
        objections
    }
}

/// The file as it is.
pub fn document() -> Value {
    let text = fs::read_to_string(workspace().join("openapi.yaml")).unwrap();
    yaml_serde::from_str(&text).expect("openapi.yaml is YAML")
}

/// A value, or what its reference names.
pub fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').expect("a local reference");
            document.pointer(pointer).expect("what it refers to")
        }
        None => value,
    }
}

/// A validator of a schema that refers to the document's components (OpenAPI 3.1, section 4.8.24:
/// JSON Schema 2020-12).
pub fn validator(document: &Value, schema: &Value) -> Validator {
    assert!(!schema.is_null(), "a schema");
    let schema = json!({"allOf": [schema], "components": document["components"]});
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(&schema)
        .expect("a schema")
}
