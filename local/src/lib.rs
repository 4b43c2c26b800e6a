//! The local stack: everything that AWS does for Gatehouse, on this machine and in one process, with
//! the real function binaries behind it. It is never deployed.
//!
//! [`Stores`] is what functions read and write, quick enough to start anew for a test; [`Stack`] is
//! these with the functions and the API in front of them, as `make run` starts them.

mod data_dir;
pub mod demonstration;
mod dynamodb;
mod error;
mod functions;
pub mod gateway;
mod keys;
mod queue;
mod rotation;
mod secrets;
mod serving;
pub mod settings;
mod stack;
mod stores;
pub mod stream;
pub mod template;

pub use data_dir::DataDir;
pub use dynamodb::TABLE_NAME;
pub use error::StackError;
pub use functions::build;
pub use queue::url as audit_queue_url;
pub use serving::Serving;
pub use stack::{Options, Stack};
pub use stores::{CREDENTIALS_PREFIX, KEYS_SECRET, PASSWORDS_SECRET, Ports, Stores};
