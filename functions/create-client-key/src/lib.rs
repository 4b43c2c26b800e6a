//! `POST /api/v1/clients/{id}/keys` [004]: gives an API client a second key, so that the first can be
//! replaced without a pause.
//!
//! 201 with the key, which nobody is shown again; 401 without a good token; 403 for anybody but an admin;
//! 404 for a client or a tenant that is not one's own; 409 for a third key.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::app::Verifying;
use shared::auth::admin;
use shared::auth::client_key::create;
use shared::auth::limit::admit_address;
use shared::error::Error;
use shared::http::{Answer, Request, bearer};
use shared::id::ClientId;

/// A new key.
#[derive(Serialize)]
struct CreatedBody<'a> {
    key_id: &'a str,
    api_key: &'a str,
}

/// Answers the making of a key.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    admit_address(app, &request.call).await?;
    request.only("POST")?;
    let token = bearer::token(&request)?;
    let tenant = request.tenant();
    let admin = admin::authenticate(app, &request.call, token, tenant.as_deref()).await?;
    let id = ClientId::from(request.path_parameter("id")?.as_str());
    let key = create(app, &request.call, &admin, &id).await?;
    let body = CreatedBody {
        key_id: key.id().as_str(),
        api_key: &key.text(),
    };
    Answer::json(StatusCode::CREATED, &body)
}
