//! The function is killed between any two of its calls, before or after one has had its effect, and
//! the batch is delivered again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::History;
use crate::wire::{Act, Call, Done};

/// How many calls are let through before everything fails, and whether the next one arrives all the same.
#[derive(Clone, Copy, Debug)]
struct Kill {
    after: usize,
    arrives: bool,
}

impl Kill {
    /// As a rule of the wire: nothing of the instance arrives any more.
    fn rule(self) -> impl Fn(&Call) -> Act + Send + Sync + 'static {
        let seen = Arc::new(AtomicUsize::new(0));
        move |_| match seen.fetch_add(1, Ordering::Relaxed) {
            place if place < self.after => Act::Pass,
            place if place == self.after && self.arrives => Act::Lose,
            _ => Act::Refuse,
        }
    }
}

#[tokio::test]
async fn killed_between_any_two_calls_it_comes_out_the_same_when_delivered_again() {
    let mut history = History::new().await;
    let expected = history.expected().await;
    let mut after = 0;
    loop {
        let mut survived = 0;
        for arrives in [false, true] {
            let kill = Kill { after, arrives };
            history.world.wire.rule(kill.rule());
            let delivered = history.stream.deliver(&history.records).await;
            history.world.wire.heal();
            survived += usize::from(delivered.is_ok());
            // Cut anew, as Lambda does where a batch has failed.
            let (first, second) = history.records.split_at(after % history.records.len());
            for part in [first, second] {
                history.deliver(part).await;
            }
            assert_eq!(history.result().await, expected, "{kill:?}");
            let calls = history.world.wire.take();
            let is_sent = |done: &Done| done.call.operation == "SendMessage" && done.status == 200;
            assert!(calls.iter().any(is_sent), "{kill:?}");
            history.forget().await;
        }
        if survived == 2 {
            break;
        }
        after += 1;
        assert!(after < 40, "it never ends");
    }
    // The message, rows, three users seen and their sessions, one ended, the mark, mark and counters.
    assert_eq!(after, 1 + 1 + 3 + 3 + 1 + 1 + 1);
}

#[tokio::test]
async fn each_call_that_fails_for_good_fails_the_batch_and_a_passing_fault_does_not() {
    let mut history = History::new().await;
    let expected = history.expected().await;
    for operation in [
        "BatchGetItem",
        "BatchWriteItem",
        "UpdateItem",
        "Query",
        "SendMessage",
        "TransactWriteItems",
    ] {
        for (always, act) in [
            (true, Act::Fail(500, "InternalServerError")),
            (true, Act::Fail(400, "AccessDeniedException")),
            (false, Act::Fail(400, "ThrottlingException")),
            (false, Act::Lose),
            (false, Act::Twice),
        ] {
            let broken = AtomicUsize::new(0);
            let what = format!("{operation} {act:?} {always}");
            history.world.wire.rule(move |call| {
                let breaks = call.operation == operation
                    && (always || broken.fetch_add(1, Ordering::Relaxed) == 0);
                if breaks { act.clone() } else { Act::Pass }
            });
            let delivered = history.stream.deliver(&history.records).await;
            history.world.wire.heal();
            assert_eq!(delivered.is_err(), always, "{what}");
            if always {
                history.deliver(&history.records).await;
            }
            assert_eq!(history.result().await, expected, "{what}");
            history.forget().await;
        }
    }
}

#[tokio::test]
async fn rows_that_were_left_unprocessed_are_put_again() {
    let mut history = History::new().await;
    let expected = history.expected().await;
    for left in [1, 2, 3] {
        let answered = AtomicUsize::new(0);
        history.world.wire.rule(move |call| {
            let takes_none = call.operation == "BatchWriteItem"
                && answered.fetch_add(1, Ordering::Relaxed) < left;
            if takes_none {
                let rows = call.body["RequestItems"].clone();
                return Act::Answer(json!({"UnprocessedItems": rows}));
            }
            Act::Pass
        });
        let delivered = history.stream.deliver(&history.records).await;
        history.world.wire.heal();
        assert_eq!(delivered.is_err(), left == 3, "{left}");
        history.deliver(&history.records).await;
        assert_eq!(history.result().await, expected, "{left} times");
        history.forget().await;
    }
}
