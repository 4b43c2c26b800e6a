//! The endpoints, in process: a file per function, mirroring the routes.

mod bearer;
mod guarded;
mod liveness;
mod login;
