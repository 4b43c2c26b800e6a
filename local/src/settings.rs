//! What the local stack takes from the environment. What the functions take is in
//! `shared::config`; their settings reach them untouched.

use shared::keys::SigningAlgorithm;

use crate::StackError;

/// The value of an environment variable; an empty one counts as absent.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the local stack's settings are read"
)]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A port from an environment variable, `default` where there is none.
///
/// # Errors
///
/// When the value is no port; 0 is none.
pub fn port(name: &str, default: u16) -> Result<u16, StackError> {
    let Some(value) = setting(name) else {
        return Ok(default);
    };
    let port = value.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| StackError(format!("{name} must be a port, a number from 1 to 65535")))
}

/// `true` or `false` from an environment variable, `default` where there is none.
///
/// # Errors
///
/// When the value is neither.
pub fn truth(name: &str, default: bool) -> Result<bool, StackError> {
    let Some(value) = setting(name) else {
        return Ok(default);
    };
    value
        .parse()
        .map_err(|_| StackError(format!("{name} must be true or false")))
}

/// What new keys sign by, from `SIGNING_ALGORITHM`: a name that the functions take.
///
/// # Errors
///
/// When it is none.
pub(crate) fn signing_algorithm() -> Result<SigningAlgorithm, StackError> {
    let name = "SIGNING_ALGORITHM";
    let Some(value) = setting(name) else {
        return Ok(SigningAlgorithm::default());
    };
    value
        .parse()
        .map_err(|_| StackError(format!("{name} must be RS256, ES256 or EdDSA")))
}
