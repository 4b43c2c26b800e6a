//! The tests of the whole system: one binary, in the order of the routes.

mod password;
