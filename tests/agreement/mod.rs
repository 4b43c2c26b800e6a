//! Files that say the same thing in their own words agree, and with what the functions do.

mod answers;
mod asked;
mod events;
mod openapi;
mod roles;
mod settings;
mod surface;
pub mod template;
mod tour;
