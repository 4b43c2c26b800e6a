//! `ANY /v1/auth`, which serves TRACE, and `POST /v1/auth/refresh` [004]: a client's refresh token for
//! the next tokens of its session. It comes in the body as `refresh_token`, or as the bearer, since a
//! TRACE should have no body. With an access token as the bearer instead: whether that is good.
//!
//! 200 with the tokens, or the status; 400 without a token; 401 for a token that is bad, expired, of an
//! ended session or used before; 403 from an address that the tenant does not allow; 405 for every
//! other method. What was sent is never echoed.

use serde::Serialize;
use shared::app::Sessions;
use shared::auth::access::authenticate_client;
use shared::auth::limit::admit_address;
use shared::auth::refresh::{refresh, verify};
use shared::error::Error;
use shared::http::client::ClientTokensBody;
use shared::http::{Answer, Request, bearer};
use shared::scope::Scope;
use shared::store::session::Owner;
use shared::token::refresh::is_one;

/// What is said of a good access token.
#[derive(Serialize)]
struct StatusBody<'a> {
    active: bool,
    client_id: &'a str,
    scope: Option<Scope>,
    expires_in: i64,
}

/// Answers a refresh, or the check of an access token.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Sessions, request: Request) -> Result<Answer, Error> {
    admit_address(&app.base, &request.call).await?;
    match request.route() {
        "POST /v1/auth/refresh" => request.only("POST")?,
        _ => request.only_of("TRACE", "POST, TRACE")?,
    }
    let members = request.optional_members()?;
    if let Some(token) = members
        .string("refresh_token")?
        .filter(|token| !token.is_empty())
    {
        return refreshed(app, &request, token).await;
    }
    match bearer::token(&request)? {
        Some(token) if is_one(token) => refreshed(app, &request, token).await,
        Some(token) => status(app, &request, token).await,
        None => Err(Error::BadRequest(
            "refresh_token is required, in the body or as the bearer".to_owned(),
        )),
    }
}

async fn refreshed(
    app: &'static Sessions,
    request: &Request,
    token: &str,
) -> Result<Answer, Error> {
    let claims = verify(app, &request.call, token).await?;
    // A user's refresh token is for /api/auth/refresh.
    let Owner::Client(_) = claims.owner else {
        return Err(Error::RefreshRefused);
    };
    let tokens = Box::pin(refresh(app, &request.call, &claims)).await?;
    Answer::ok(&ClientTokensBody::new(&tokens))
}

async fn status(app: &'static Sessions, request: &Request, token: &str) -> Result<Answer, Error> {
    let principal = authenticate_client(&app.base, &request.call, Some(token)).await?;
    let (_, exp) = principal.claims.times();
    Answer::ok(&StatusBody {
        active: true,
        client_id: principal.claims.client_id(),
        scope: principal.scope(),
        expires_in: exp - request.call.now.seconds(),
    })
}
