//! Answers: a status, a body and the headers that every answer has.

use std::fmt;

use lambda_http::Body;
use lambda_http::http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::clock::Timestamp;
use crate::error::Error;
use crate::store::window::Window;

/// What a handler answers.
pub struct Answer(Response<Body>);

/// Without body and headers, which hold tokens.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Answer").field(&self.0.status()).finish()
    }
}

/// The headers of every answer.
const ALWAYS: [(header::HeaderName, &str); 2] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

fn named((name, value): (header::HeaderName, &'static str)) -> (header::HeaderName, HeaderValue) {
    (name, HeaderValue::from_static(value))
}

impl Answer {
    /// `body` as JSON, with status 200.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when `body` is no JSON.
    pub fn ok<T: Serialize>(body: &T) -> Result<Self, Error> {
        Self::json(StatusCode::OK, body)
    }

    /// `body` as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when `body` is no JSON.
    pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Result<Self, Error> {
        let text = serde_json::to_string(body)
            .map_err(|_| Error::Internal("an answer is no JSON".to_owned()))?;
        let mut answer = Self::text(text, "application/json; charset=utf-8");
        *answer.0.status_mut() = status;
        Ok(answer)
    }

    /// `text` as it is, with status 200.
    #[must_use]
    pub fn text(text: String, content_type: &'static str) -> Self {
        let mut response = Response::new(Body::Text(text));
        let headers = response.headers_mut();
        headers.extend([named((header::CONTENT_TYPE, content_type))]);
        headers.extend(ALWAYS.map(named));
        Self(response)
    }

    /// Status 204, without a body.
    #[must_use]
    pub fn no_content() -> Self {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().extend(ALWAYS.map(named));
        Self(response)
    }

    /// The answer, kept by caches for `seconds`.
    #[must_use]
    pub fn public_for(self, seconds: u32) -> Self {
        self.with(header::CACHE_CONTROL, &format!("public, max-age={seconds}"))
    }

    /// The answer with one more header, or another value of it.
    #[must_use]
    pub fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().insert(name, value);
        }
        self
    }

    /// The answer with `retry-after`: the seconds from `now` until `later`.
    #[must_use]
    pub fn retry_at(self, now: Timestamp, later: Timestamp) -> Self {
        self.with(header::RETRY_AFTER, &now.seconds_until(later).to_string())
    }

    /// The answer with the `x-ratelimit-` headers of a limit.
    #[must_use]
    pub fn with_limit(self, window: &Window) -> Self {
        let name = header::HeaderName::from_static;
        self.with(name("x-ratelimit-limit"), &window.limit.to_string())
            .with(
                name("x-ratelimit-remaining"),
                &window.remaining().to_string(),
            )
            .with(
                name("x-ratelimit-reset"),
                &window.reset.seconds().to_string(),
            )
    }

    /// The answer as the runtime takes it.
    #[must_use]
    pub fn into_response(self) -> Response<Body> {
        self.0
    }
}
