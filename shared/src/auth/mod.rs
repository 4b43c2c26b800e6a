//! The rules, a file per use case: no HTTP and no AWS types.

pub mod access;
pub mod admin;
pub mod audit;
pub mod audit_log;
pub mod change_password;
pub mod client;
pub mod client_auth;
pub mod client_key;
pub mod holder;
pub mod invite;
pub mod issue;

pub mod keys;
pub mod limit;
pub mod login;
pub mod login_name;
pub mod logout;
mod lookup;
pub mod refresh;
pub mod sessions;
pub mod tenants;
pub mod throttle;
pub mod users;
