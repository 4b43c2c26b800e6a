//! The bearer token (RFC 6750, section 2.1): from `Authorization` alone, exactly one.

use lambda_http::http::{HeaderMap, header};

use super::Request;
use crate::error::Error;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 8 * 1024;

/// The request's bearer token; `None` where it has none.
///
/// # Errors
///
/// [`Error::TokenInvalid`] where there are two (API Gateway joins them by a comma), or one too long.
pub fn token(request: &Request) -> Result<Option<&str>, Error> {
    among(request.headers())
}

/// The bearer token among headers; `None` where there is none.
///
/// # Errors
///
/// As [`token`].
pub fn among(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let value = value.to_str().map_err(|_| Error::TokenInvalid)?;
    if values.next().is_some() || value.contains(',') {
        return Err(Error::TokenInvalid);
    }
    let Some((scheme, token)) = value.split_once(' ') else {
        return Ok(None);
    };
    let token = token.trim_start_matches(' ');
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Ok(None);
    }
    if token.len() > LONGEST {
        return Err(Error::TokenInvalid);
    }
    Ok(Some(token))
}
