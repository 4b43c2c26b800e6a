//! The `KEYS` row: public keys for all that only verify. Written by rotation and the operator alone.

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::key::Key;
use super::{Store, parse};
use crate::keys::KeyError;
use crate::keys::published::KeysRow;

impl Store {
    /// Reads the row.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unavailable`] when DynamoDB does not answer, [`KeyError::NotMade`] where there is
    /// no row yet, [`KeyError::Refused`] where it is not what it should be.
    pub async fn public_keys(&self) -> Result<KeysRow, KeyError> {
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
        let row = answer.item.ok_or(KeyError::NotMade)?;
        parse(row, "KEYS").map_err(|_| KeyError::Refused("the table's KEYS row is malformed"))
    }
}
