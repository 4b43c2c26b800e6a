//! The endpoints, in process: a file per function, mirroring the routes.

mod bearer;
mod change_password;
mod change_password_races;
mod client_auth;
mod client_refresh;
mod create_client;
mod create_client_key;
mod delete_client;
mod delete_client_key;
mod guarded;
mod health;
mod jwks;
mod list_clients;
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
mod update_client;
mod validate;
