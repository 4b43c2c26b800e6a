//! `POST /api/auth/login` [000] [001] [003], `POST /api/v1/auth/login` [002]: a user's name or e-mail
//! address and password for tokens.
//!
//! 200 with the tokens and the user; 400 without both members, or of a bad shape; 401 for whatever
//! else is wrong, alike; 429 after too many logins from an address, or failures of a name.

use shared::app::SignIn;
use shared::auth::limit::admit_login;
use shared::auth::login::{Credentials, login};
use shared::auth::login_name::LoginName;
use shared::error::Error;
use shared::http::login::LoginBody;
use shared::http::{Answer, Request, members};

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
    let signed_in = Box::pin(login(app, &request.call, &credentials)).await?;
    Answer::ok(&LoginBody::new(&signed_in, request.call.now))
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
