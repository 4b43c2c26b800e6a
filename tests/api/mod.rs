//! The endpoints, in process: a file per function, mirroring the routes.

mod accept_invite;
mod audit;
pub mod authorizer;
mod bearer;
mod change_password;
mod change_password_races;
mod delete_user;
mod discovery;
mod guarded;
mod health;
mod invite_user;
mod jwks;
mod list_users;
mod liveness;
mod login;
mod logout;
mod me;
mod new_password;
mod panic;
mod refresh;
mod refresh_refused;
mod refresh_replay;
mod rows;
mod shapes;
mod update_user;
mod validate;
