//! `GET /api/auth/validate` [001]: whether a token is good, and whose it is.
//!
//! 200 with the user; 401 without a good token of a live session; 403 from an address that the tenant
//! does not allow; 429 over the limit of the address or the tenant.

use serde::Serialize;
use shared::app::Verifying;
use shared::auth::access::authenticate_with_last_login;
use shared::auth::limit::admit_address;
use shared::error::Error;
use shared::http::user::UserBody;
use shared::http::{Answer, Request, bearer};

/// What a good token is answered.
#[derive(Serialize)]
struct ValidateBody<'a> {
    success: bool,
    message: &'static str,
    user: UserBody<'a>,
}

/// Answers whether the caller's token is good.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    admit_address(app, &request.call).await?;
    request.only("GET")?;
    let token = bearer::token(&request)?;
    let (caller, last_login) = authenticate_with_last_login(app, &request.call, token).await?;
    Answer::ok(&ValidateBody {
        success: true,
        message: "Token is valid",
        user: UserBody::new(&caller.user, Some(last_login)),
    })
}
