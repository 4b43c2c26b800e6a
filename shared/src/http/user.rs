//! The `user` object, the same in every answer: no other field of the stored user is ever shown.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::store::user::{User, UserStatus};

/// One user, as an answer of its own.
#[derive(Debug, Serialize)]
pub struct OneUserBody<'a> {
    user: UserBody<'a>,
}

impl<'a> OneUserBody<'a> {
    /// The user, who last signed in at `last_login`.
    #[must_use]
    pub fn new(user: &'a User, last_login: Option<Timestamp>) -> Self {
        let user = UserBody::new(user, last_login);
        Self { user }
    }
}

/// A user as clients see it. A field without a value is `null`, not absent.
#[derive(Debug, Serialize)]
pub struct UserBody<'a> {
    id: &'a str,
    username: Option<&'a str>,
    email: &'a str,
    email_verified: bool,
    name: Option<&'a str>,
    display_name: Option<&'a str>,
    organization: Option<&'a str>,
    aws_region: Option<&'a str>,
    role: &'a str,
    tenant_id: &'a str,
    status: UserStatus,
    is_active: bool,
    is_demo: bool,
    user_type: &'a [String],
    created_at: String,
    updated_at: String,
    last_login: Option<String>,
}

impl<'a> UserBody<'a> {
    /// The user, who last signed in at `last_login`.
    #[must_use]
    pub fn new(user: &'a User, last_login: Option<Timestamp>) -> Self {
        Self {
            id: user.id.as_str(),
            username: user.username.as_deref(),
            email: &user.email,
            email_verified: user.email_verified,
            name: user.name.as_deref(),
            display_name: user.name.as_deref(),
            organization: user.organization.as_deref(),
            aws_region: user.aws_region.as_deref(),
            role: user.role.as_str(),
            tenant_id: user.tenant_id.as_str(),
            status: user.status,
            is_active: user.status == UserStatus::Active,
            is_demo: user.is_demo,
            user_type: &user.user_type,
            created_at: user.created_at.to_string(),
            updated_at: user.updated_at.to_string(),
            last_login: last_login.map(|moment| moment.to_string()),
        }
    }
}
