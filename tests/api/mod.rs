//! The endpoints, in process: a file per function, mirroring the routes.

mod login;
