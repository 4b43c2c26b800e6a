//! `DELETE /api/v1/clients/{id}` [004]: removes an API client, with its keys and all that it has signed
//! in for.
//!
//! 204; 401 without a good token; 403 for anybody but an admin; 404 for a client or a tenant that is not
//! one's own.

use shared::app::Verifying;
use shared::auth::admin;
use shared::auth::client::delete;
use shared::auth::limit::admit_address;
use shared::error::Error;
use shared::http::{Answer, Request, bearer};
use shared::id::ClientId;

/// Answers the removal of a client.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    admit_address(app, &request.call).await?;
    request.only("DELETE")?;
    let token = bearer::token(&request)?;
    let tenant = request.tenant();
    let admin = admin::authenticate(app, &request.call, token, tenant.as_deref()).await?;
    let id = ClientId::from(request.path_parameter("id")?.as_str());
    delete(app, &request.call, &admin, &id).await?;
    Ok(Answer::no_content())
}
