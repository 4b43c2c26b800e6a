//! What each function answers when a call to AWS fails, is late or loses its answer: as
//! `docs/failures.md` says, with nothing half done, and never with a yes in place of a no.

mod address;
mod another_tenant;
mod audit;
mod authorizer;
mod caches;
mod change_password;
mod client_admin;
mod clients;
mod clocks;
mod credentials;
mod documented;
mod fault;
mod flow;
mod invites;
mod login;
mod login_refused;
mod malformed;
mod place;
mod refresh;
mod rotation;
mod time;
mod token;
mod users;
