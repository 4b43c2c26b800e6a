//! `POST /api/auth/refresh` [003]: a refresh token for the next tokens of its session.
//!
//! 200 with both; 400 without `refreshToken`; 401 for one that is bad, expired, of an ended session or
//! used before; 429 over the limit of the address or the tenant. A repeat within half a minute gets the
//! same refresh token again.

use serde::Serialize;
use shared::app::Sessions;
use shared::auth::limit::admit_address;
use shared::auth::refresh::{refresh, verify};
use shared::error::Error;
use shared::http::{Answer, Request};
use shared::store::session::Owner;

/// What a refresh answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefreshBody<'a> {
    access_token: &'a str,
    refresh_token: Option<&'a str>,
    token: &'a str,
    token_type: &'static str,
    expires_in: i64,
}

/// Answers a refresh.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Sessions, request: Request) -> Result<Answer, Error> {
    admit_address(&app.base, &request.call).await?;
    request.only("POST")?;
    let members = request.members()?;
    let claims = verify(app, &request.call, members.needed("refreshToken")?).await?;
    // A client's refresh token is for /v1/auth.
    let Owner::User(_) = claims.owner else {
        return Err(Error::RefreshRefused);
    };
    let tokens = refresh(app, &request.call, &claims).await?;
    Answer::ok(&RefreshBody {
        access_token: &tokens.access,
        refresh_token: tokens.refresh.as_deref(),
        token: &tokens.access,
        token_type: "Bearer",
        expires_in: tokens.expires_in,
    })
}
