//! Races: several instances, many orders of their calls, and a table that answers twice, late or not
//! at all. Each race is run again with the condition that decides it taken away, and must then go
//! wrong: a test that cannot fail says nothing.

mod admins;
mod clients;
pub mod fleet;
mod guesses;
mod invites;
mod known;
mod late;
mod logins;
mod logout;
mod names;
pub mod order;
mod password;
mod refresh;
mod rehash;
mod tenants;
