//! The four steps.

use shared::address::Address;
use shared::call::Call;
use shared::clock::Timestamp;
use shared::error::Error;
use shared::id::EventId;
use shared::keys::published::Published;
use shared::keys::ring::Ring;
use shared::keys::rotation::ring_by_next;
use shared::keys::secret::{CURRENT, PENDING, Secret, Version, origin};
use shared::keys::{KeyError, publication, rotation};
use shared::lambda::Invocation;
use shared::password;
use shared::store::event::{EventType, Outcome};
use zeroize::Zeroizing;

use crate::{RotateKeys, Rotation, Which, refusal, trial};

/// One step of a rotation.
pub(crate) struct Step<'a> {
    pub app: &'a RotateKeys,
    pub which: Which,
    pub secret: &'a Secret,
    /// The version that is made.
    pub token: &'a str,
    /// The version that is current.
    pub current: &'a str,
    pub call: &'a Invocation<Rotation>,
    pub now: Timestamp,
}

impl Step<'_> {
    /// Makes the next ring, unless it is made.
    pub async fn create(&self) -> Result<(), Error> {
        if let Some(text) = self.text().await? {
            return self.look(&text).await;
        }
        let current = self
            .secret
            .current()
            .await
            .map_err(|error| self.of(error))?;
        let text = match self.which {
            Which::Keys => {
                let row = self.app.base.store.public_keys_if_any().await;
                let row = row.map_err(|error| error.of("table row KEYS"))?;
                let algorithm = self.app.base.config.signing_algorithm;
                rotation::rotate(&current, algorithm, row.as_ref(), self.now)
            }
            Which::Passwords => password::rotation::rotate(&current, self.now),
        };
        let text = text.map_err(|error| self.of(error))?;
        self.call.measure("ring_bytes", text.len() as u64);
        let version = Version {
            id: self.token.to_owned(),
            text,
        };
        let put = self.secret.put(&version, PENDING).await;
        if put.map_err(|error| self.of(error))? {
            return Ok(());
        }
        // Another call for the same step was quicker: its ring is as good.
        let text = self.pending().await?;
        self.look(&text).await
    }

    /// Publishes the public keys of the pending ring; sealing keys have none.
    pub async fn set(&self) -> Result<(), Error> {
        let text = self.pending().await?;
        self.look(&text).await?;
        match self.which {
            Which::Keys => self.publish(&text).await,
            Which::Passwords => Ok(()),
        }
    }

    /// Tries the keys of the pending ring; where nothing is pending, those of the current one.
    pub async fn test(&self) -> Result<(), Error> {
        let text = match self.text().await? {
            Some(text) => text,
            None => {
                self.secret
                    .current()
                    .await
                    .map_err(|error| self.of(error))?
                    .text
            }
        };
        let tried = match self.which {
            Which::Keys => self.try_tokens(&text).await,
            Which::Passwords => password::rotation::try_out(&text),
        };
        match tried {
            // A new deployment: there is nothing to try yet.
            Err(KeyError::NotMade) => Ok(()),
            tried => tried.map_err(|error| self.of(error)),
        }
    }

    /// Makes the pending ring the current one.
    pub async fn finish(&self) -> Result<(), Error> {
        let text = self.pending().await?;
        self.look(&text).await?;
        if self.which == Which::Keys {
            // Whatever came before: no key is current that is not published.
            self.publish(&text).await?;
        }
        let moved = self
            .secret
            .move_stage(CURRENT, self.current, Some(self.token));
        if !moved.await.map_err(|error| self.of(error))? {
            let described = self.secret.describe().await;
            let described = described.map_err(|error| self.of(error))?;
            if described.has(self.token, CURRENT) != Some(true) {
                return self.give_up("the secret has moved on meanwhile").await;
            }
        }
        self.end(&text).await
    }

    /// Records that the ring has become the current one, and makes sure that it may be: a revocation
    /// and a publication may have come between the look at the row and the move.
    pub async fn end(&self, text: &str) -> Result<(), Error> {
        self.record(text).await?;
        if self.which == Which::Passwords || self.publishes(text).await? {
            return Ok(());
        }
        Err(refusal(
            "the ring that is current now has a revoked key: revoke it again",
        ))
    }

    /// Records what the rotation has changed, once however often this is done.
    async fn record(&self, text: &str) -> Result<(), Error> {
        let origin = origin(text).map_err(|error| self.of(error))?;
        let Some(change) = origin.change else {
            return Ok(());
        };
        let issuer = self.app.base.config.issuer.clone();
        let (id, agent) = (&self.call.request_id, "secretsmanager.amazonaws.com");
        let call = Call::new(id, self.now, Address::NONE, agent, issuer);
        let mut event = call.event(EventType::SysKeyRotated, Outcome::Success);
        event.id = EventId::from(&*format!("rotation-{}", self.token));
        event.actor = Some("rotation".into());
        event.subject = Some(self.which.name().into());
        event.from = change.from;
        event.to = Some(change.to);
        let event = event.because(&change.reason);
        Ok(self.app.base.store.put_event_once(&event).await?)
    }

    async fn publish(&self, text: &str) -> Result<(), Error> {
        if !self.publishes(text).await? {
            return self.give_up("one of its keys has been revoked").await;
        }
        Ok(())
    }

    /// Publishes the keys in `text`, and says whether none of them is revoked.
    async fn publishes(&self, text: &str) -> Result<bool, Error> {
        let of = |error: KeyError| error.of("table row KEYS");
        let publish = |row| publication::publish(row, text, self.now);
        let row = self.app.base.store.change_public_keys(publish, None).await;
        let is_published = publication::is_published(&row.map_err(of)?, text);
        is_published.map_err(of)
    }

    async fn try_tokens(&self, text: &str) -> Result<(), KeyError> {
        let ring = Ring::from_secret(text)?;
        let row = self.app.base.store.public_keys_if_any().await?;
        let unpublished = KeyError::Refused("its keys are not published yet");
        let row = row.ok_or(unpublished.clone())?;
        if !publication::is_published(&row, text)? {
            return Err(unpublished);
        }
        let published = Published::from_row(row)?;
        trial::tokens(&ring, &published, self.now)?;
        trial::tokens(&ring_by_next(text, self.now)?, &published, self.now)
    }

    /// Whether the pending ring may still become the current one; else it is given up.
    async fn look(&self, text: &str) -> Result<(), Error> {
        let origin = origin(text).map_err(|error| self.of(error))?;
        match origin.is_stale(self.current, self.now) {
            Some(why) => self.give_up(why).await,
            None => Ok(()),
        }
    }

    /// Has the next rotation begin anew: what is pending is so no longer.
    async fn give_up(&self, why: &str) -> Result<(), Error> {
        let moved = self.secret.move_stage(PENDING, self.token, None).await;
        moved.map_err(|error| self.of(error))?;
        Err(refusal(&format!("the pending version is given up: {why}")))
    }

    /// The ring that is made.
    pub async fn pending(&self) -> Result<Zeroizing<String>, Error> {
        let missing = || refusal("there is no pending ring: createSecret comes first");
        self.text().await?.ok_or_else(missing)
    }

    async fn text(&self) -> Result<Option<Zeroizing<String>>, Error> {
        let text = self.secret.text(self.token).await;
        text.map_err(|error| self.of(error))
    }

    fn of(&self, error: KeyError) -> Error {
        error.of(match self.which {
            Which::Keys => "secret KEYS_SECRET",
            Which::Passwords => "secret PASSWORDS_SECRET",
        })
    }
}
