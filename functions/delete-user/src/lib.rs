//! `DELETE /api/v1/users/{id}` [002]: a user removed by an admin. Its sessions end at once, its names are
//! free again, and its profile is erased.
//!
//! 204; 401 without a good token of a live session; 403 for who is no admin, for a user whose role is
//! above the admin's own, and from an address that the tenant does not allow; 404 for a user that is not
//! there, or another tenant's; 409 for the tenant's last admin; 429 over a limit.

use shared::app::Verifying;
use shared::auth::admin::authenticate;
use shared::auth::limit::admit_address;
use shared::auth::users::remove::remove;
use shared::error::Error;
use shared::http::{Answer, Request, bearer};
use shared::id::UserId;

/// Answers the removal of a user.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    let call = &request.call;
    admit_address(app, call).await?;
    request.only("DELETE")?;
    let token = bearer::token(&request)?;
    let tenant = request.tenant();
    let admin = authenticate(app, call, token, tenant.as_deref()).await?;
    let id = UserId::from(request.path_parameter("id")?.as_str());
    remove(app, call, &admin, &id).await?;
    Ok(Answer::no_content())
}
