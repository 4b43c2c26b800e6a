//! Files that say the same thing in their own words agree, and with what the functions do.

mod alarms;
mod answers;
mod events;
mod log;
pub mod openapi;
mod roles;
mod settings;
mod surface;
pub mod template;
pub mod tour;

/// Every route of the template.
pub fn routes() -> std::collections::BTreeSet<String> {
    let functions = template::functions().into_values();
    functions.flat_map(|function| function.routes).collect()
}
