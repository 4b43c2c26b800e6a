//! PBKDF2 (RFC 8018) as other systems store it: as a PHC string, by passlib, Django and Werkzeug.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, Algorithm};

use super::{PasswordError, bounds, encoded};

/// A digest: its names, its algorithm and its length in bytes.
struct Digest {
    /// As a PHC string and passlib begin with it.
    phc: &'static str,
    /// As Django's string begins with it; of this it has two alone.
    django: Option<&'static str>,
    /// As Werkzeug's string begins with it.
    werkzeug: &'static str,
    algorithm: Algorithm,
    length: usize,
}

const DIGESTS: [Digest; 3] = [
    Digest {
        phc: "$pbkdf2-sha256$",
        django: Some("pbkdf2_sha256$"),
        werkzeug: "pbkdf2:sha256:",
        algorithm: pbkdf2::PBKDF2_HMAC_SHA256,
        length: 32,
    },
    Digest {
        phc: "$pbkdf2-sha512$",
        django: None,
        werkzeug: "pbkdf2:sha512:",
        algorithm: pbkdf2::PBKDF2_HMAC_SHA512,
        length: 64,
    },
    Digest {
        phc: "$pbkdf2$",
        django: Some("pbkdf2_sha1$"),
        werkzeug: "pbkdf2:sha1:",
        algorithm: pbkdf2::PBKDF2_HMAC_SHA1,
        length: 20,
    },
];

/// A stored hash.
pub struct Pbkdf2 {
    digest: &'static Digest,
    rounds: NonZeroU32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Pbkdf2 {
    pub(super) fn parse(text: &str) -> Result<Self, PasswordError> {
        let malformed = PasswordError::Malformed("a password hash is not one of PBKDF2");
        let parsed = DIGESTS.iter().find_map(|digest| {
            let phc = text.strip_prefix(digest.phc);
            phc.and_then(|text| digest.phc(text))
                .or_else(|| digest.django(text.strip_prefix(digest.django?)?))
                .or_else(|| digest.werkzeug(text.strip_prefix(digest.werkzeug)?))
        });
        let stored = parsed.ok_or(malformed)?;
        if stored.work() > bounds::PBKDF2_ROUNDS {
            return Err(PasswordError::Malformed(
                "a password hash's PBKDF2 rounds are too many",
            ));
        }
        Ok(stored)
    }

    /// How much it costs: rounds of the digest.
    pub(super) fn work(&self) -> u64 {
        let blocks = self.output.len().div_ceil(self.digest.length);
        u64::from(self.rounds.get()) * u64::try_from(blocks).unwrap_or(u64::MAX >> 32)
    }

    /// Whether it was made from `password`, compared in constant time.
    pub(super) fn matches(&self, password: &str) -> bool {
        let (algorithm, secret) = (self.digest.algorithm, password.as_bytes());
        pbkdf2::verify(algorithm, self.rounds, &self.salt, secret, &self.output).is_ok()
    }
}

impl Digest {
    /// `i=<rounds>[,l=<length>]$<salt>$<hash>`, or passlib's `<rounds>$<salt>$<hash>` with a base64 of its
    /// own, which has `.` for `+`.
    fn phc(&'static self, text: &str) -> Option<Pbkdf2> {
        let [cost, salt, output] = encoded::parts(text, '$')?;
        if let Some(rounds) = encoded::number(cost) {
            let output = encoded::passlib(output)?;
            return self.stored(rounds, encoded::passlib(salt)?, output);
        }
        let (rounds, length) = match encoded::named(cost, ["i", "l"]) {
            Some([rounds, length]) => (rounds, Some(length)),
            None => (encoded::named(cost, ["i"])?[0], None),
        };
        let output = encoded::output(encoded::phc(output)?)?;
        if length.is_some_and(|length| usize::try_from(length).ok() != Some(output.len())) {
            return None;
        }
        Some(Pbkdf2 {
            digest: self,
            rounds: NonZeroU32::new(rounds)?,
            salt: encoded::phc(salt)?,
            output,
        })
    }

    /// `<rounds>$<salt as it is>$<hash in base64>`.
    fn django(&'static self, text: &str) -> Option<Pbkdf2> {
        let [rounds, salt, output] = encoded::parts(text, '$')?;
        let output = encoded::padded(output)?;
        self.stored(encoded::number(rounds)?, salt.as_bytes().to_vec(), output)
    }

    /// `<rounds>$<salt as it is>$<hash in hex>`.
    fn werkzeug(&'static self, text: &str) -> Option<Pbkdf2> {
        let [rounds, salt, output] = encoded::parts(text, '$')?;
        let output = encoded::unhex(output)?;
        self.stored(encoded::number(rounds)?, salt.as_bytes().to_vec(), output)
    }

    /// These three always store the whole digest: a shorter one has been cut.
    fn stored(&'static self, rounds: u32, salt: Vec<u8>, output: Vec<u8>) -> Option<Pbkdf2> {
        (output.len() == self.length && !salt.is_empty()).then_some(Pbkdf2 {
            digest: self,
            rounds: NonZeroU32::new(rounds)?,
            salt,
            output,
        })
    }
}
