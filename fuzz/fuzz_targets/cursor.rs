//! Cursors of lists, and positions in the audit log: what is taken is given out again as it came.
#![no_main]

use fuzz::{CONFIG, NOW};
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use shared::auth::audit_log::Position;
use shared::http::page::cursor;
use shared::http::{Page, Request};

fuzz_target!(|text: &str| {
    if let Some(position) = Position::parse(text) {
        assert_eq!(Position::parse(position.as_str()), Some(position.clone()));
    }
    for sent in [text.to_owned(), cursor("users", text)] {
        let Some(page) = page(&sent) else { continue };
        let after = page.after.expect("a position");
        // One position has one cursor.
        assert_eq!(cursor("users", &after), sent);
    }
});

fn page(cursor: &str) -> Option<Page> {
    if cursor.is_empty() {
        return None;
    }
    let event = json!({
        "version": "2.0",
        "routeKey": "GET /api/v1/users",
        "rawPath": "/api/v1/users",
        "queryStringParameters": {"cursor": cursor},
        "headers": {},
        "requestContext": {
            "apiId": "a1b2c3d4e5",
            "http": {
                "method": "GET",
                "path": "/api/v1/users",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
            },
            "routeKey": "GET /api/v1/users",
        },
        "isBase64Encoded": false,
    });
    let request = lambda_http::request::from_str(&event.to_string()).expect("an event");
    let request = Request::new(request, NOW, &CONFIG).expect("a request");
    Page::of(&request, "users").ok()
}
