//! `POST /api/auth/change-password` [000]: a new password for the user whose token this is. The
//! session goes on; every other one ends.
//!
//! 200; 400 for a bad shape, a wrong current password or a new one that the tenant's policy rejects;
//! 401 without a good token of a live session; 403 from an address that the tenant does not allow;
//! 429 over the limit of the address or the tenant, and after too many wrong current passwords.

use serde::Serialize;
use shared::app::Changing;
use shared::auth::access::authenticate;
use shared::auth::change_password::change_password;
use shared::auth::limit::admit_address;
use shared::error::Error;
use shared::http::{Answer, Request, bearer, members};

/// What a changed password answers.
#[derive(Serialize)]
struct ChangePasswordBody {
    success: bool,
    message: &'static str,
}

/// Answers a password change.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Changing, request: Request) -> Result<Answer, Error> {
    admit_address(&app.base, &request.call).await?;
    request.only("POST")?;
    let token = bearer::token(&request)?;
    let caller = authenticate(&app.base, &request.call, token).await?;
    let members = request.members()?;
    let current = members::password("currentPassword", members.needed("currentPassword")?)?;
    let new = members::password("newPassword", members.needed("newPassword")?)?;
    change_password(app, &request.call, token, caller, &current, &new).await?;
    Answer::ok(&ChangePasswordBody {
        success: true,
        message: "Password changed successfully",
    })
}
