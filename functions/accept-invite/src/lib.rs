//! `POST /api/v1/auth/accept-invite` [002]: an invite's token and a first password for the tokens of a
//! first session.
//!
//! 200 with what a login answers; 400 for a bad shape, for an invite that is unknown, used, ended or
//! expired, and for a password that the tenant's policy rejects, after which the invite is still good;
//! 403 from an address that the tenant does not allow; 429 after too many tries from an address.

use shared::app::SignIn;
use shared::auth::invite::accept::accept;
use shared::auth::limit::admit_credential;
use shared::error::Error;
use shared::http::login::LoginBody;
use shared::http::{Answer, Request, members};

/// Answers an accepted invite.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static SignIn, request: Request) -> Result<Answer, Error> {
    admit_credential(&app.base, &request.call).await?;
    request.only("POST")?;
    let members = request.members()?;
    let token = members.needed("invite_token")?;
    let password = members::password("password", members.needed("password")?)?;
    let signed_in = Box::pin(accept(app, &request.call, token, &password)).await?;
    Answer::ok(&LoginBody::new(&signed_in, request.call.now))
}
