//! What each refusal is answered: status, `error`, `message` and `detail`, as the contract's table
//! has them.

use lambda_http::http::{StatusCode, header};
use serde::Serialize;

use super::Answer;
use crate::clock::Timestamp;
use crate::error::Error;

/// The body of every refusal.
#[derive(Serialize)]
struct ErrorBody<'a> {
    success: bool,
    error: &'a str,
    message: &'a str,
    detail: &'a str,
    request_id: &'a str,
}

/// After how many seconds a client tries again what the store had no answer to. With a function's 15
/// seconds it stays below the grace of a lost refresh.
pub const RETRY_SECONDS: i64 = 5;

const TOKEN: &str = "Invalid or missing authentication token";
const RATE_LIMIT: &str = "Rate limit exceeded";
const INSUFFICIENT: &str = "Insufficient permissions";
const ROLE_TOO_LOW: &str = "Insufficient permissions. This action requires admin role.";
const TOO_MANY_LOGINS: &str = "Too many login attempts. Please try again in a few minutes.";

/// The answer to a refusal of the request `request_id` for `route`.
///
/// # Errors
///
/// [`Error::Internal`] when the body is no JSON, which cannot be.
pub fn answer(
    refusal: &Error,
    route: &str,
    request_id: &str,
    now: Timestamp,
) -> Result<Answer, Error> {
    let wait = match refusal {
        Error::RateLimited(until) => rate_limited(now, *until),
        _ => String::new(),
    };
    let (status, error, message, detail) = words(refusal, route, &wait);
    let body = ErrorBody {
        success: false,
        error,
        message,
        detail,
        request_id,
    };
    let answer = Answer::json(status, &body)?;
    Ok(match refusal {
        Error::MethodNotAllowed(methods) => answer.with(header::ALLOW, methods),
        Error::TooManyLogins(until) | Error::RateLimited(until) => answer.retry_at(now, *until),
        Error::Unavailable(_) => answer.retry_at(now, now.plus_seconds(RETRY_SECONDS)),
        Error::TokenInvalid | Error::TokenExpired | Error::RefreshRefused => {
            answer.with(header::WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#)
        }
        Error::TokenMissing | Error::LoginRefused | Error::ApiKeyRefused => {
            answer.with(header::WWW_AUTHENTICATE, "Bearer")
        }
        _ => answer,
    })
}

/// The status of a refusal.
#[must_use]
pub fn status(refusal: &Error) -> StatusCode {
    let (status, ..) = words(refusal, "", "");
    status
}

/// Status, error, message and detail; `wait` are the words of a limit that is used up.
fn words<'a>(
    refusal: &'a Error,
    route: &str,
    wait: &'a str,
) -> (StatusCode, &'a str, &'a str, &'a str) {
    match refusal {
        Error::BadRequest(what) => (StatusCode::BAD_REQUEST, "Bad request", what, what),
        Error::MethodNotAllowed(methods) => (
            StatusCode::METHOD_NOT_ALLOWED,
            "Method not allowed",
            methods,
            methods,
        ),
        Error::PayloadTooLarge => {
            let what = "The body must be at most 16 KiB";
            (
                StatusCode::PAYLOAD_TOO_LARGE,
                "Payload too large",
                what,
                what,
            )
        }
        Error::UnsupportedMediaType => {
            let what = "content-type must be application/json";
            (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported media type",
                what,
                what,
            )
        }
        Error::LoginRefused => {
            unauthorized("Authentication failed", "Invalid username or password")
        }
        Error::TokenMissing | Error::TokenInvalid | Error::TokenExpired => {
            let (error, message) = token_words(refusal, route);
            unauthorized(error, message)
        }
        Error::RefreshRefused => {
            unauthorized("Authentication failed", "Invalid or expired refresh token")
        }
        Error::CurrentPasswordWrong => {
            let what = "The current password provided is incorrect";
            (
                StatusCode::BAD_REQUEST,
                "Invalid current password",
                what,
                what,
            )
        }
        Error::PasswordRejected(advice) => {
            (StatusCode::BAD_REQUEST, "Password rejected", advice, advice)
        }
        Error::AddressRefused => forbidden(
            "Access denied",
            "Requests from this address are not allowed",
        ),
        Error::ApiKeyRefused => unauthorized("Authentication failed", "Invalid API key"),
        Error::ClientSuspended => forbidden("Account suspended", "The client account is suspended"),
        Error::InvitationInvalid => {
            let what = "The invitation is invalid or has expired";
            (StatusCode::BAD_REQUEST, "Invalid invitation", what, what)
        }
        Error::RoleTooLow => forbidden(ROLE_TOO_LOW, ROLE_TOO_LOW),
        Error::RoleAboveOwn => forbidden(INSUFFICIENT, "The role is above your own"),
        Error::ScopeRefused(which) => forbidden(INSUFFICIENT, which),
        Error::NotFound(what) => (StatusCode::NOT_FOUND, "Not found", what, "Not found"),
        Error::Conflict(which) => (StatusCode::CONFLICT, "Conflict", which, which),
        Error::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, wait, wait, RATE_LIMIT),
        Error::TooManyLogins(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            TOO_MANY_LOGINS,
            TOO_MANY_LOGINS,
            RATE_LIMIT,
        ),
        Error::Unavailable(_) => {
            let what = "Service unavailable";
            (
                StatusCode::SERVICE_UNAVAILABLE,
                what,
                "Please retry shortly",
                what,
            )
        }
        Error::Internal(_) => {
            let what = "Internal server error";
            let advice = "Please retry, and quote request_id if it persists";
            (StatusCode::INTERNAL_SERVER_ERROR, what, advice, what)
        }
    }
}

fn unauthorized<'a>(error: &'a str, message: &'a str) -> (StatusCode, &'a str, &'a str, &'a str) {
    (StatusCode::UNAUTHORIZED, error, message, "Unauthorized")
}

fn forbidden<'a>(error: &'a str, message: &'a str) -> (StatusCode, &'a str, &'a str, &'a str) {
    (StatusCode::FORBIDDEN, error, message, "Forbidden")
}

fn rate_limited(now: Timestamp, until: Timestamp) -> String {
    let seconds = now.seconds_until(until);
    format!("Rate limit exceeded. Please retry after {seconds} seconds.")
}

/// The documents word a refused token differently on `validate` [001] and under `/api/v1` [002].
fn token_words(refusal: &Error, route: &str) -> (&'static str, &'static str) {
    let path = route.split_once(' ').map_or("", |(_, path)| path);
    match refusal {
        Error::TokenMissing if path == "/api/auth/validate" => {
            ("Authentication required", "No token provided")
        }
        _ if path == "/api/auth/validate" => {
            ("Authentication required", "Invalid or expired token")
        }
        Error::TokenExpired if path.starts_with("/api/v1/") => ("Token expired", TOKEN),
        _ if path.starts_with("/api/v1/") => ("Invalid token", TOKEN),
        _ => ("Authentication required", TOKEN),
    }
}
