//! The template, deployed: what is left of SAM's transform goes onto an emulated CloudFormation, and
//! what that has created is compared with the template. Python, since the transform and the emulation
//! are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::program;
use local::template::workspace;
use tokio::process::Command;

/// The emulation's packages, apart from the others since some of them are of other versions.
const PACKAGES: &str = ".tools/moto";

#[tokio::test]
async fn the_template_deploys_changes_and_goes_as_it_says() {
    let printed = run().await;
    assert!(
        printed.contains("deleted, but for the table\n"),
        "{printed}"
    );
    // Whoever relies on this test reads there what it has not seen.
    let page = fs::read_to_string(workspace().join("docs/operations.md")).unwrap();
    let not_shown: BTreeSet<&str> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("not shown: "))
        .collect();
    let documented: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("- not emulated: "))
        .collect();
    assert_eq!(documented, not_shown);
}

/// What the program prints; where it fails, all that it said.
async fn run() -> String {
    let done = Command::new(workspace().join(".tools/python/bin/python3"))
        .arg("tests/deploy/deploy.py")
        .current_dir(workspace())
        .env("GATEHOUSE", program().await)
        .env("PYTHONPATH", PACKAGES)
        .env("PYTHONWARNINGS", "ignore")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .await
        .expect("`make test` makes .tools/python");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let complained = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}{complained}");
    said
}

#[tokio::test]
async fn every_command_that_the_pages_tell_an_operator_to_use_exists() {
    let mut found = 0;
    for page in pages() {
        for command in commands(&page) {
            // Help is what it prints as soon as it knows all that stands before.
            let done = Command::new(program().await)
                .args(&command)
                .arg("--help")
                .env_remove("GATEHOUSE_STACK_NAME")
                .output()
                .await
                .expect("it is built");
            let complained = String::from_utf8_lossy(&done.stderr);
            let page = page.display();
            assert!(done.status.success(), "{page}: {command:?}: {complained}");
            found += 1;
        }
    }
    assert!(found > 30, "{found}");
}

/// What an operator reads.
fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(workspace().join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    docs.filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .chain(["README.md", "SECURITY.md"].map(|page| workspace().join(page)))
        .collect()
}

/// The arguments of each `gatehouse …` of a page: on a line of its own, or between backticks.
fn commands(page: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(page).unwrap();
    // Of a list too, where they are further in.
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    let lines = lines.map(str::trim_start);
    let spans = text.split('`').skip(1).step_by(2);
    let spans = spans.filter(|span| !span.contains('\n'));
    lines
        .chain(spans)
        .filter_map(|text| text.strip_prefix("gatehouse "))
        // What the local stack prints.
        .filter(|arguments| !arguments.starts_with("is ready"))
        .map(|arguments| {
            let end = arguments
                .find(['#', '|', '<', '>', '['])
                .unwrap_or(arguments.len());
            let arguments = &arguments[..end];
            // What is between quotes is one argument.
            let parts = arguments.split('"').enumerate();
            let parts = parts.flat_map(|(index, part)| match index % 2 {
                0 => part.split_whitespace().collect(),
                _ => vec![part],
            });
            parts.map(str::to_owned).collect()
        })
        .collect()
}
