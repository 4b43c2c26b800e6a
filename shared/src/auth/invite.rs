//! An invite: a new user without a password, and a token that lets whoever has it set the first one.

pub mod accept;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::admin::Admin;
use super::login_name::LoginName;
use super::users::change::may_be_given;
use super::users::newcomer::{make, newcomer};
use crate::app::Verifying;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::random;
use crate::role::Role;
use crate::store::invite::LIFETIME_SECONDS;
use crate::store::user::{CurrentInvite, User, UserStatus};

/// Whom an admin invites. The names are as [`LoginName::new_email`] and [`LoginName::new_username`]
/// take them.
#[derive(Clone)]
pub struct Invitee {
    /// The e-mail address, a login name.
    pub email: (String, LoginName),
    /// The other login name.
    pub username: Option<(String, LoginName)>,
    /// The role.
    pub role: Role,
    /// The name to show.
    pub name: Option<String>,
    /// The user's organization.
    pub organization: Option<String>,
}

/// A user who is invited.
pub struct Invited {
    /// The user.
    pub user: User,
    /// What accepts the invite: shown this once.
    pub token: Zeroizing<String>,
    /// When the invite expires.
    pub expires_at: Timestamp,
}

/// Invites a user into the admin's tenant. A name that an expired invite holds is taken from it, and
/// its user is removed.
///
/// # Errors
///
/// [`Error::RoleAboveOwn`], [`Error::BadRequest`] for a role that only the command line gives;
/// [`Error::Conflict`] where a name is somebody's; [`Error::Unavailable`].
pub async fn invite(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    invitee: &Invitee,
) -> Result<Invited, Error> {
    may_be_given(app, call, admin, &invitee.role).await?;
    let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(random::bytes::<32>()));
    let expires_at = call.now.plus_seconds(LIFETIME_SECONDS).seconds();
    let user = User {
        status: UserStatus::Invited,
        invite: Some(CurrentInvite {
            hash: hash(&token),
            expires_at,
        }),
        ..newcomer(call, &admin.tenant, invitee)
    };
    make(app, call, admin, &user, None).await?;
    Ok(Invited {
        user,
        token,
        expires_at: Timestamp::from_seconds(expires_at),
    })
}

/// The hash by which the table knows an invite's token.
fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()))
}
