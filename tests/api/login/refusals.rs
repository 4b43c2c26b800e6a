//! Requests that are no login: each row of the contract's table, whole.

use serde_json::{Value, json};
use shared::app::SignIn;

use super::{NAME, PASSWORD, post, without_address_limit};
use crate::exchange::{Received, Sent};
use crate::world::World;

const PATHS: [&str; 2] = ["/api/auth/login", "/api/v1/auth/login"];
const MISSING: &str = "Username and password are required";
const NO_OBJECT: &str = "the body must be a JSON object";
/// What somebody typed: no answer quotes it.
const TYPED: &str = "canary-7f3a";

/// That a reply is this refusal, whole, with no more headers than it should have.
fn assert_refusal(reply: &Received, status: u16, words: [&str; 3], more: &[(&str, &str)]) {
    let [error, message, detail] = words;
    let expected = json!({
        "success": false,
        "error": error,
        "message": message,
        "detail": detail,
        "request_id": "request-1",
    });
    assert_eq!((reply.status, &reply.body), (status, &expected));
    let fixed = [
        ("cache-control", "no-store"),
        ("content-type", "application/json; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("x-ratelimit-limit", "1000000"),
        ("x-ratelimit-reset", "1740807000"),
    ];
    let seen = reply.headers.iter();
    let seen = seen.map(|(name, value)| (name.as_str(), value.as_str()));
    let mut seen: Vec<_> = seen
        .filter(|(name, _)| *name != "x-ratelimit-remaining")
        .collect();
    seen.sort_unstable();
    let mut expected: Vec<_> = fixed.iter().chain(more).copied().collect();
    expected.sort_unstable();
    assert_eq!(seen, expected);
    assert!(reply.header("x-ratelimit-remaining").is_some());
    assert!(!reply.text.contains(TYPED), "{}", reply.text);
}

/// Sends what should be refused before anything is looked up, on both paths.
async fn assert_refused(
    world: &World,
    app: &'static SignIn,
    sent: impl Fn(&str) -> Sent,
    status: u16,
    words: [&str; 3],
    more: &[(&str, &str)],
) {
    for path in PATHS {
        let hashes = app.passwords.hashes();
        world.wire.take();
        let reply = post(app, sent(path).request_id("request-1")).await;
        assert_refusal(&reply, status, words, more);
        let calls = world.wire.take();
        assert!(
            calls.len() == 1 && calls[0].call.touches("RATE#"),
            "{calls:?}"
        );
        assert_eq!(app.passwords.hashes(), hashes);
    }
}

async fn ready() -> (World, &'static SignIn) {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    (world, app)
}

#[tokio::test]
async fn a_body_of_a_bad_shape_is_refused_with_the_member_that_is_wrong() {
    let (world, app) = ready().await;
    let long = |bytes: usize| "x".repeat(bytes);
    let both = "username must be a string";
    let cases: Vec<(Value, &str)> = vec![
        (json!({}), MISSING),
        (json!({"username": NAME}), MISSING),
        (json!({"email": NAME}), MISSING),
        (json!({"password": TYPED}), MISSING),
        (json!({"username": "", "password": TYPED}), MISSING),
        (
            json!({"username": "", "email": "", "password": TYPED}),
            MISSING,
        ),
        (
            json!({"username": null, "email": null, "password": TYPED}),
            MISSING,
        ),
        (json!({"username": TYPED, "password": ""}), MISSING),
        (json!({"username": TYPED, "password": null}), MISSING),
        (json!({"Username": TYPED, "PASSWORD": TYPED}), MISSING),
        (json!({"username": 7, "password": TYPED}), both),
        (json!({"username": true, "password": TYPED}), both),
        (json!({"username": [TYPED], "password": TYPED}), both),
        (json!({"username": {"x": TYPED}, "password": TYPED}), both),
        (
            json!({"username": NAME, "email": 1.5, "password": TYPED}),
            "email must be a string",
        ),
        (
            json!({"username": NAME, "password": 12_345_678}),
            "password must be a string",
        ),
        (
            json!({"username": NAME, "password": [TYPED]}),
            "password must be a string",
        ),
        (
            json!({"username": NAME, "password": long(1025)}),
            "password must be at most 1024 bytes",
        ),
        // Bytes, not characters.
        (
            json!({"username": NAME, "password": "é".repeat(513)}),
            "password must be at most 1024 bytes",
        ),
    ];
    for (body, message) in cases {
        let words = ["Bad request", message, message];
        let sent = |path: &str| Sent::post(path, &body);
        assert_refused(&world, app, sent, 400, words, &[]).await;
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_and_never_quoted() {
    let (world, app) = ready().await;
    let good = json!({"username": NAME, "password": PASSWORD}).to_string();
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let twice = "the body has a member twice";
    let cases = [
        (String::new(), MISSING),
        ("null".to_owned(), NO_OBJECT),
        ("[]".to_owned(), NO_OBJECT),
        (format!("\"{TYPED}\""), NO_OBJECT),
        ("17".to_owned(), NO_OBJECT),
        (format!("{{\"username\": \"{TYPED}\""), NO_OBJECT),
        (format!("{{'username': '{TYPED}'}}"), NO_OBJECT),
        (format!("{{\"username\": {TYPED}}}"), NO_OBJECT),
        (format!("username={TYPED}&password={TYPED}"), NO_OBJECT),
        (format!("{good}{good}"), NO_OBJECT),
        (format!("{good} {TYPED}"), NO_OBJECT),
        (
            format!("{{\"username\": \"{TYPED}\", \"password\": \"\\ud800\"}}"),
            NO_OBJECT,
        ),
        (
            format!("{{\"username\": \"{TYPED}\", \"password\": \"a\nb\"}}"),
            NO_OBJECT,
        ),
        (
            format!("{{\"username\": \"{TYPED}\", \"x\": 1e999}}"),
            NO_OBJECT,
        ),
        (good.replace('}', &format!(",\"more\":{deep}}}")), NO_OBJECT),
        (
            good.replace('}', &format!(",\"password\":\"{TYPED}\"}}")),
            twice,
        ),
        (good.replace('}', ",\"p\\u0061ssword\":null}"), twice),
        (good.replace('}', ",\"x\":1,\"x\":2}"), twice),
        (
            format!("\u{feff}{good}"),
            "the body must not begin with a byte-order mark",
        ),
    ];
    for (body, message) in cases {
        let words = ["Bad request", message, message];
        let sent = |path: &str| {
            let sent = Sent::new("POST", path).body(&body);
            sent.header("content-type", "application/json")
        };
        assert_refused(&world, app, sent, 400, words, &[]).await;
    }
    // 0xff, then a byte-order mark before {}; then UTF-16.
    let encoded = [
        ("/w==", "the body must be UTF-8"),
        ("77u/e30=", "the body must not begin with a byte-order mark"),
        ("/v8AewB9", "the body must be UTF-8"),
    ];
    for (body, message) in encoded {
        let words = ["Bad request", message, message];
        let sent = |path: &str| {
            let sent = Sent::new("POST", path).base64_body(body);
            sent.header("content-type", "application/json")
        };
        assert_refused(&world, app, sent, 400, words, &[]).await;
    }
}

#[tokio::test]
async fn other_types_encodings_sizes_and_methods_are_refused() {
    let (world, app) = ready().await;
    let good = json!({"username": NAME, "password": PASSWORD});
    let what = "content-type must be application/json";
    let types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "application/json-patch+json",
        "application/problem+json",
        "text/json",
        "application/json, application/json",
        "application/json,text/plain",
        "",
    ];
    for value in types {
        let words = ["Unsupported media type", what, what];
        let sent = |path: &str| Sent::post(path, &good).header("content-type", value);
        assert_refused(&world, app, sent, 415, words, &[]).await;
    }
    let words = ["Unsupported media type", what, what];
    let sent = |path: &str| Sent::new("POST", path).body(&good.to_string());
    assert_refused(&world, app, sent, 415, words, &[]).await;

    let what = "content-encoding is not supported";
    for value in ["gzip", "identity", "br, gzip"] {
        let words = ["Bad request", what, what];
        let sent = |path: &str| Sent::post(path, &good).header("content-encoding", value);
        assert_refused(&world, app, sent, 400, words, &[]).await;
    }

    let what = "The body must be at most 16 KiB";
    let text = good.to_string();
    let large = format!("{text}{}", " ".repeat(16 * 1024 + 1 - text.len()));
    let words = ["Payload too large", what, what];
    let sent = |path: &str| Sent::post(path, &good).body(&large);
    assert_refused(&world, app, sent, 413, words, &[]).await;

    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
        let words = ["Method not allowed", "POST", "POST"];
        let sent = |path: &str| {
            let sent = Sent::new(method, path).body(&text);
            sent.header("content-type", "application/json")
        };
        assert_refused(&world, app, sent, 405, words, &[("allow", "POST")]).await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_whole_up_to_the_longest_one() {
    let (_world, app) = ready().await;
    let longest = "é".repeat(512);
    // Byte for byte: never trimmed, folded, normalised or cut.
    let wrong = [
        "secure-password ",
        " secure-password",
        "Secure-Password",
        "secure-password\0",
        "ｓecure-password",
        longest.as_str(),
    ];
    for (attempt, password) in wrong.into_iter().enumerate() {
        for path in PATHS {
            // Each from an address and at a name of its own, so that none has to wait.
            let body = json!({"username": format!("nobody-{attempt}"), "password": password});
            let reply = post(app, Sent::post(path, &body).request_id("request-1")).await;
            assert_refusal(
                &reply,
                401,
                [
                    "Authentication failed",
                    "Invalid username or password",
                    "Unauthorized",
                ],
                &[("www-authenticate", "Bearer")],
            );
        }
        if attempt < 5 {
            let reply = post(app, Sent::login(NAME, password)).await;
            assert_eq!(reply.status, 401, "{password:?}");
        }
    }
}
