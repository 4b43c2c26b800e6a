//! `GET /.well-known/openid-configuration`: where the public keys are, for whoever verifies our tokens
//! and knows the issuer alone (OpenID Connect Discovery 1.0, section 3; RFC 8414).
//!
//! 200, for caches to keep five minutes; 503 while there are no keys, since it names what they sign by.
//! It says what is true and no more: there is no page to sign in on and no token endpoint of OAuth, so
//! no address of one is given, and what such a page would take is an empty list. (The standards want
//! such members left out, and want them given: to leave out `grant_types_supported` would mean two
//! that there are not.)

use serde::Serialize;
use shared::app::Verifying;
use shared::error::Error;
use shared::http::{Answer, Request};
use shared::keys::SigningAlgorithm;

/// How long caches may keep the answer, in seconds.
const MAX_AGE: u32 = 300;

/// What is answered.
#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    jwks_uri: String,
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 0],
    subject_types_supported: [&'static str; 1],
    /// What the keys at `jwks_uri` sign by; no ID token is issued.
    id_token_signing_alg_values_supported: Vec<SigningAlgorithm>,
}

/// Answers where the public keys are, and what they sign by, which the instance remembers for a minute.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    request.only("GET")?;
    let published = app.published(request.call.now).await?;
    let issuer = request.call.issuer.as_str();
    let answer = Answer::ok(&Metadata {
        issuer,
        jwks_uri: format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/')),
        response_types_supported: [],
        grant_types_supported: [],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: published.algorithms(),
    })?;
    Ok(answer.public_for(MAX_AGE))
}
