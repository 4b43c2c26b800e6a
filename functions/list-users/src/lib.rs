//! `GET /api/v1/users` and `GET /api/v1/users/{id}` [002]: the users of a tenant, for its admins and for
//! clients whose scope has `read:users`.
//!
//! 200 with a page of users or with one; 400 for a bad limit or cursor; 401 without a good token of a
//! live session; 403 for other roles and scopes, and from an address that the tenant does not allow;
//! 404 for a user that is not there, or another tenant's; 429 over a limit.

use serde::Serialize;
use shared::app::Verifying;
use shared::auth::limit::admit_address;
use shared::auth::users::list::{list, one, tenant_of_reader};
use shared::error::Error;
use shared::http::page::cursor;
use shared::http::user::{OneUserBody, UserBody};
use shared::http::{Answer, Page, Request, bearer};
use shared::id::UserId;

/// A page of users.
#[derive(Serialize)]
struct UsersBody<'a> {
    users: Vec<UserBody<'a>>,
    next_cursor: Option<String>,
}

/// What its cursors are of.
const LIST: &str = "users";

/// Answers who the users of a tenant are.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    admit_address(app, &request.call).await?;
    request.only("GET")?;
    let token = bearer::token(&request)?;
    let tenant = request.tenant();
    let reader = tenant_of_reader(app, &request.call, token, tenant.as_deref()).await?;
    let of = (&reader.0, Some(&reader.1));
    if request.route().ends_with("/{id}") {
        let id = UserId::from(request.path_parameter("id")?.as_str());
        let (user, last_login) = one(app, of, &id).await?;
        return Answer::ok(&OneUserBody::new(&user, last_login));
    }
    let Page { limit, after } = Page::of(&request, LIST)?;
    let (users, next) = list(app, of, limit, after.as_deref()).await?;
    let users = users.iter();
    Answer::ok(&UsersBody {
        users: users
            .map(|(user, last_login)| UserBody::new(user, *last_login))
            .collect(),
        next_cursor: next.as_deref().map(|id| cursor(LIST, id)),
    })
}
