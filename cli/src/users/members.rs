//! What a row of an import says of a user, and an export writes.

/// The members, in the order in which an export has them as columns. The last three are written only with
/// `--with-hashes`.
pub const MEMBERS: [&str; 18] = [
    "id",
    "tenant_id",
    "email",
    "username",
    "name",
    "organization",
    "role",
    "status",
    "email_verified",
    "aws_region",
    "user_type",
    "is_demo",
    "created_at",
    "updated_at",
    "last_login",
    "password_hash",
    "invite_hash",
    "invite_expires_at",
];

/// How many of them are no secret.
pub const OPEN: usize = 15;

/// What separates the kinds of a user in CSV, which has no lists.
pub const SEPARATOR: char = ';';
