//! The same functions and routes everywhere: crates, template, events, OpenAPI, tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use local::template::workspace;

use super::openapi::OpenApi;
use super::template::functions;

fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(workspace().join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn crates_template_and_events_have_the_same_functions() {
    let functions: BTreeSet<String> = functions().into_keys().collect();
    assert!(functions.len() >= 8);
    assert_eq!(names("functions"), functions);
    assert_eq!(names("events"), functions);
}

#[test]
fn every_function_has_a_file_of_tests_with_its_name() {
    let tests = names("tests/api");
    for function in functions().keys() {
        let module = function.replace('-', "_");
        assert!(tests.contains(&module), "no tests/api/{module}.rs");
    }
}

#[test]
fn openapi_and_the_template_have_the_same_routes() {
    let functions = functions();
    let routes: BTreeSet<String> = functions
        .values()
        .flat_map(|function| function.routes.clone())
        .collect();
    let all: usize = functions
        .values()
        .map(|function| function.routes.len())
        .sum();
    assert_eq!(routes.len(), all, "a route leads to two functions");
    let documented: BTreeSet<String> = OpenApi::read().responses.into_keys().collect();
    assert_eq!(documented, routes);
}

#[test]
fn every_function_is_a_package_of_its_name_with_a_main_of_six_lines() {
    let functions = functions();
    let mut descriptions = BTreeMap::new();
    for (name, function) in &functions {
        let folder = workspace().join("functions").join(name);
        let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        let manifest = read("Cargo.toml");
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name}");
        let main = read("src/main.rs");
        assert_eq!(main.lines().count(), 6, "{name}");
        let module = name.replace('-', "_");
        let serve = if function.routes.is_empty() {
            "serve_events"
        } else {
            "serve"
        };
        let serves = format!("{serve}({module}::handle)");
        assert!(main.contains(&serves), "{name}");
        // The contract of the endpoint opens the handler's file.
        let lib = read("src/lib.rs");
        for route in &function.routes {
            assert!(lib.contains(&format!("`{route}`")), "{name}: {route}");
        }
        let description = function.properties["Description"].as_str().unwrap();
        for route in &function.routes {
            let (_, path) = route.split_once(' ').unwrap();
            assert!(description.contains(path), "{name}: {description}");
        }
        assert!(descriptions.insert(description.to_owned(), name).is_none());
    }
}
