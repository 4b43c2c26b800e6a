//! `POST /api/auth/login` [000] [001] [003], `POST /api/v1/auth/login` [002]: a user's name or e-mail
//! address and password for tokens.
//!
//! 200 with the tokens and the user; 400 without both members, or of a bad shape; 401 for whatever
//! else is wrong, alike; 429 after too many logins from an address, or failures of a name.

use serde::Serialize;
use shared::app::SignIn;
use shared::auth::limit::admit_login;
use shared::auth::login::{Credentials, SignedIn, login};
use shared::auth::login_name::LoginName;
use shared::error::Error;
use shared::http::user::UserBody;
use shared::http::{Answer, Request, members};

/// What a login answers; every document finds the members that it knows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoginBody<'a> {
    success: bool,
    message: &'static str,
    token: &'a str,
    access_token: &'a str,
    refresh_token: Option<&'a str>,
    token_type: &'static str,
    expires_in: i64,
    user_id: &'a str,
    tenant_id: &'a str,
    user: UserBody<'a>,
}

/// Answers a login.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static SignIn, request: Request) -> Result<Answer, Error> {
    let credentials = match credentials(&request) {
        Ok(credentials) => credentials,
        Err(refusal) => {
            // Whatever is sent counts, a bad body too, and every answer shows the limit.
            admit_login(&app.base, &request.call).await?;
            return Err(refusal);
        }
    };
    let SignedIn { tokens, user } = Box::pin(login(app, &request.call, &credentials)).await?;
    Answer::ok(&LoginBody {
        success: true,
        message: "Login successful",
        token: &tokens.access,
        access_token: &tokens.access,
        refresh_token: tokens.refresh.as_deref(),
        token_type: "Bearer",
        expires_in: tokens.expires_in,
        user_id: user.id.as_str(),
        tenant_id: user.tenant_id.as_str(),
        user: UserBody::new(&user, Some(request.call.now)),
    })
}

/// The name, from `username` or else from `email`, and the password.
fn credentials(request: &Request) -> Result<Credentials, Error> {
    request.only("POST")?;
    let members = request.members()?;
    let missing = || Error::BadRequest("Username and password are required".to_owned());
    let filled = |name| {
        members
            .string(name)
            .map(|text| text.filter(|text| !text.is_empty()))
    };
    let (username, email) = (filled("username")?, filled("email")?);
    let password = filled("password")?.ok_or_else(missing)?;
    let (member, name) = match (username, email) {
        (Some(username), _) => ("username", username),
        (None, Some(email)) => ("email", email),
        (None, None) => return Err(missing()),
    };
    Ok(Credentials {
        name: LoginName::parse(member, name)?,
        password: members::password("password", password)?,
    })
}
