//! The endpoints, in process: a file per function, mirroring the routes.

mod bearer;
mod guarded;
mod health;
mod jwks;
mod liveness;
mod login;
mod logout;
mod me;
mod refresh;
mod refresh_refused;
mod refresh_replay;
mod shapes;
mod validate;
