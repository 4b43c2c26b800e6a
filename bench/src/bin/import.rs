//! Import.
fn main() {}
