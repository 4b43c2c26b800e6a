//! What a JSON body may be, alike for every endpoint that takes one.

use serde_json::{Value, json};
use shared::app::{Changing, Sessions};

use crate::exchange::{Received, Sent, send};
use crate::world::World;

const REFRESH: &str = "/api/auth/refresh";
const CHANGE_PASSWORD: &str = "/api/auth/change-password";

/// An instance of each function that refuses a bad body, and a good access token.
struct Asked {
    sessions: &'static Sessions,
    changing: &'static Changing,
    token: String,
}

impl Asked {
    async fn new(world: &World) -> Self {
        let token = world.sign_in("1005").await.access;
        Self {
            sessions: world.instance().await,
            changing: world.instance().await,
            token,
        }
    }

    async fn refresh(&self, sent: Sent) -> Received {
        send(self.sessions, refresh::handle, sent).await
    }

    async fn change_password(&self, sent: Sent) -> Received {
        let sent = sent.bearer(&self.token);
        send(self.changing, change_password::handle, sent).await
    }

    /// Asserts what both answer to this body.
    async fn assert_both(&self, status: u16, words: [&str; 3], make: impl Fn(Sent) -> Sent) {
        let received = self.refresh(make(Sent::new("POST", REFRESH))).await;
        received.assert_refusal(status, words, &[]);
        let sent = make(Sent::new("POST", CHANGE_PASSWORD));
        let received = self.change_password(sent).await;
        received.assert_refusal(status, words, &[]);
    }
}

