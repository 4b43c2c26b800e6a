//! `POST /v1/auth` [004]: an API key for tokens. The key comes in the body as `api_key`, or in the
//! header `x-api-key`; `scope` asks for a part of what the client may do.
//!
//! 200 with the tokens; 400 without a key, or for a bad shape; 401 for a key that is unknown or wrong;
//! 403 with the right key of a suspended client, from an address that the tenant does not allow, or
//! for a scope beyond the client's; 429 after too many attempts from an address.

use shared::app::Sessions;
use shared::auth::client::scope;
use shared::auth::client_auth::sign_in;
use shared::auth::limit::admit_credential;
use shared::error::Error;
use shared::http::client::ClientTokensBody;
use shared::http::{Answer, Request};

/// Answers an attempt to sign in.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Sessions, request: Request) -> Result<Answer, Error> {
    admit_credential(&app.base, &request.call).await?;
    request.only("POST")?;
    let members = request.optional_members()?;
    let header = header(&request)?;
    let api_key = members.string("api_key")?.filter(|key| !key.is_empty());
    let api_key = api_key.or(header).ok_or_else(|| {
        Error::BadRequest("api_key is required, in the body or as the header x-api-key".to_owned())
    })?;
    let wanted = members.string("scope")?.map(scope).transpose()?;
    let tokens = Box::pin(sign_in(app, &request.call, api_key, wanted)).await?;
    Answer::ok(&ClientTokensBody::new(&tokens))
}

fn header(request: &Request) -> Result<Option<&str>, Error> {
    let header = request.headers().get("x-api-key");
    let text = header.map(|value| value.to_str()).transpose();
    let text = text.map_err(|_| Error::BadRequest("x-api-key must be ASCII text".to_owned()))?;
    Ok(text.filter(|key| !key.is_empty()))
}
