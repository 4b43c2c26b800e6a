//! bcrypt as other systems store it: `$2b$<cost>$<salt and hash>`, and Django's spellings of it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use zeroize::Zeroizing;

use super::{PasswordError, bounds, encoded};

/// These three are one algorithm. `$2x$` is another: its passwords were hashed with a bug.
const VERSIONS: [&str; 3] = ["$2a$", "$2b$", "$2y$"];

/// What bcrypt takes of a password, in bytes.
const MOST_BYTES: usize = 72;

/// A stored hash.
pub struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    output: [u8; 23],
    /// Django's `bcrypt_sha256`: the SHA-256 of the password, in hex, stands for it.
    digested: bool,
}

impl Bcrypt {
    pub(super) fn parse(text: &str) -> Result<Self, PasswordError> {
        let malformed = || PasswordError::Malformed("a password hash is not one of bcrypt");
        let (digested, text) = match text.strip_prefix("bcrypt_sha256$") {
            Some(text) => (true, text),
            None => (false, text.strip_prefix("bcrypt$").unwrap_or(text)),
        };
        if text.starts_with("$2x$") {
            return Err(PasswordError::Malformed(
                "a password hash is $2x$, which a bug has made",
            ));
        }
        if text.len() != 60 || !text.is_ascii() || !VERSIONS.contains(&&text[..4]) {
            return Err(malformed());
        }
        let (cost, rest) = text[4..].split_once('$').ok_or_else(malformed)?;
        // Always two digits, as in `$2b$05$`.
        if cost.len() != 2 {
            return Err(malformed());
        }
        let cost = encoded::number(cost.strip_prefix('0').unwrap_or(cost));
        let cost = cost.filter(|cost| *cost >= 4).ok_or_else(malformed)?;
        if cost > bounds::BCRYPT_COST {
            return Err(PasswordError::Malformed(
                "a password hash's bcrypt cost is above 14",
            ));
        }
        let mut stored = Self {
            cost,
            salt: [0; 16],
            output: [0; 23],
            digested,
        };
        let (salt, output) = rest.split_at_checked(22).ok_or_else(malformed)?;
        let decoded = ::bcrypt::BASE_64.decode_slice(salt, &mut stored.salt);
        decoded.map_err(|_| malformed())?;
        let decoded = ::bcrypt::BASE_64.decode_slice(output, &mut stored.output);
        decoded.map_err(|_| malformed())?;
        Ok(stored)
    }

    /// Whether it was made from `password`. Of one longer than 72 bytes the first 72 count, as in the
    /// system that made the hash. One with a NUL is never right: some systems cut it there, and where it
    /// is hashed whole, `a` and `a\0a` have one hash.
    pub(super) fn matches(&self, password: &str) -> bool {
        let secret = if self.digested {
            encoded::hex(digest(&SHA256, password.as_bytes()).as_ref())
        } else {
            Zeroizing::new(password.to_owned())
        };
        let secret = secret.as_bytes();
        let taken = secret.len().min(MOST_BYTES);
        let mut key = Zeroizing::new([0; MOST_BYTES]);
        key[..taken].copy_from_slice(&secret[..taken]);
        // The NUL at its end is part of a key that has room for it.
        let key = &key[..(taken + 1).min(MOST_BYTES)];
        let output = Zeroizing::new(::bcrypt::bcrypt(self.cost, self.salt, key));
        let same = verify_slices_are_equal(&output[..23], &self.output).is_ok();
        same && !secret.contains(&0)
    }

    /// How much it costs: passes.
    pub(super) fn work(&self) -> u64 {
        1 << self.cost
    }
}
