//! The tests of the whole system, in one binary: they share one local stack.

mod access_matrix;
mod agreement;
mod api;
mod audit;
mod calls;
mod capacity;
mod cli;
mod client;
mod client_session;
mod credentials;
mod example;
mod exchange;
mod faults;
mod http;
mod import;
mod limits;
mod password;
mod races;
mod running;
mod session;
mod stack;
mod stream;
mod token;
mod users;
mod wire;
mod world;
