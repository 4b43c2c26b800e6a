//! Transactions: several conditional writes, all of them or none.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, ReturnConsumedCapacity, TransactWriteItem,
    Update,
};

use super::write::{Change, Kind, Written};
use super::{Item, Store, StoreError, TRIES, unavailable};
use crate::random;

/// Reasons for which a transaction is cancelled this time, and may not be the next.
const PASSING: [&str; 3] = [
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
];

impl Store {
    /// Makes all of `changes` or none. Refused means that the condition of one did not hold; the
    /// row is that of the first change, if its condition was among them.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer, or others hold the rows for three tries.
    pub async fn transact(&self, changes: &[Change]) -> Result<Written, StoreError> {
        // The same token for every try: DynamoDB makes a repeated transaction once (for ten
        // minutes), whichever of its answers was lost.
        let token = random::uuid();
        let items = changes
            .iter()
            .map(|change| change.in_transaction(&self.table));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        let mut last = "TransactionConflict".to_owned();
        for attempt in 1..=TRIES {
            let answer = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(&token)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let Err(error) = answer else {
                return Ok(Written::Done(Item::new()));
            };
            match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled
                        .cancellation_reasons
                        .as_deref()
                        .unwrap_or_default();
                    if let Some(refused) = refused(reasons) {
                        return Ok(refused);
                    }
                    let code = reasons.iter().find_map(code).unwrap_or("unknown reason");
                    code.clone_into(&mut last);
                    if !PASSING.contains(&code) {
                        break;
                    }
                }
                // What the SDK has tried again already.
                _ => return Err(unavailable(&error)),
            }
            if attempt < TRIES {
                self.pause().await;
            }
        }
        Err(StoreError::Unavailable(last))
    }
}

impl Change {
    fn in_transaction(&self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let malformed = |_| StoreError::Malformed("transaction");
        let item = TransactWriteItem::builder();
        let item = match &self.kind {
            Kind::Update(expression) => item.update(
                Update::builder()
                    .set_key(Some(self.key.item()))
                    .update_expression(expression)
                    .set_condition_expression(self.condition.map(str::to_owned))
                    .set_expression_attribute_names(self.names())
                    .set_expression_attribute_values(self.values())
                    .table_name(table)
                    .set_return_values_on_condition_check_failure(self.refused())
                    .build()
                    .map_err(malformed)?,
            ),
            Kind::Delete => item.delete(
                Delete::builder()
                    .set_key(Some(self.key.item()))
                    .set_condition_expression(self.condition.map(str::to_owned))
                    .set_expression_attribute_names(self.names())
                    .set_expression_attribute_values(self.values())
                    .table_name(table)
                    .set_return_values_on_condition_check_failure(self.refused())
                    .build()
                    .map_err(malformed)?,
            ),
            Kind::Check => item.condition_check(
                ConditionCheck::builder()
                    .set_key(Some(self.key.item()))
                    .set_condition_expression(self.condition.map(str::to_owned))
                    .set_expression_attribute_names(self.names())
                    .set_expression_attribute_values(self.values())
                    .table_name(table)
                    .set_return_values_on_condition_check_failure(self.refused())
                    .build()
                    .map_err(malformed)?,
            ),
            Kind::Put(row) => item.put(
                Put::builder()
                    .set_item(Some(row.clone()))
                    .set_condition_expression(self.condition.map(str::to_owned))
                    .set_expression_attribute_names(self.names())
                    .set_expression_attribute_values(self.values())
                    .table_name(table)
                    .set_return_values_on_condition_check_failure(self.refused())
                    .build()
                    .map_err(malformed)?,
            ),
        };
        Ok(item.build())
    }
}

/// The code of a reason that is one.
fn code(reason: &CancellationReason) -> Option<&str> {
    reason.code.as_deref().filter(|code| *code != "None")
}

/// That a condition did not hold, if one did not; with the first change's row, if it was that one's.
fn refused(reasons: &[CancellationReason]) -> Option<Written> {
    let failed = |reason: &CancellationReason| code(reason) == Some("ConditionalCheckFailed");
    reasons
        .iter()
        .any(failed)
        .then(|| Written::Refused(reasons.first().and_then(|first| first.item.clone())))
}
