//! scrypt (RFC 7914) as other systems store it: as a PHC string (passlib), by Werkzeug and by Django.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use zeroize::Zeroizing;

use super::argon2id::Memory;
use super::{PasswordError, bounds, encoded};

/// The length of Werkzeug's and Django's hashes, in bytes.
const THEIR_OUTPUT: usize = 64;

/// A stored hash.
pub struct Scrypt {
    log_n: u32,
    r: u32,
    p: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Scrypt {
    pub(super) fn parse(text: &str) -> Result<Self, PasswordError> {
        let malformed = PasswordError::Malformed("a password hash is not one of scrypt");
        let parsed = Self::phc(text).or_else(|| Self::werkzeug(text));
        let stored = parsed.or_else(|| Self::django(text)).ok_or(malformed)?;
        let costly = PasswordError::Malformed("a password hash's scrypt cost is too high");
        let within = (1..=u64::BITS / 2).contains(&stored.log_n)
            && (1..=bounds::SCRYPT_R).contains(&stored.r)
            && (1..=bounds::SCRYPT_P).contains(&stored.p);
        if !within || stored.memory() > bounds::SCRYPT_MEMORY || stored.work() > bounds::SCRYPT_WORK
        {
            return Err(costly);
        }
        Ok(stored)
    }

    /// `$scrypt$ln=<log2 N>,r=<r>,p=<p>$<salt>$<hash>`.
    fn phc(text: &str) -> Option<Self> {
        let [cost, salt, output] = encoded::parts(text.strip_prefix("$scrypt$")?, '$')?;
        let [log_n, r, p] = encoded::named(cost, ["ln", "r", "p"])?;
        Some(Self {
            log_n,
            r,
            p,
            salt: encoded::phc(salt)?,
            output: encoded::output(encoded::phc(output)?)?,
        })
    }

    /// `scrypt:<N>:<r>:<p>$<salt as it is>$<hash in hex>`.
    fn werkzeug(text: &str) -> Option<Self> {
        let [cost, salt, output] = encoded::parts(text.strip_prefix("scrypt:")?, '$')?;
        let [n, r, p] = encoded::parts(cost, ':')?;
        let output = encoded::unhex(output)?;
        Self::theirs(n, r, p, salt, output)
    }

    /// `scrypt$<N>$<salt as it is>$<r>$<p>$<hash in base64>`.
    fn django(text: &str) -> Option<Self> {
        let [n, salt, r, p, output] = encoded::parts(text.strip_prefix("scrypt$")?, '$')?;
        let output = encoded::padded(output)?;
        Self::theirs(n, r, p, salt, output)
    }

    fn theirs(n: &str, r: &str, p: &str, salt: &str, output: Vec<u8>) -> Option<Self> {
        let n = encoded::number(n)?;
        if !n.is_power_of_two() || salt.is_empty() || output.len() != THEIR_OUTPUT {
            return None;
        }
        Some(Self {
            log_n: n.ilog2(),
            r: encoded::number(r)?,
            p: encoded::number(p)?,
            salt: salt.as_bytes().to_vec(),
            output,
        })
    }

    fn memory(&self) -> u64 {
        (u64::from(self.r) * 128) << self.log_n.min(40)
    }

    /// How much it costs: bytes of memory, as often as they are gone through.
    pub(super) fn work(&self) -> u64 {
        self.memory() * u64::from(self.p)
    }

    /// Whether it was made from `password`. The memory for argon2 goes first, so that the two are never
    /// there together.
    pub(super) fn matches(
        &self,
        password: &str,
        memory: &mut Memory,
    ) -> Result<bool, PasswordError> {
        memory.free();
        let unfit = PasswordError::Malformed("a password hash's parts are none of scrypt's");
        let log_n = u8::try_from(self.log_n).map_err(|_| unfit.clone())?;
        let params = ::scrypt::Params::new(log_n, self.r, self.p).map_err(|_| unfit.clone())?;
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        ::scrypt::scrypt(password.as_bytes(), &self.salt, &params, &mut output)
            .map_err(|_| unfit)?;
        Ok(verify_slices_are_equal(&output, &self.output).is_ok())
    }
}
