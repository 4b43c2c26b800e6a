//! `GET /.well-known/jwks.json`: the public keys (RFC 7517), for whoever verifies our tokens.
//!
//! 200, for caches to keep five minutes; 503 while there are no keys.

use shared::app::Verifying;
use shared::error::Error;
use shared::http::{Answer, Request};

/// How long caches may keep the keys, in seconds.
const MAX_AGE: u32 = 300;

/// Answers the public keys, which the instance remembers for a minute.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    request.only("GET")?;
    let published = app.published(request.call.now).await?;
    Ok(Answer::ok(&published.jwks())?.public_for(MAX_AGE))
}
