//! The use cases: rules without HTTP and without AWS types.

pub mod login_name;
