//! What the pages in `docs/` say of roles and tests is so, and their links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use local::template::workspace;
use serde_json::Value;

use crate::agreement::template;

const THREATS: &str = include_str!("../docs/threat-model.md");

/// What a function may read, write, and use beside the table.
type Reach = [BTreeSet<String>; 3];

/// What a policy writes as one value or as several.
fn several(value: &Value) -> Vec<&Value> {
    match value.as_array() {
        Some(values) => values.iter().collect(),
        None => vec![value],
    }
}

/// What a statement is of, in the page's words.
fn named(statement: &Value) -> Vec<String> {
    let resource = statement["Resource"].to_string();
    if resource.contains("/index/") {
        return vec!["by_tenant".to_owned()];
    }
    let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    let keys = several(keys).into_iter().filter_map(Value::as_str);
    let mut names: Vec<String> = keys
        .map(|key| key.trim_end_matches("#*").to_owned())
        .collect();
    for (part, name) in [
        ("KeysSecret", "keys"),
        ("PasswordsSecret", "passwords"),
        ("/credentials/", "credentials"),
        ("AuditQueue", "queue"),
        ("/stream/", "stream"),
    ] {
        if resource.contains(part) {
            names.push(name.to_owned());
        }
    }
    assert!(!names.is_empty(), "the page has no words for {statement}");
    names
}

fn reach_of(role: &Value) -> Reach {
    let [mut reads, mut writes, mut beside] = Reach::default();
    let policies = role["Policies"].as_array().expect("policies").iter();
    let statements = policies.flat_map(|policy| several(&policy["PolicyDocument"]["Statement"]));
    for statement in statements {
        for action in several(&statement["Action"]) {
            let action = action.as_str().expect("an action");
            match action {
                "logs:CreateLogStream"
                | "logs:PutLogEvents"
                | "secretsmanager:GetRandomPassword" => {}
                "dynamodb:GetItem"
                | "dynamodb:BatchGetItem"
                | "dynamodb:Query"
                | "dynamodb:ConditionCheckItem" => reads.extend(named(statement)),
                "dynamodb:PutItem"
                | "dynamodb:UpdateItem"
                | "dynamodb:DeleteItem"
                | "dynamodb:BatchWriteItem" => writes.extend(named(statement)),
                "secretsmanager:GetSecretValue"
                | "secretsmanager:DescribeSecret"
                | "sqs:SendMessage"
                | "dynamodb:DescribeStream"
                | "dynamodb:GetRecords"
                | "dynamodb:GetShardIterator"
                | "dynamodb:ListStreams" => beside.extend(named(statement)),
                "secretsmanager:PutSecretValue" | "secretsmanager:UpdateSecretVersionStage" => {
                    let written = named(statement).into_iter();
                    beside.extend(written.map(|name| format!("{name} (written)")));
                }
                other => panic!("the page has no words for {other}"),
            }
        }
    }
    [reads, writes, beside]
}

/// The rows of the table of functions.
fn documented() -> BTreeMap<String, Reach> {
    let rows = THREATS.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.filter_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [function, reads, writes, beside, _] = cells[..] else {
            return None;
        };
        let reach = [reads, writes, beside].map(|cell| {
            let names = cell.split(", ").filter(|name| *name != "-");
            names.map(|name| name.replace('`', "")).collect()
        });
        Some((function.trim_matches('`').to_owned(), reach))
    });
    rows.collect()
}

#[test]
fn the_threat_model_says_what_each_function_may_read_and_write() {
    let documented = documented();
    let functions = template::functions();
    let names = functions.keys().collect::<BTreeSet<_>>();
    assert_eq!(documented.keys().collect::<BTreeSet<_>>(), names);
    for (name, function) in &functions {
        assert_eq!(documented[name], reach_of(&function.role), "{name}");
    }
}

/// Every file below a folder of the workspace whose name ends so.
fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let mut folders = vec![workspace().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn the_tests_that_the_pages_name_are_there() {
    let sources = files("tests", ".rs").into_iter();
    let sources: String = sources
        .map(|path| fs::read_to_string(path).expect("a source"))
        .collect();
    let shown_by = THREATS.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split(" | ").collect();
        let [_, _, shown_by] = cells[..] else {
            return None;
        };
        Some(shown_by.to_owned())
    });
    let mut seen = 0;
    for cell in shown_by {
        let names = cell.split('`').skip(1).step_by(2);
        for name in names.filter(|name| !name.starts_with("make ")) {
            assert!(sources.contains(&format!("fn {name}(")), "no test {name}");
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen} tests");
    for page in files("docs/decisions", ".md") {
        let text = fs::read_to_string(page).expect("a page");
        let names = text.split('`').skip(1).step_by(2);
        for name in names.filter(|name| name.matches('_').count() > 4) {
            assert!(sources.contains(&format!("fn {name}(")), "no test {name}");
        }
    }
}

/// Where the links of a page lead to, as far as that is in the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    let targets = targets.map(|target| target.split('#').next().unwrap_or_default());
    targets.filter(|target| !target.is_empty() && !target.contains("://"))
}

#[test]
fn links_from_page_to_page_lead_somewhere() {
    let mut pages = files("docs", ".md");
    pages.extend(["README.md", "CHANGELOG.md"].map(|page| workspace().join(page)));
    let mut followed = 0;
    for page in pages {
        let text = fs::read_to_string(&page).expect("a page");
        for target in links(&text) {
            let beside = page.parent().unwrap_or(Path::new("/")).join(target);
            assert!(beside.exists(), "{}: {target}", page.display());
            followed += 1;
        }
    }
    assert!(followed > 20, "{followed} links");
}
