//! The tests of the whole system, in one binary: they share one local stack.

mod api;
mod calls;
mod password;
mod session;
mod stack;
mod token;
mod wire;
mod world;
