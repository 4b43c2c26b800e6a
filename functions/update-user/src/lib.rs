//! `PATCH /api/v1/users/{id}` [002]: a user's `name`, `role` and `status` ("active" or "suspended"), any of
//! them, changed by an admin. A suspended user's sessions end at once, and an invited one's invite.
//!
//! 200 with the user; 400 for a bad shape; 401 without a good token of a live session; 403 for who is no
//! admin, for a role above the admin's own, had or given, and from an address that the tenant does not
//! allow; 404 for a user that is not there, or another tenant's; 409 for the tenant's last admin, and
//! for a user who has no password to be active with; 429 over a limit.

use shared::app::Verifying;
use shared::auth::admin::authenticate;
use shared::auth::limit::admit_address;
use shared::auth::users::change::{Wanted, change};
use shared::error::Error;
use shared::http::user::OneUserBody;
use shared::http::{Answer, Request, bearer, members};
use shared::id::UserId;
use shared::store::user::UserStatus;

/// Answers a change of a user.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    let call = &request.call;
    admit_address(app, call).await?;
    request.only("PATCH")?;
    let token = bearer::token(&request)?;
    let tenant = request.tenant();
    let admin = authenticate(app, call, token, tenant.as_deref()).await?;
    let id = UserId::from(request.path_parameter("id")?.as_str());
    let wanted = wanted(&request)?;
    let (user, last_login) = change(app, call, &admin, &id, &wanted).await?;
    Answer::ok(&OneUserBody::new(&user, last_login))
}

fn wanted(request: &Request) -> Result<Wanted, Error> {
    let members = request.members()?;
    let status = members.status(UserStatus::Active, UserStatus::Suspended)?;
    let role = members.string("role")?.map(members::role).transpose()?;
    let name = members.line("name")?;
    if name.is_none() && role.is_none() && status.is_none() {
        let what = "name, role or status is required";
        return Err(Error::BadRequest(what.to_owned()));
    }
    Ok(Wanted { name, role, status })
}
