//! `POST /api/auth/logout` [001] [003]: ends the session of the bearer token, expired or not, and of
//! the `refreshToken` in a JSON body.
//!
//! Always 200: a missing, dead or foreign token has nothing to end. 503 where that cannot be known, 429
//! over the limit of the address or the tenant.

use serde::Serialize;
use shared::app::Sessions;
use shared::auth::limit::admit_address;
use shared::auth::logout::logout;
use shared::error::Error;
use shared::http::{Answer, Request, bearer};

/// What a logout answers.
#[derive(Serialize)]
struct LogoutBody {
    success: bool,
    message: &'static str,
}

/// Answers a logout.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Sessions, request: Request) -> Result<Answer, Error> {
    admit_address(&app.base, &request.call).await?;
    request.only("POST")?;
    // Document 003's logout sends neither body nor content type: what cannot be read names nothing.
    let members = request.members().unwrap_or_default();
    let access_token = bearer::token(&request).unwrap_or_default();
    let refresh_token = members.string("refreshToken").unwrap_or_default();
    logout(app, &request.call, access_token, refresh_token).await?;
    Answer::ok(&LogoutBody {
        success: true,
        message: "Logged out",
    })
}
