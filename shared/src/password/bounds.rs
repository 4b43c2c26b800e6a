//! The most that a stored hash may cost, so that none can hang or exhaust a function: login has one vCPU
//! and 1,769 MB, change-password and accept-invite 512 MB and less than a third of a vCPU, and a call's
//! work is to be done in 12 seconds. What an import takes is checked by the same bounds again before each
//! login: a table may be written by others.

use crate::config::Argon2Cost;

/// The longest stored hash, in bytes: the longest that the known schemes make has some 200.
pub(super) const LONGEST: usize = 512;

/// Argon2, unless the settings ask for more. Memory: libsodium's "moderate", half of the smallest function
/// that hashes. Passes and lanes: the settings' own bounds.
pub(super) const ARGON2: Argon2Cost = Argon2Cost {
    memory_kib: 262_144,
    iterations: 100,
    parallelism: 16,
};

/// Memory times passes of argon2, in KiB: 4 GiB take about three seconds.
pub(super) const ARGON2_WORK: u64 = 4 << 20;

/// bcrypt: 12 is what most systems make, each one more takes twice as long, 14 a second.
pub(super) const BCRYPT_COST: u32 = 14;

/// scrypt's memory (128 N r), in bytes: what OWASP asks for at most (N = 2^17, r = 8). Werkzeug's takes
/// 32 MiB, Django's 16 MiB.
pub(super) const SCRYPT_MEMORY: u64 = 128 << 20;

/// scrypt's memory times its p, which it goes through one after another: 512 MiB take about a second.
pub(super) const SCRYPT_WORK: u64 = 512 << 20;

/// scrypt's r and p: no system makes more, and their product is memory too.
pub(super) const SCRYPT_R: u32 = 32;
/// See [`SCRYPT_R`].
pub(super) const SCRYPT_P: u32 = 16;

/// PBKDF2's rounds times the blocks of its output: three times what Django makes today (1,200,000).
pub(super) const PBKDF2_ROUNDS: u64 = 4_000_000;

/// The shortest output of a hash, in bytes: of a shorter one, other passwords would be right too.
pub(super) const SHORTEST_OUTPUT: usize = 16;
/// The longest: that of SHA-512.
pub(super) const LONGEST_OUTPUT: usize = 64;
