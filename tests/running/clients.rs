//! What application developers write, in three languages, and what the API documents print.

use std::io::Write as _;
use std::path::Path;

use local::settings::setting;
use local::template::workspace;
use tokio::process::Command;

use crate::stack::{DOCS_PASSWORD, running};

#[tokio::test]
async fn client_programs_in_three_languages_get_every_answer_that_the_documents_promise() {
    let stack = running().await;
    let _mine = DOCS_PASSWORD.lock().await;
    for (language, program) in [
        ("python3", "client.py"),
        ("node", "client.mjs"),
        ("bash", "client.sh"),
    ] {
        let printed = run(language, program, stack.url()).await;
        assert!(
            printed.ends_with("every answer is as documented\n"),
            "{printed}"
        );
    }
}

#[tokio::test]
async fn the_examples_of_the_api_documents_run_as_they_are_printed_where_the_documents_are() {
    let stack = running().await;
    let _mine = DOCS_PASSWORD.lock().await;
    let printed = run("python3", "documents.py", stack.url()).await;
    let last = printed.lines().last().unwrap_or_default();
    if last.contains("skipped") {
        // Past the test harness, which shows what a passing test prints to nobody.
        let _ = writeln!(std::io::stderr(), "{last}");
        return;
    }
    assert_eq!(last, "documents.py: every example runs as printed");
}

/// What a client program prints; where it fails, all that it said.
async fn run(language: &str, program: &str, url: &str) -> String {
    let ours = workspace().join(".tools/python/bin");
    let path = setting("PATH").unwrap_or_default();
    let program = Path::new("tests/clients").join(program);
    let mut command = Command::new(language);
    command
        .arg(&program)
        .arg(url)
        .current_dir(workspace())
        .env("PATH", format!("{}:{path}", ours.display()));
    let done = command
        .output()
        .await
        .unwrap_or_else(|error| panic!("{language} does not start: {error}"));
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let complained = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success(),
        "{} failed:\n{said}{complained}",
        program.display()
    );
    said
}
