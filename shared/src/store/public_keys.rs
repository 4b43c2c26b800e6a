//! The `KEYS` row: public keys for all that only verify. Written by rotation and the operator alone.

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::key::Key;
use super::write::{Change, Written};
use super::{Item, Store, StoreError, parse};
use crate::clock::Timestamp;
use crate::keys::KeyError;
use crate::keys::published::KeysRow;

/// So often a change of the row is begun anew where somebody else changes it: seldom, and never is it
/// dropped for want of patience.
const TRIES: u32 = 10;

/// The row with the event that has changed it. One that changes no more than keys carries none.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    row: &'a KeysRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a Event>,
}

/// What must outlive a row whose keys cannot be read.
#[derive(Deserialize)]
struct Lasting {
    #[serde(default)]
    revoked: Vec<String>,
    #[serde(default = "beginning")]
    not_before: Timestamp,
    #[serde(default)]
    revision: u64,
}

fn beginning() -> Timestamp {
    Timestamp::from_millis(0)
}

impl Store {
    /// Reads the row.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unavailable`] when DynamoDB does not answer, [`KeyError::NotMade`] where there is
    /// no row yet, [`KeyError::Refused`] where it is not what it should be.
    pub async fn public_keys(&self) -> Result<KeysRow, KeyError> {
        let row = self.keys_item().await?.ok_or(KeyError::NotMade)?;
        read(row)
    }

    /// Reads the row; `None` where there is none yet.
    ///
    /// # Errors
    ///
    /// As [`Store::public_keys`].
    pub async fn public_keys_if_any(&self) -> Result<Option<KeysRow>, KeyError> {
        self.keys_item().await?.map(read).transpose()
    }

    /// Changes the row to what `change` makes of it, on the condition that nobody else does meanwhile;
    /// where it makes nothing else of it, nothing is written. Gives the row as it then is.
    ///
    /// # Errors
    ///
    /// Those of `change`; as [`Store::public_keys`], and where others change the row ten times.
    pub async fn change_public_keys(
        &self,
        change: impl Fn(Option<KeysRow>) -> Result<KeysRow, KeyError>,
        event: Option<&Event>,
    ) -> Result<KeysRow, KeyError> {
        self.rewrite(read, change, event).await
    }

    /// As [`Store::change_public_keys`], of a row whose keys may be no keys: then it is changed as if
    /// it had none, and what it revokes stays.
    ///
    /// # Errors
    ///
    /// As [`Store::change_public_keys`].
    pub async fn restore_public_keys(
        &self,
        change: impl Fn(Option<KeysRow>) -> Result<KeysRow, KeyError>,
        event: &Event,
    ) -> Result<KeysRow, KeyError> {
        let read = |item: Item| read(item.clone()).or_else(|_| read_lasting(item));
        self.rewrite(read, change, Some(event)).await
    }

    async fn rewrite(
        &self,
        read: impl Fn(Item) -> Result<KeysRow, KeyError>,
        change: impl Fn(Option<KeysRow>) -> Result<KeysRow, KeyError>,
        event: Option<&Event>,
    ) -> Result<KeysRow, KeyError> {
        for _ in 0..TRIES {
            let before = self.keys_item().await?.map(&read).transpose()?;
            let mut after = change(before.clone())?;
            if before.as_ref() == Some(&after) {
                return Ok(after);
            }
            after.revision += 1;
            let seen = before.map_or(0, |before| before.revision);
            let row = Row { row: &after, event };
            let put = Change::put(Key::public_keys(), &row)
                .map_err(|error| of_store(&error))?
                .when("attribute_not_exists(revision) OR revision = :seen")
                .value(":seen", seen)
                .map_err(|error| of_store(&error))?;
            match self.write(&put).await.map_err(|error| of_store(&error))? {
                Written::Done(_) => return Ok(after),
                Written::Refused(found)
                    if event.is_some_and(|event| event.is_in(found.as_ref())) =>
                {
                    return Ok(after);
                }
                // Begun anew, with what somebody else has made of it, or we have.
                Written::Refused(_) => self.pause().await,
            }
        }
        Err(KeyError::Unavailable)
    }

    async fn keys_item(&self) -> Result<Option<Item>, KeyError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(Key::public_keys().item()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| KeyError::of_code(error.code()))?;
        Ok(answer.item)
    }
}

fn read(row: Item) -> Result<KeysRow, KeyError> {
    parse(row, "KEYS").map_err(|_| KeyError::Refused("the table's KEYS row is malformed"))
}

fn read_lasting(row: Item) -> Result<KeysRow, KeyError> {
    let lasting: Lasting = parse(row, "KEYS").map_err(|_| {
        KeyError::Refused("what the table's KEYS row revokes cannot be read: mend it first")
    })?;
    Ok(KeysRow {
        revoked: lasting.revoked,
        not_before: lasting.not_before,
        revision: lasting.revision,
        ..KeysRow::empty()
    })
}

fn of_store(error: &StoreError) -> KeyError {
    match error {
        StoreError::Unavailable(_) => KeyError::Unavailable,
        StoreError::Malformed(_) => KeyError::Refused("the table's KEYS row is malformed"),
    }
}
