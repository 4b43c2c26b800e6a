//! `GET /api/auth/me` [000] [003]: the user whose token this is.
//!
//! 200 with the user's members at the top level; 401 without a good token of a live session; 403 from
//! an address that the tenant does not allow; 429 over the limit of the address or the tenant.

use serde::Serialize;
use shared::app::Verifying;
use shared::auth::access::authenticate_with_last_login;
use shared::auth::limit::admit_address;
use shared::error::Error;
use shared::http::user::UserBody;
use shared::http::{Answer, Request, bearer};

/// The members of the user, and the ids by the names that document 003 has for them.
#[derive(Serialize)]
struct MeBody<'a> {
    #[serde(flatten)]
    user: UserBody<'a>,
    #[serde(rename = "userId")]
    user_id: &'a str,
    #[serde(rename = "tenantId")]
    tenant: &'a str,
}

/// Answers who the caller is.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    admit_address(app, &request.call).await?;
    request.only("GET")?;
    let token = bearer::token(&request)?;
    let (caller, last_login) = authenticate_with_last_login(app, &request.call, token).await?;
    Answer::ok(&MeBody {
        user: UserBody::new(&caller.user, Some(last_login)),
        user_id: caller.user.id.as_str(),
        tenant: caller.user.tenant_id.as_str(),
    })
}