fn json_body(sent: Sent, body: &str) -> Sent {
    sent.header("content-type", "application/json").body(body)
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_and_never_quoted() {
    let world = World::new().await;
    let asked = Asked::new(&world).await;
    let object = "the body must be a JSON object";
    let twice = "the body has a member twice";
    let mark = "the body must not begin with a byte-order mark";
    let deep = format!(r#"{{"x": {}{}}}"#, "[".repeat(200), "]".repeat(200));
    for (body, what) in [
        ("secret", object),
        ("null", object),
        ("[]", object),
        (r#"["secret"]"#, object),
        (r#""secret""#, object),
        ("{", object),
        (r#"{"refreshToken": "secret"} secret"#, object),
        (r#"{"refreshToken": "\ud800"}"#, object),
        (r"{'refreshToken': 'secret'}", object),
        (&deep, object),
        (r#"{"refreshToken": "a", "refreshToken": "a"}"#, twice),
        (r#"{"other": 1, "\u006fther": 2}"#, twice),
        ("\u{feff}{}", mark),
    ] {
        let words = ["Bad request", what, what];
        asked
            .assert_both(400, words, |sent| json_body(sent, body))
            .await;
    }
    let what = "the body must be UTF-8";
    // {"a":"<ff>"}
    let words = ["Bad request", what, what];
    asked
        .assert_both(400, words, |sent| {
            sent.header("content-type", "application/json")
                .base64_body("eyJhIjoi/yJ9")
        })
        .await;
    let what = "content-encoding is not supported";
    let words = ["Bad request", what, what];
    for encoding in ["gzip", "identity"] {
        asked
            .assert_both(400, words, |sent| {
                json_body(sent, "{}").header("content-encoding", encoding)
            })
            .await;
    }
}

#[tokio::test]
async fn a_member_is_needed_and_is_a_string() {
    let world = World::new().await;
    let asked = Asked::new(&world).await;
    let needed = ["refreshToken", "currentPassword", "newPassword"];
    for name in needed {
        for wrong in [
            json!(7),
            json!(true),
            json!(["secret"]),
            json!({"secret": 1}),
        ] {
            let what = format!("{name} must be a string");
            assert_member(&asked, name, &wrong, &what).await;
        }
        for missing in [Value::Null, json!("")] {
            let what = format!("{name} is required");
            assert_member(&asked, name, &missing, &what).await;
        }
    }
    let what = "refreshToken is required";
    for body in ["", "{}", r#"{"refresh_token": "x", "RefreshToken": "x"}"#] {
        let sent = json_body(Sent::new("POST", REFRESH), body);
        let received = asked.refresh(sent).await;
        received.assert_refusal(400, ["Bad request", what, what], &[]);
    }
}

async fn assert_member(asked: &Asked, name: &str, value: &Value, what: &str) {
    let mut body = json!({"currentPassword": "password", "newPassword": "password"});
    body[name] = value.clone();
    let received = if name == "refreshToken" {
        asked.refresh(Sent::post(REFRESH, &body)).await
    } else {
        asked
            .change_password(Sent::post(CHANGE_PASSWORD, &body))
            .await
    };
    received.assert_refusal(400, ["Bad request", what, what], &[]);
}

#[tokio::test]
async fn a_body_of_more_than_16_kib_is_refused_however_it_is_encoded() {
    use base64::Engine as _;
    let world = World::new().await;
    let asked = Asked::new(&world).await;
    let what = "The body must be at most 16 KiB";
    let too_large = ["Payload too large", what, what];
    let of = |length: usize| format!("{{{}}}", " ".repeat(length - 2));
    let base64 = |text: String| base64::prelude::BASE64_STANDARD.encode(text);
    asked
        .assert_both(413, too_large, |sent| json_body(sent, &of(16_385)))
        .await;
    asked
        .assert_both(413, too_large, |sent| {
            sent.header("content-type", "application/json")
                .base64_body(&base64(of(16_385)))
        })
        .await;
    let what = "refreshToken is required";
    let missing = ["Bad request", what, what];
    let sent = json_body(Sent::new("POST", REFRESH), &of(16_384));
    let received = asked.refresh(sent).await;
    received.assert_refusal(400, missing, &[]);
    let sent = Sent::new("POST", REFRESH).header("content-type", "application/json");
    let received = asked.refresh(sent.base64_body(&base64(of(16_384)))).await;
    received.assert_refusal(400, missing, &[]);
}

#[tokio::test]
async fn a_content_type_other_than_json_is_refused() {
    let world = World::new().await;
    let asked = Asked::new(&world).await;
    let what = "content-type must be application/json";
    let words = ["Unsupported media type", what, what];
    asked.assert_both(415, words, |sent| sent.body("{}")).await;
    for content_type in [
        "",
        "text/plain",
        "text/json",
        "application/json5",
        "application/x-www-form-urlencoded",
        "application/jsonp; application/json",
        "application/json, text/plain",
    ] {
        asked
            .assert_both(415, words, |sent| {
                json_body(sent, "{}").header("content-type", content_type)
            })
            .await;
    }
    let user = world.sign_in("1005").await;
    let body = json!({"refreshToken": user.refresh, "role": "admin", "generation": 7});
    let sent = Sent::post(REFRESH, &body).header("content-type", "Application/JSON;charset=utf-8");
    let received = asked.refresh(sent).await;
    assert_eq!(received.status, 200, "{}", received.text);
}

#[tokio::test]
async fn refresh_logout_and_change_password_serve_post_alone() {
    let world = World::new().await;
    let asked = Asked::new(&world).await;
    let words = ["Method not allowed", "POST", "POST"];
    for method in ["GET", "HEAD", "PUT", "DELETE", "TRACE"] {
        let received = asked.refresh(Sent::new(method, REFRESH)).await;
        received.assert_refusal(405, words, &[("allow", "POST")]);
        let received = asked
            .change_password(Sent::new(method, CHANGE_PASSWORD))
            .await;
        received.assert_refusal(405, words, &[("allow", "POST")]);
        let sent = Sent::new(method, "/api/auth/logout").bearer(&asked.token);
        let received = send(asked.sessions, logout::handle, sent).await;
        received.assert_refusal(405, words, &[("allow", "POST")]);
    }
    assert_eq!(world.wire.work().len(), 0);
}
