//! Pages of a list: how much is asked for, and from where on.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::Request;
use crate::error::Error;

/// How many entries a page has where nothing is asked for.
const USUAL: usize = 50;
/// How many entries may be asked for.
const MOST: usize = 200;
/// No position is longer, in bytes.
const LONGEST_POSITION: usize = 300;

/// What of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many entries at most, from 1 to 200.
    pub limit: usize,
    /// The position after which the page begins: what [`cursor`] was made of. It is a position and
    /// nothing else; whose list it is of comes from the session.
    pub after: Option<String>,
}

impl Page {
    /// The page of `list` that the query's `limit` and `cursor` ask for.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where `limit` is no whole number from 1 to 200, or `cursor` none of this
    /// list's.
    pub fn of(request: &Request, list: &str) -> Result<Self, Error> {
        let limit = match request.query("limit")? {
            None => USUAL,
            Some(limit) => whole(&limit).ok_or_else(|| {
                Error::BadRequest(format!("limit must be a whole number from 1 to {MOST}"))
            })?,
        };
        let after = request.query("cursor")?;
        let after = after.map(|cursor| position(list, &cursor)).transpose()?;
        Ok(Self { limit, after })
    }
}

fn whole(limit: &str) -> Option<usize> {
    // `parse` alone would take a sign.
    let digits = limit.bytes().all(|byte| byte.is_ascii_digit());
    let limit = limit.parse().ok().filter(|_| digits)?;
    (1..=MOST).contains(&limit).then_some(limit)
}

fn position(list: &str, cursor: &str) -> Result<String, Error> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let position = text.as_deref().and_then(|text| text.strip_prefix(list));
    let position = position.and_then(|text| text.strip_prefix(' '));
    let fits = |text: &&str| !text.is_empty() && text.len() <= LONGEST_POSITION;
    position
        .filter(fits)
        .map(str::to_owned)
        .ok_or_else(bad_cursor)
}

/// The `next_cursor` of `list` where it goes on after `position`. One list's is none of another's.
#[must_use]
pub fn cursor(list: &str, position: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{list} {position}"))
}

/// That a cursor is none of ours.
#[must_use]
pub fn bad_cursor() -> Error {
    Error::BadRequest("cursor must be a next_cursor of this list".to_owned())
}
