//! The tests of the whole system, in one binary: they share one local stack.

mod api;
mod password;
mod races;
mod stack;
mod token;
mod wire;
mod world;
