//! The one table, a file per entity. Every key is built in `key.rs`; every condition that decides a
//! race stands in the file of the row it guards.

pub mod admins;
pub mod api_key;
pub mod audit;
pub mod client;
pub mod counters;
pub mod event;
pub mod failures;
pub mod invite;
pub mod key;
pub mod list;
pub mod login_name;
pub mod public_keys;
pub mod seen;
pub mod session;
pub mod sessions;
pub mod tenant;
pub mod transaction;
pub mod user;
pub mod window;
pub mod write;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use serde::de::DeserializeOwned;

use crate::aws::Environment;
use crate::clock::Clock;
use crate::error::Error;
use crate::random;
use key::Key;

/// A row as DynamoDB knows it.
pub type Item = HashMap<String, AttributeValue>;

/// How often one call of the store is made before it gives up.
pub(crate) const TRIES: u32 = 3;

/// How long the row of a user, a client or a key stays when it has been removed, in seconds: longer
/// than any token of it could have lived.
const REMOVED_SECONDS: i64 = 91 * 86_400;

/// How many keys one request may have.
const MOST_KEYS: usize = 100;

/// The longest partition key that a row can have, in bytes. Ids come from callers; DynamoDB refuses a
/// request with a longer one, and a row that cannot be there is not there.
const LONGEST_KEY: usize = 2048;

/// The table, and the clock by which the store waits between tries.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
    clock: Clock,
}

/// Why the store has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// DynamoDB did not answer, or would not; its code, for the log.
    Unavailable(String),
    /// A row is not what it should be; which kind of row.
    Malformed(&'static str),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(code) => write!(f, "table: {code}"),
            Self::Malformed(row) => write!(f, "table: malformed row: {row}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error.to_string()),
            StoreError::Malformed(_) => Self::Internal(error.to_string()),
        }
    }
}

impl Store {
    /// The table that the settings name.
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        Self {
            client: environment.dynamodb(),
            table: environment.config.table_name.clone(),
            clock: environment.clock.clone(),
        }
    }

    /// Reads the rows with these keys in one consistent request, in their order. It is no snapshot:
    /// a write may fall between two of its rows.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or leaves keys unprocessed three times.
    pub async fn read<const N: usize>(
        &self,
        keys: [&Key; N],
    ) -> Result<[Option<Item>; N], StoreError> {
        let mut found = self.fetch(&keys).await?;
        Ok(keys.map(|key| take(&mut found, key)))
    }

    /// As [`Store::read`], of any number of keys, a hundred a request; none may stand twice.
    ///
    /// # Errors
    ///
    /// As [`Store::read`].
    pub async fn read_all(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        let mut rows = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MOST_KEYS) {
            let mut found = self.fetch(&keys.iter().collect::<Vec<_>>()).await?;
            rows.extend(keys.iter().map(|key| take(&mut found, key)));
        }
        Ok(rows)
    }

    /// The rows that are there with these keys, in any order.
    async fn fetch(&self, keys: &[&Key]) -> Result<Vec<Item>, StoreError> {
        let possible = keys
            .iter()
            .filter(|key| key.partition().len() <= LONGEST_KEY);
        let mut wanted: Vec<Item> = possible.map(|key| key.item()).collect();
        let mut found: Vec<Item> = Vec::with_capacity(wanted.len());
        if wanted.is_empty() {
            return Ok(found);
        }
        for attempt in 1..=TRIES {
            let asked = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(true)
                .build()
                .map_err(|_| StoreError::Malformed("key"))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.table, asked)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| unavailable(&error))?;
            found.extend(
                answer
                    .responses
                    .into_iter()
                    .flatten()
                    .flat_map(|(_, items)| items),
            );
            let left = answer
                .unprocessed_keys
                .into_iter()
                .flatten()
                .flat_map(|(_, keys)| keys.keys);
            wanted.extend(left);
            // A row that was not looked for is not a row that is not there.
            if wanted.is_empty() {
                return Ok(found);
            }
            if attempt < TRIES {
                self.pause().await;
            }
        }
        Err(StoreError::Unavailable("UnprocessedKeys".to_owned()))
    }

    /// Waits a little between tries, not as long as others who try again.
    pub(crate) async fn pause(&self) {
        self.clock
            .sleep(random::jitter(Duration::from_millis(100)))
            .await;
    }
}

/// Takes the row with this key out of what was read.
fn take(found: &mut Vec<Item>, key: &Key) -> Option<Item> {
    let place = found.iter().position(|item| key.is_of(item))?;
    Some(found.swap_remove(place))
}

/// A row as its entity.
///
/// # Errors
///
/// [`StoreError::Malformed`], which names the kind of row and nothing in it.
pub fn parse<T: DeserializeOwned>(item: Item, row: &'static str) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|_| StoreError::Malformed(row))
}

/// What DynamoDB said, as a code for the log: never its message, which may quote a value.
pub(crate) fn unavailable<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> StoreError {
    let code = match error {
        SdkError::ServiceError(answer) => answer.err().code().unwrap_or("unknown error"),
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ResponseError(_) => "answer cut off",
        _ => "request not made",
    };
    StoreError::Unavailable(code.to_owned())
}
