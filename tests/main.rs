//! The tests of the whole system, in one binary: they share one local stack.

pub mod agreement;
mod api;
mod calls;
mod capacity;
mod exchange;
mod faults;
mod http;
mod limits;
mod password;
mod races;
mod running;
mod session;
mod stack;
mod token;
mod wire;
mod world;
