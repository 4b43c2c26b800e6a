//! Conditional writes. A failed condition brings back the row that refused it, so that a write whose
//! answer was lost and which the SDK repeated can tell its own work.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};
use serde::Serialize;

use super::key::Key;
use super::{Item, Store, StoreError, TRIES, unavailable};

/// How a conditional write ended.
pub enum Written {
    /// It was done; of an update, the row's new attributes, or all of them if asked for.
    Done(Item),
    /// Its condition did not hold; the row as it stands, if there is one.
    Refused(Option<Item>),
}

/// Without the row, which may hold a sealed hash or an e-mail address.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done(_) => "Done",
            Self::Refused(_) => "Refused",
        })
    }
}

/// What is done with one row, and the condition on which it is done.
pub struct Change {
    pub(super) key: Key,
    pub(super) kind: Kind,
    pub(super) condition: Option<&'static str>,
    values: Item,
    returned: ReturnValue,
}

pub(super) enum Kind {
    Update(String),
    Put(Item),
    Delete,
}

/// Attributes that stand as `#name` in expressions: DynamoDB reserves these words, or may.
const RESERVED: [&str; 7] = ["count", "event", "keys", "name", "role", "scope", "status"];

impl Change {
    fn new(key: Key, kind: Kind) -> Self {
        let returned = ReturnValue::UpdatedNew;
        Self {
            key,
            kind,
            condition: None,
            values: Item::new(),
            returned,
        }
    }

    /// An update of the row with this key, by an update expression.
    #[must_use]
    pub fn update(key: Key, expression: &str) -> Self {
        Self::new(key, Kind::Update(expression.to_owned()))
    }

    /// The row with this key, put in place of whatever is there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Malformed`] when `row` cannot be stored.
    pub fn put<T: Serialize>(key: Key, row: &T) -> Result<Self, StoreError> {
        let mut item: Item =
            serde_dynamo::to_item(row).map_err(|_| StoreError::Malformed("new row"))?;
        // An attribute without a value is no attribute: conditions ask whether one is there.
        item.retain(|_, value| !value.is_null());
        item.extend(key.item());
        Ok(Self::new(key, Kind::Put(item)))
    }

    /// Removes the row with this key, in a transaction. Only names are freed so: what matters is updated, since a
    /// deletion has no new image for the audit log.
    #[must_use]
    pub fn delete(key: Key) -> Self {
        Self::new(key, Kind::Delete)
    }

    /// Only where `condition` holds.
    #[must_use]
    pub fn when(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }

    /// The value of `:name` in the expressions.
    ///
    /// # Errors
    ///
    /// [`StoreError::Malformed`] when `value` cannot be stored.
    pub fn value<T: Serialize>(mut self, name: &str, value: T) -> Result<Self, StoreError> {
        let value: AttributeValue =
            serde_dynamo::to_attribute_value(value).map_err(|_| StoreError::Malformed("value"))?;
        self.values.insert(name.to_owned(), value);
        Ok(self)
    }

    /// An update that brings back the whole row as it is then, at no cost.
    #[must_use]
    pub fn returning_all(mut self) -> Self {
        self.returned = ReturnValue::AllNew;
        self
    }

    pub(super) fn names(&self) -> Option<std::collections::HashMap<String, String>> {
        let update = if let Kind::Update(expression) = &self.kind {
            expression
        } else {
            ""
        };
        let names: std::collections::HashMap<_, _> = RESERVED
            .iter()
            .map(|name| (format!("#{name}"), (*name).to_owned()))
            .filter(|(alias, _)| {
                update.contains(alias) || self.condition.is_some_and(|text| text.contains(alias))
            })
            .collect();
        (!names.is_empty()).then_some(names)
    }

    /// What a refusal brings back: the row, where there is a condition to refuse.
    pub(super) fn refused(&self) -> Option<ReturnValuesOnConditionCheckFailure> {
        self.condition
            .map(|_| ReturnValuesOnConditionCheckFailure::AllOld)
    }

    pub(super) fn values(&self) -> Option<Item> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

impl Store {
    /// Makes one conditional write.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or a transaction holds the row for three tries.
    pub async fn write(&self, change: &Change) -> Result<Written, StoreError> {
        for attempt in 1..=TRIES {
            let written = match &change.kind {
                Kind::Update(expression) => self.update(change, expression).await,
                Kind::Put(row) => self.put(change, row).await,
                Kind::Delete => {
                    return Err(StoreError::Malformed("a change outside of a transaction"));
                }
            };
            match written {
                Err(Refusal::Conflict) if attempt < TRIES => self.pause().await,
                Err(Refusal::Conflict) => break,
                Err(Refusal::Away(error)) => return Err(error),
                Ok(written) => return Ok(written),
            }
        }
        Err(StoreError::Unavailable("TransactionConflict".to_owned()))
    }

    async fn update(&self, change: &Change, expression: &str) -> Result<Written, Refusal> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(change.key.item()))
            .update_expression(expression)
            .set_condition_expression(change.condition.map(str::to_owned))
            .set_expression_attribute_names(change.names())
            .set_expression_attribute_values(change.values())
            .return_values(change.returned.clone())
            .set_return_values_on_condition_check_failure(change.refused())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match answer {
            Ok(done) => Ok(Written::Done(done.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Written::Refused(failed.item.clone()))
                }
                _ => Err(refusal(&error)),
            },
        }
    }

    async fn put(&self, change: &Change, row: &Item) -> Result<Written, Refusal> {
        let answer = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(row.clone()))
            .set_condition_expression(change.condition.map(str::to_owned))
            .set_expression_attribute_names(change.names())
            .set_expression_attribute_values(change.values())
            .set_return_values_on_condition_check_failure(change.refused())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Written::Done(Item::new())),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Written::Refused(failed.item.clone()))
                }
                _ => Err(refusal(&error)),
            },
        }
    }
}

/// Why a write was not made.
enum Refusal {
    /// A transaction holds the row; the SDK does not try this again.
    Conflict,
    /// Anything else.
    Away(StoreError),
}

fn refusal<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Refusal {
    let code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code);
    if code == Some("TransactionConflictException") {
        return Refusal::Conflict;
    }
    Refusal::Away(unavailable(error))
}
