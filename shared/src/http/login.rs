//! What a login answers, and an accepted invite.

use serde::Serialize;

use super::user::UserBody;
use crate::auth::login::SignedIn;
use crate::clock::Timestamp;

/// A user who has signed in; every document finds the members that it knows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginBody<'a> {
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

impl<'a> LoginBody<'a> {
    /// The user and the tokens of the session that began at `now`.
    #[must_use]
    pub fn new(SignedIn { tokens, user }: &'a SignedIn, now: Timestamp) -> Self {
        Self {
            success: true,
            message: "Login successful",
            token: &tokens.access,
            access_token: &tokens.access,
            refresh_token: tokens.refresh.as_deref(),
            token_type: "Bearer",
            expires_in: tokens.expires_in,
            user_id: user.id.as_str(),
            tenant_id: user.tenant_id.as_str(),
            user: UserBody::new(user, Some(now)),
        }
    }
}
