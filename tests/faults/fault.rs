//! The faults that are injected, and what repeating makes of each.

use std::time::Duration;

use serde_json::{Value, json};

use crate::wire::{Act, Call};

/// One way in which a call goes wrong.
#[derive(Clone, Copy)]
pub struct Fault {
    /// What it is.
    pub name: &'static str,
    /// What becomes of the call.
    pub act: fn(&Call) -> Act,
    /// Whether the call is made again.
    pub repeated: Repeated,
    /// Whether the call has its effect all the same.
    pub arrives: bool,
    /// Where it happens only once, or only for as long as it takes: the cases between are another
    /// fault's.
    pub only: Option<bool>,
}

/// What becomes of a call that went wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Repeated {
    /// It is made again, three times in all.
    Thrice,
    /// It is not made again: it would fail again.
    Never,
    /// It did not go wrong, it was only slow.
    NoNeed,
}

/// The faults that a call of this operation can meet.
pub fn faults(operation: &str) -> Vec<Fault> {
    let mut faults = vec![
        failing("throttled", |_| Act::Fail(400, "ThrottlingException")),
        Fault {
            only: Some(true),
            ..failing("internal error", |_| Act::Fail(500, "InternalServerError"))
        },
        Fault {
            only: Some(false),
            ..failing("unavailable", |_| Act::Fail(503, "ServiceUnavailable"))
        },
        failing("no connection", |_| Act::Refuse),
        Fault {
            arrives: true,
            ..failing("answer lost", |_| Act::Lose)
        },
        Fault {
            arrives: true,
            repeated: Repeated::NoNeed,
            only: Some(false),
            ..failing("0.9 s late", |_| Act::Slow(Duration::from_millis(900)))
        },
        Fault {
            arrives: true,
            only: Some(true),
            ..failing("1.1 s late", |_| Act::Slow(Duration::from_millis(1100)))
        },
        Fault {
            arrives: true,
            only: Some(true),
            ..failing("5 s late", |_| Act::Slow(Duration::from_secs(5)))
        },
        Fault {
            arrives: true,
            only: Some(false),
            ..failing("30 s late", |_| Act::Slow(Duration::from_secs(30)))
        },
        Fault {
            repeated: Repeated::Never,
            only: Some(false),
            ..failing("not allowed", |_| Act::Fail(400, "AccessDeniedException"))
        },
    ];
    if !operation.contains("Secret") {
        faults.push(Fault {
            only: Some(false),
            ..failing("too much for the table", |_| {
                Act::Fail(400, "ProvisionedThroughputExceededException")
            })
        });
    }
    match operation {
        "BatchGetItem" => faults.push(failing("keys unprocessed", |call| {
            let keys = &call.body["RequestItems"];
            Act::Answer(json!({"Responses": {}, "UnprocessedKeys": keys}))
        })),
        "UpdateItem" | "PutItem" => faults.push(failing("row in a transaction", |_| {
            Act::Fail(400, "TransactionConflictException")
        })),
        "TransactWriteItems" => faults.extend(cancellations()),
        _ => {}
    }
    faults
}

/// A fault that does nothing and is answered by repeating.
fn failing(name: &'static str, act: fn(&Call) -> Act) -> Fault {
    Fault {
        name,
        act,
        repeated: Repeated::Thrice,
        arrives: false,
        only: None,
    }
}

fn cancellations() -> [Fault; 6] {
    [
        failing("cancelled: conflict", |call| {
            cancelled(call, "TransactionConflict")
        }),
        failing("cancelled: throttled", |call| {
            cancelled(call, "ThrottlingError")
        }),
        failing("cancelled: throughput", |call| {
            cancelled(call, "ProvisionedThroughputExceeded")
        }),
        Fault {
            repeated: Repeated::Never,
            ..failing("cancelled: invalid", |call| {
                cancelled(call, "ValidationError")
            })
        },
        failing("cancelled: condition", |call| {
            cancelled(call, "ConditionalCheckFailed")
        }),
        failing("in progress", |_| {
            Act::Fail(400, "TransactionInProgressException")
        }),
    ]
}

/// A cancellation for this reason of the transaction's first item.
pub fn cancelled(call: &Call, reason: &str) -> Act {
    let items = call.body["TransactItems"].as_array().map_or(0, Vec::len);
    let mut reasons = vec![json!({"Code": "None"}); items];
    reasons[0] = json!({"Code": reason, "Message": "injected"});
    let body: Value = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons,
    });
    Act::Refusal(body)
}
