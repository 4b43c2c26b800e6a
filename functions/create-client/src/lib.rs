//! `POST /api/v1/clients` [004]: makes an API client, with its first key. `name` is needed; `scope` is
//! what its tokens may do, nothing where it is absent; `status` is `active`, as it is where that is absent,
//! or `suspended`.
//!
//! 201 with the client and the key, which nobody is shown again; 400 for a bad shape; 401 without a good
//! token; 403 for anybody but an admin; 404 for a tenant that is not one's own.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::app::Verifying;
use shared::auth::admin;
use shared::auth::client::{create, scope};
use shared::auth::limit::admit_address;
use shared::error::Error;
use shared::http::client::ClientBody;
use shared::http::{Answer, Request, bearer};
use shared::store::client::ClientStatus;

/// A new client and its key.
#[derive(Serialize)]
struct CreatedBody<'a> {
    client: ClientBody<'a>,
    api_key: &'a str,
}

/// Answers the making of a client.
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
    let members = request.members()?;
    let name = members
        .line("name")?
        .ok_or_else(|| Error::BadRequest("name is required".to_owned()))?;
    let scope = scope(members.string("scope")?.unwrap_or_default())?;
    let status = members.status(ClientStatus::Active, ClientStatus::Suspended)?;
    let status = status.unwrap_or(ClientStatus::Active);
    let (client, key) = create(app, &request.call, &admin, name, scope, status).await?;
    let body = CreatedBody {
        client: ClientBody::new(&client),
        api_key: &key.text(),
    };
    Answer::json(StatusCode::CREATED, &body)
}
