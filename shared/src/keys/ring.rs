//! The keys that sign, as the secret `keys` holds them.

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use zeroize::Zeroizing;

use super::cache::Cache;
use super::published::Published;
use super::secret::{self, Secret};
use super::stored::{State, StoredMacKey, StoredRing, StoredSigningKey};
use super::{KeyError, MacKey, SigningKey, VerifyingKey};
use crate::clock::Timestamp;

/// The keys of one version of the secret, parsed and found fit for use.
#[derive(Debug)]
pub struct Ring {
    version: u64,
    signing: SigningKey,
    macs: Vec<MacKey>,
    /// Which of `macs` is the active one.
    active_mac: usize,
}

impl Ring {
    /// Takes the secret's text, `{"ring": …}`.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotMade`] while the ring is null; [`KeyError::Refused`] for a ring with any key
    /// that is not fit for use, two keys of one kid, or not exactly one active key of each sort.
    pub fn from_secret(text: &str) -> Result<Self, KeyError> {
        Self::from_stored(&secret::parse(text)?)
    }

    fn from_stored(stored: &StoredRing) -> Result<Self, KeyError> {
        let mut kids = HashSet::new();
        let signing = stored.signing.iter().map(|key| &key.kid);
        let refresh = stored.refresh.iter().map(|key| &key.kid);
        if !signing.chain(refresh).all(|kid| kids.insert(kid)) {
            return Err(KeyError::Refused("two keys have the same kid"));
        }

        let mut active_signing = Vec::new();
        for stored in &stored.signing {
            if let Some(key) = signing_key(stored)?
                && stored.life.state == State::Active
            {
                active_signing.push(key);
            }
        }
        let [signing] = <[SigningKey; 1]>::try_from(active_signing)
            .map_err(|_| KeyError::Refused("not exactly one signing key is active"))?;

        let states = stored.refresh.iter().map(|key| key.life.state);
        let active: Vec<usize> = states
            .enumerate()
            .filter_map(|(index, state)| (state == State::Active).then_some(index))
            .collect();
        let [active_mac] = active[..] else {
            return Err(KeyError::Refused("not exactly one MAC key is active"));
        };
        let macs = stored
            .refresh
            .iter()
            .map(mac_key)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            version: stored.version,
            signing,
            macs,
            active_mac,
        })
    }

    /// The ring's version, which the `KEYS` row names too.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The key that signs access tokens.
    ///
    /// # Errors
    ///
    /// Refuses when the key is revoked, or not published: nobody would accept what it signs.
    pub fn signer(&self, published: &Published) -> Result<&SigningKey, KeyError> {
        match published.find(self.signing.kid()) {
            Some(_) => Ok(&self.signing),
            None => Err(KeyError::Refused(
                "the active signing key is revoked or not published",
            )),
        }
    }

    /// The key that makes refresh tokens.
    #[must_use]
    pub fn mac(&self) -> &MacKey {
        &self.macs[self.active_mac]
    }

    /// The key that made, or is about to make, refresh tokens under this kid, whatever its state.
    #[must_use]
    pub fn mac_by_kid(&self, kid: &str) -> Option<&MacKey> {
        self.macs.iter().find(|key| key.kid() == kid)
    }
}

/// Checks a signing key; a retired one is only public.
fn signing_key(stored: &StoredSigningKey) -> Result<Option<SigningKey>, KeyError> {
    let public = VerifyingKey::new(stored.public.clone())?;
    if stored.alg != public.signs_by() {
        return Err(KeyError::Refused(
            "a signing key is for another algorithm than its public half",
        ));
    }
    if stored.kid != public.kid() {
        return Err(KeyError::Refused(
            "a signing key's kid is not its thumbprint",
        ));
    }
    match (&stored.private, stored.life.state) {
        (None, State::Retired) => Ok(None),
        (None, _) => Err(KeyError::Refused("a signing key has no private half")),
        (Some(_), State::Retired) => Err(KeyError::Refused(
            "a retired signing key still has its private half",
        )),
        (Some(private), _) => {
            let pkcs8 = BASE64_STANDARD
                .decode(&private.0)
                .map(Zeroizing::new)
                .map_err(|_| KeyError::Refused("a private key is not base64"))?;
            SigningKey::new(&pkcs8, &public).map(Some)
        }
    }
}

fn mac_key(stored: &StoredMacKey) -> Result<MacKey, KeyError> {
    if stored.alg != Algorithm::HS256 {
        return Err(KeyError::Refused("a MAC key is not for HS256"));
    }
    let key = BASE64_URL_SAFE_NO_PAD
        .decode(&stored.key.0)
        .map(Zeroizing::new)
        .map_err(|_| KeyError::Refused("a MAC key is not base64url"))?;
    MacKey::new(&stored.kid, &key)
}

/// The ring of a deployment, remembered as [`Cache`] says.
#[derive(Debug)]
pub struct KeyRing {
    secret: Secret,
    cache: Cache<Ring>,
}

impl KeyRing {
    /// The ring in this secret, not read yet.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self {
            secret,
            cache: Cache::default(),
        }
    }

    /// The ring as of `now`.
    ///
    /// # Errors
    ///
    /// As [`Ring::from_secret`], and [`KeyError::Unavailable`] when Secrets Manager does not answer.
    pub async fn get(&self, now: Timestamp) -> Result<Arc<Ring>, KeyError> {
        self.cache.get(now, async || self.load().await).await
    }

    /// Asks again, because of a kid that the remembered ring does not know.
    ///
    /// # Errors
    ///
    /// As [`KeyRing::get`].
    pub async fn reload(&self, now: Timestamp) -> Result<Arc<Ring>, KeyError> {
        self.cache.reload(now, async || self.load().await).await
    }

    async fn load(&self) -> Result<Ring, KeyError> {
        Ring::from_stored(&self.secret.ring().await?)
    }
}
