//! `POST /api/v1/users` [002]: a new user of the tenant, invited by an admin. What accepts the invite is
//! shown this once, and is the admin's to send.
//!
//! 201 with the user, `invite_token` and `expires_at`; 400 for a bad shape; 401 without a good token of
//! a live session; 403 for who is no admin, for a role above the admin's own, and from an address that
//! the tenant does not allow; 404 for another tenant; 409 where a name is taken; 429 over a limit.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::app::Verifying;
use shared::auth::admin::authenticate;
use shared::auth::invite::{Invitee, invite};
use shared::auth::limit::admit_address;
use shared::auth::login_name::LoginName;
use shared::error::Error;
use shared::http::user::UserBody;
use shared::http::{Answer, Request, bearer, members};

/// What an invite answers.
#[derive(Serialize)]
struct InvitedBody<'a> {
    user: UserBody<'a>,
    invite_token: &'a str,
    expires_at: String,
}

/// Answers an invite.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    let call = &request.call;
    admit_address(app, call).await?;
    request.only("POST")?;
    let token = bearer::token(&request)?;
    let tenant = request.tenant();
    let admin = authenticate(app, call, token, tenant.as_deref()).await?;
    let invited = invite(app, call, &admin, &invitee(&request)?).await?;
    let body = InvitedBody {
        user: UserBody::new(&invited.user, None),
        invite_token: &invited.token,
        expires_at: invited.expires_at.to_string(),
    };
    Answer::json(StatusCode::CREATED, &body)
}

fn invitee(request: &Request) -> Result<Invitee, Error> {
    let members = request.members()?;
    let email = members.needed("email")?;
    let username = members.string("username")?;
    let username =
        username.map(|text| LoginName::new_username(text).map(|name| (text.to_owned(), name)));
    Ok(Invitee {
        email: (email.to_owned(), LoginName::new_email(email)?),
        username: username.transpose()?,
        role: members::role(members.needed("role")?)?,
        name: members.line("name")?,
        organization: members.line("organization")?,
    })
}
