//! The local stack itself: that what it puts in AWS's place does as AWS does, and that it starts and
//! ends cleanly.

mod authorizer;
mod demonstration;
mod gateway;
mod payload;
mod start;
mod stub;
mod table;

use local::{Options, Stack};
use tokio::sync::{Mutex, OnceCell};

pub use start::Folder;
pub use table::{ask, dynamodb};

static STACK: OnceCell<Stack> = OnceCell::const_new();

/// Held by whoever changes the password of `doc@nuxera.ai` on the [`running`] stack, and by whoever
/// needs it as it was.
pub static DOCS_PASSWORD: Mutex<()> = Mutex::const_new(());

/// The one whole stack of this test program, with the real function binaries: started by the first
/// test that asks, ended with the program.
pub async fn running() -> &'static Stack {
    STACK
        .get_or_init(async || Stack::start(Options::default()).await.expect("it starts"))
        .await
}

#[tokio::test]
async fn the_stack_answers_through_the_real_functions() {
    let stack = running().await;
    let answer = reqwest::get(format!("{}/healthz", stack.url()))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    // What `cargo run` says. The functions are those that are built, whoever starts the stack.
    assert!(!stack.output().contains("Running `"), "{}", stack.output());
}
