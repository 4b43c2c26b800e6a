//! What the functions share. Read it in this order.

pub mod clock;
pub mod config;
pub mod error;
pub mod id;
pub mod keys;
pub mod random;
pub mod token;
