//! Randomness: the one module that asks for it.

use std::time::Duration;

/// `N` random bytes from the operating system's generator.
///
/// # Panics
///
/// When the operating system has no randomness to give: nothing may go on without it.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks for random bytes"
)]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random UUID (RFC 9562, version 4), in lower case with hyphens.
#[must_use]
pub fn uuid() -> String {
    uuid::Builder::from_random_bytes(bytes())
        .into_uuid()
        .to_string()
}

/// A random pause of at most `longest`: repeats that start together do not stay together.
#[must_use]
pub fn jitter(longest: Duration) -> Duration {
    longest.mul_f64(f64::from(u32::from_le_bytes(bytes())) / f64::from(u32::MAX))
}
