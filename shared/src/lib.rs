//! What the functions share. Read it in this order.

pub mod auth;
pub mod clock;
pub mod config;
pub mod error;
pub mod id;
pub mod keys;
pub mod password;
pub mod random;
