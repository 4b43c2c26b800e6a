//! Transactions: several conditional writes, all of them or none.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Delete, Put, ReturnConsumedCapacity, TransactWriteItem, Update,
};

use super::event::Event;
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
    /// Makes all of `changes` or none; a single one by a plain write, which costs half. Whether they are
    /// made: a row that refused them and carries `event`, which the first change writes, shows that an
    /// earlier try made them and its answer was lost.
    ///
    /// # Errors
    ///
    /// As [`Store::write`] and [`Store::transact`].
    pub async fn make(&self, changes: &[Change], event: &Event) -> Result<bool, StoreError> {
        let written = match changes {
            [change] => self.write(change).await?,
            changes => self.transact(changes).await?,
        };
        Ok(match written {
            Written::Done(_) => true,
            Written::Refused(row) => event.is_in(row.as_ref()),
        })
    }

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

/// What the items of a transaction have in common: their builders are of different types.
macro_rules! conditional {
    ($change:ident, $table:ident, $item:expr) => {
        $item
            .set_condition_expression($change.condition.map(str::to_owned))
            .set_expression_attribute_names($change.names())
            .set_expression_attribute_values($change.values())
            .set_return_values_on_condition_check_failure($change.refused())
            .table_name($table)
            .build()
            .map_err(|_| StoreError::Malformed("transaction"))?
    };
}

impl Change {
    fn in_transaction(&self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let item = TransactWriteItem::builder();
        let key = Some(self.key.item());
        let item = match &self.kind {
            Kind::Update(expression) => {
                let update = Update::builder().set_key(key);
                let update = update.update_expression(expression);
                item.update(conditional!(self, table, update))
            }
            Kind::Delete => {
                let delete = Delete::builder().set_key(key);
                item.delete(conditional!(self, table, delete))
            }
            Kind::Put(row) => {
                let put = Put::builder().set_item(Some(row.clone()));
                item.put(conditional!(self, table, put))
            }
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
