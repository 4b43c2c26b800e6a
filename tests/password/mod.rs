//! Passwords and names: the lines of the security requirements on both.

mod bounds;
mod common;
mod hash;
mod imported;
mod keys;
mod login_name;
mod policy;
mod seal;
mod secret;
