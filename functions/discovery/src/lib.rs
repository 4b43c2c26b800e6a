//! `GET /.well-known/openid-configuration`: where the public keys are, for whoever verifies our tokens
//! and knows the issuer alone (OpenID Connect Discovery 1.0, section 3; RFC 8414).
//!
//! 200, for caches to keep five minutes. It says what is true and no more: there is no page to sign in
//! on and no token endpoint of OAuth, so no address of one is given, and what such a page would take
//! is an empty list. (The standards want such members left out, and want them given: to leave out
//! `grant_types_supported` would mean two that there are not.) It asks the table nothing.

use serde::Serialize;
use shared::app::{App, Verifying};
use shared::aws::Environment;
use shared::clock::Timestamp;
use shared::error::Error;
use shared::http::{Answer, Request};
use shared::keys::ALGORITHMS;

/// How long caches may keep the answer, in seconds.
const MAX_AGE: u32 = 300;

/// What the function holds. It reads no keys, so none are read when it starts.
#[derive(Debug)]
pub struct Discovery(Verifying);

impl App for Discovery {
    fn new(environment: &Environment) -> Self {
        Self(Verifying::new(environment))
    }

    fn base(&self) -> &Verifying {
        &self.0
    }

    async fn warm(&self, _: Timestamp) {}
}

/// What is answered.
#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    jwks_uri: String,
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 0],
    subject_types_supported: [&'static str; 1],
    /// What the keys at `jwks_uri` sign; no ID token is issued.
    id_token_signing_alg_values_supported: &'static [&'static str],
}

/// Answers where the public keys are.
///
/// # Errors
///
/// As the module says.
#[expect(
    clippy::unused_async,
    reason = "every handler is async, and this one waits for nobody"
)]
pub async fn handle(_: &'static Discovery, request: Request) -> Result<Answer, Error> {
    request.only("GET")?;
    let issuer = request.call.issuer.as_str();
    let answer = Answer::ok(&Metadata {
        issuer,
        jwks_uri: format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/')),
        response_types_supported: [],
        grant_types_supported: [],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: &ALGORITHMS,
    })?;
    Ok(answer.public_for(MAX_AGE))
}
