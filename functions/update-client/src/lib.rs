//! `PATCH /api/v1/clients/{id}` [004]: changes an API client's `name`, `scope` or `status`, any of them.
//! A suspension ends all that the client has signed in for.
//!
//! 200 with the client; 400 for none of the three, or a bad shape; 401 without a good token; 403 for
//! anybody but an admin; 404 for a client or a tenant that is not one's own.

use serde::Serialize;
use shared::app::Verifying;
use shared::auth::admin;
use shared::auth::client::{Update, scope, update};
use shared::auth::limit::admit_address;
use shared::error::Error;
use shared::http::client::ClientBody;
use shared::http::{Answer, Members, Request, bearer};
use shared::id::ClientId;
use shared::store::client::ClientStatus;

/// The client as it is now.
#[derive(Serialize)]
struct UpdatedBody<'a> {
    client: ClientBody<'a>,
}

/// Answers a change of a client.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    admit_address(app, &request.call).await?;
    request.only("PATCH")?;
    let token = bearer::token(&request)?;
    let tenant = request.tenant();
    let admin = admin::authenticate(app, &request.call, token, tenant.as_deref()).await?;
    let id = ClientId::from(request.path_parameter("id")?.as_str());
    let wanted = wanted(&request.members()?)?;
    let client = update(app, &request.call, &admin, &id, &wanted).await?;
    Answer::ok(&UpdatedBody {
        client: ClientBody::new(&client),
    })
}

fn wanted(members: &Members) -> Result<Update, Error> {
    let wanted = Update {
        name: members.line("name")?,
        scope: members.string("scope")?.map(scope).transpose()?,
        status: members.status(ClientStatus::Active, ClientStatus::Suspended)?,
    };
    if wanted.name.is_none() && wanted.scope.is_none() && wanted.status.is_none() {
        let what = "name, scope or status is required";
        return Err(Error::BadRequest(what.to_owned()));
    }
    Ok(wanted)
}
