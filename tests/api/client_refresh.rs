//! `TRACE /v1/auth` and `POST /v1/auth/refresh`: a client stays signed in, or asks whether it is.

mod answer;
mod ended;
mod replay;
mod status;

use shared::app::Sessions;

use crate::client::{refresh_by, trace};
use crate::exchange::{Received, Sent, send};

/// The refusal of any refresh token.
const REFUSED: [&str; 3] = [
    "Authentication failed",
    "Invalid or expired refresh token",
    "Unauthorized",
];
/// The refusal of any access token.
const NO_TOKEN: [&str; 3] = [
    "Authentication required",
    "Invalid or missing authentication token",
    "Unauthorized",
];

/// What is answered to this.
async fn asked(app: &'static Sessions, sent: Sent) -> Received {
    send(app, client_refresh::handle, sent).await
}

/// What a refresh of this token is answered, by TRACE.
async fn traced(app: &'static Sessions, token: &str) -> Received {
    asked(app, trace(token)).await
}

/// The three ways in which a refresh token may come.
fn ways(token: &str) -> [Sent; 3] {
    let post = Sent::new("POST", "/v1/auth/refresh");
    [trace(token), post.bearer(token), refresh_by(token)]
}

/// Asserts the status and the words of a refusal, whatever its headers.
#[track_caller]
fn assert_words(received: &Received, status: u16, words: [&str; 3]) {
    let [error, message, detail] = words;
    assert_eq!(received.status, status, "{}", received.text);
    assert_eq!(received.member("error"), error);
    assert_eq!(received.member("message"), message);
    assert_eq!(received.member("detail"), detail);
    if status == 401 {
        let challenge = received.header("www-authenticate");
        assert_eq!(challenge, Some(r#"Bearer error="invalid_token""#));
    }
}
