//! A user as the operator names one: by id or by login name, of whichever tenant.

use super::NO_SUCH_USER;
use crate::app::Verifying;
use crate::auth::login_name::LoginName;
use crate::error::Error;
use crate::id::UserId;
use crate::store::key::Key;
use crate::store::login_name::LoginNameRow;
use crate::store::parse;
use crate::store::user::{User, UserStatus};

/// The user with this id, username or e-mail address.
///
/// # Errors
///
/// [`Error::NotFound`] for one that is not there or has been removed; [`Error::Conflict`] for a text that
/// is the id of one and the name of another.
pub async fn named(app: &Verifying, text: &str) -> Result<User, Error> {
    let mut keys = vec![Key::user(&UserId::from(text))];
    // What no login name can be may still be an id.
    if let Ok(name) = LoginName::parse("name", text) {
        keys.push(Key::login_name(&name.hash()));
    }
    let mut rows = app.store.read_all(&keys).await?.into_iter();
    let (by_id, name) = (rows.next().flatten(), rows.next().flatten());
    let by_id: Option<User> = by_id.map(|row| parse(row, "user")).transpose()?;
    let by_id = by_id.filter(|user| user.status != UserStatus::Deleted);
    let name: Option<LoginNameRow> = name.map(|row| parse(row, "login name")).transpose()?;
    let owner = match (by_id, name) {
        (Some(user), None) => return Ok(user),
        (Some(user), Some(name)) if name.user_id == user.id => return Ok(user),
        (Some(_), Some(_)) => {
            let both = "That is one user's id and another's name: give the e-mail address";
            return Err(Error::Conflict(both));
        }
        (None, Some(name)) => name.user_id,
        (None, None) => return Err(NO_SUCH_USER),
    };
    let [row] = app.store.read([&Key::user(&owner)]).await?;
    let user: Option<User> = row.map(|row| parse(row, "user")).transpose()?;
    user.filter(|user| user.status != UserStatus::Deleted)
        .ok_or(NO_SUCH_USER)
}
