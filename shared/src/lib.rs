//! What the functions share. Read it in this order.

pub mod lambda;

pub mod app;
pub mod aws;
pub mod config;

pub mod call;
pub mod error;
pub mod http;

pub mod auth;
pub mod credentials;
pub mod password;
pub mod token;

pub mod keys;
pub mod store;

pub mod address;
pub mod api_key;
pub mod clock;
pub mod id;
pub mod log;
pub mod random;
pub mod role;
pub mod scope;
