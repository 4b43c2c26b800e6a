//! argon2id (RFC 9106), stored as PHC strings: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`. Of imported
//! hashes also argon2i, argon2d and version 16, which is meant where a string names none.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use zeroize::Zeroizing;

use super::{PasswordError, bounds};
use crate::config::Argon2Cost;
use crate::random;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// What a new hash is.
const OURS: (Algorithm, Version) = (Algorithm::Argon2id, Version::V0x13);

/// The memory in which one hash at a time is made. Allocating it for each hash costs half as much
/// time as the hash itself.
pub(super) struct Memory(Vec<Block>);

impl Memory {
    /// Enough for hashes of this cost, and in place: every page has been written to.
    pub(super) fn for_cost(cost: Argon2Cost) -> Self {
        let mut memory = Self(Vec::new());
        if let Ok(params) = params(cost, HASH_BYTES) {
            // Where there is not enough memory now, the first hash says so.
            let _ = memory.reserve(&params);
        }
        memory
    }

    /// Gives it back, until the next hash that needs it.
    pub(super) fn free(&mut self) {
        self.0 = Vec::new();
    }

    fn reserve(&mut self, params: &Params) -> Result<(), PasswordError> {
        let blocks = params.block_count();
        if self.0.len() >= blocks {
            return Ok(());
        }
        // Freed first, so that the old and the new are never there together.
        self.0 = Vec::new();
        self.0.try_reserve_exact(blocks).map_err(|_| {
            PasswordError::Malformed("a password hash asks for more than all memory")
        })?;
        self.0.resize(blocks, Block::new());
        for block in &mut self.0 {
            // Zeroes alone may be pages that are not there yet.
            block.as_mut()[0] = 1;
        }
        Ok(())
    }
}

/// A stored hash.
pub struct Stored {
    algorithm: Algorithm,
    version: Version,
    cost: Argon2Cost,
    salt: Salt,
    output: Output,
}

impl Stored {
    /// Takes a PHC string whose cost is within bounds.
    pub(super) fn parse(phc: &str, configured: Argon2Cost) -> Result<Self, PasswordError> {
        let malformed = || PasswordError::Malformed("a password hash is not one of argon2");
        let hash = PasswordHash::new(phc).map_err(|_| malformed())?;
        let number = |name| hash.params.get_decimal(name).ok_or_else(malformed);
        let cost = Argon2Cost {
            memory_kib: number("m")?,
            iterations: number("t")?,
            parallelism: number("p")?,
        };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| malformed())?;
        let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from);
        let version = version.map_err(|_| malformed())?;
        if hash.params.iter().count() != 3 {
            return Err(malformed());
        }
        let most = bounds::ARGON2;
        if cost.memory_kib > configured.memory_kib.max(most.memory_kib)
            || cost.iterations > configured.iterations.max(most.iterations)
            || cost.parallelism > configured.parallelism.max(most.parallelism)
            || work(cost) > work(configured).max(bounds::ARGON2_WORK)
        {
            return Err(PasswordError::Malformed(
                "a password hash's argon2 cost is too high",
            ));
        }
        // Whether the scheme has such a cost, before anything is reserved for it.
        params(cost, HASH_BYTES)?;
        Ok(Self {
            algorithm,
            version,
            cost,
            salt: hash.salt.ok_or_else(malformed)?,
            output: hash.hash.ok_or_else(malformed)?,
        })
    }

    /// How much it costs: KiB of memory, as often as they are gone through.
    pub(super) fn work(&self) -> u64 {
        work(self.cost)
    }

    /// Whether it was made from `password`, compared in constant time.
    pub(super) fn matches(
        &self,
        password: &str,
        memory: &mut Memory,
    ) -> Result<bool, PasswordError> {
        let mut buffer = Zeroizing::new([0; Output::MAX_LENGTH]);
        let output = &mut buffer[..self.output.len()];
        let kind = (self.algorithm, self.version);
        hash_into(kind, self.cost, password, &self.salt, output, memory)?;
        Ok(verify_slices_are_equal(output, self.output.as_bytes()).is_ok())
    }

    /// Whether it is another kind than a new one, or cost less in any of memory, passes and lanes.
    pub(super) fn is_weaker_than(&self, configured: Argon2Cost) -> bool {
        (self.algorithm, self.version) != OURS
            || self.cost.memory_kib < configured.memory_kib
            || self.cost.iterations < configured.iterations
            || self.cost.parallelism < configured.parallelism
    }
}

/// The PHC string of `password`, with a random salt.
pub(super) fn hash(
    password: &str,
    cost: Argon2Cost,
    memory: &mut Memory,
) -> Result<Zeroizing<String>, PasswordError> {
    let unfit = |_| PasswordError::Malformed("the settings' cost is none of argon2id");
    let salt = random::bytes::<SALT_BYTES>();
    let mut output = Zeroizing::new([0; HASH_BYTES]);
    hash_into(OURS, cost, password, &salt, &mut *output, memory)?;
    let phc = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params(cost, HASH_BYTES)?).map_err(unfit)?,
        salt: Salt::new(&salt).ok(),
        hash: Output::new(&*output).ok(),
    };
    Ok(Zeroizing::new(phc.to_string()))
}

/// Spends what [`hash`] spends, for nothing.
pub(super) fn spend(
    password: &str,
    cost: Argon2Cost,
    memory: &mut Memory,
) -> Result<(), PasswordError> {
    let mut output = Zeroizing::new([0; HASH_BYTES]);
    let salt = [0; SALT_BYTES];
    hash_into(OURS, cost, password, &salt, &mut *output, memory)
}

fn work(cost: Argon2Cost) -> u64 {
    u64::from(cost.memory_kib) * u64::from(cost.iterations)
}

fn hash_into(
    (algorithm, version): (Algorithm, Version),
    cost: Argon2Cost,
    password: &str,
    salt: &[u8],
    output: &mut [u8],
    memory: &mut Memory,
) -> Result<(), PasswordError> {
    let params = params(cost, output.len())?;
    memory.reserve(&params)?;
    Argon2::new(algorithm, version, params)
        .hash_password_into_with_memory(password.as_bytes(), salt, output, &mut memory.0)
        .map_err(|_| PasswordError::Malformed("a password hash's parts are none of argon2id's"))
}

fn params(cost: Argon2Cost, output: usize) -> Result<Params, PasswordError> {
    Params::new(
        cost.memory_kib,
        cost.iterations,
        cost.parallelism,
        Some(output),
    )
    .map_err(|_| PasswordError::Malformed("a password hash's cost is none of argon2id's"))
}
