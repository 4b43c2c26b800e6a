//! Why a call is refused. `http::error` says what each is answered.

use std::fmt;

use crate::clock::Timestamp;
use crate::keys::KeyError;

/// Every way in which a call can end other than well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The body, a header or a member is not as the contract says; the text names the member and
    /// what is wrong, never its value.
    BadRequest(String),
    /// The function does not serve this method; the methods that it does, as `Allow` lists them.
    MethodNotAllowed(&'static str),
    /// The body has more than 16 KiB.
    PayloadTooLarge,
    /// The content type is not `application/json`.
    UnsupportedMediaType,
    /// Unknown user, wrong password, suspended or invited user, address not allowed: all alike.
    LoginRefused,
    /// No bearer token was sent.
    TokenMissing,
    /// The token is not one of ours, or its session has ended.
    TokenInvalid,
    /// The token's signature is good and its time is over.
    TokenExpired,
    /// The refresh token is bad, expired, revoked or reused.
    RefreshRefused,
    /// `currentPassword` is not the current password.
    CurrentPasswordWrong,
    /// `newPassword` breaks the tenant's policy; the text is the advice.
    PasswordRejected(String),
    /// The tenant does not allow the caller's address, and the token is good.
    AddressRefused,
    /// The API key is unknown or wrong.
    ApiKeyRefused,
    /// The API key is right, and its client is suspended.
    ClientSuspended,
    /// The invite is unknown, used or expired.
    InvitationInvalid,
    /// The caller is no admin.
    RoleTooLow,
    /// The caller may not give, change or take a role above its own.
    RoleAboveOwn,
    /// A client's token lacks a scope, or its scope cannot be widened; the text says which.
    ScopeRefused(String),
    /// There is no such thing, or it is another tenant's; the text says what.
    NotFound(&'static str),
    /// What is asked for stands against what is; the text says which.
    Conflict(&'static str),
    /// Any limit but that of logins; until when.
    RateLimited(Timestamp),
    /// Too many logins from an address, or a name has to wait; until when.
    TooManyLogins(Timestamp),
    /// The store or the secret store is away, or a change was lost to others three times.
    Unavailable(String),
    /// Anything else, a malformed row among it; the text says where, for the log alone.
    Internal(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadRequest(_) => "bad request",
            Self::MethodNotAllowed(_) => "method not allowed",
            Self::PayloadTooLarge => "payload too large",
            Self::UnsupportedMediaType => "unsupported media type",
            Self::LoginRefused => "login refused",
            Self::TokenMissing => "token missing",
            Self::TokenInvalid => "token invalid",
            Self::TokenExpired => "token expired",
            Self::RefreshRefused => "refresh refused",
            Self::CurrentPasswordWrong => "current password wrong",
            Self::PasswordRejected(_) => "password rejected",
            Self::AddressRefused => "address refused",
            Self::ApiKeyRefused => "API key refused",
            Self::ClientSuspended => "client suspended",
            Self::InvitationInvalid => "invitation invalid",
            Self::RoleTooLow => "role too low",
            Self::RoleAboveOwn => "role above the caller's",
            Self::ScopeRefused(_) => "scope refused",
            Self::NotFound(_) => "not found",
            Self::Conflict(_) => "conflict",
            Self::RateLimited(_) => "rate limited",
            Self::TooManyLogins(_) => "too many logins",
            Self::Unavailable(what) | Self::Internal(what) => what,
        })
    }
}

impl std::error::Error for Error {}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        error.of("keys")
    }
}
