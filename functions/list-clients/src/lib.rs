//! `GET /api/v1/clients` [004]: the API clients of the admin's tenant, or of the one that a
//! `super_admin` names as `tenant_id`, a page at a time.
//!
//! 200 with the clients and the cursor of the next page; 400 for a `limit` or `cursor` that is none;
//! 401 without a good token; 403 for anybody but an admin; 404 for a tenant that is not one's own.

use serde::Serialize;
use shared::app::Verifying;
use shared::auth::admin;
use shared::auth::client::list;
use shared::auth::limit::admit_address;
use shared::error::Error;
use shared::http::client::ClientBody;
use shared::http::page::cursor;
use shared::http::{Answer, Page, Request, bearer};

/// A page of clients.
#[derive(Serialize)]
struct ClientsBody<'a> {
    clients: Vec<ClientBody<'a>>,
    next_cursor: Option<String>,
}

/// What its cursors are of.
const LIST: &str = "clients";

/// Answers a page of the tenant's clients.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    admit_address(app, &request.call).await?;
    request.only("GET")?;
    let token = bearer::token(&request)?;
    let tenant = request.tenant();
    let admin = admin::authenticate(app, &request.call, token, tenant.as_deref()).await?;
    let page = Page::of(&request, LIST)?;
    let (clients, last) = list(app, &admin, page.limit, page.after.as_deref()).await?;
    Answer::ok(&ClientsBody {
        clients: clients.iter().map(ClientBody::new).collect(),
        next_cursor: last.as_deref().map(|id| cursor(LIST, id)),
    })
}
