//! The endpoints, in process: a file per function, mirroring the routes.

mod bearer;
mod guarded;
mod liveness;
mod login;
mod me;
mod refresh;
mod refresh_refused;
mod refresh_replay;
mod validate;
