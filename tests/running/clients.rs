//! What application developers write, in three languages, and what the API documents print.

use std::io::Write as _;
use std::path::Path;

use local::Stack;
use local::settings::setting;
use local::template::workspace;
use shared::app::{App as _, Sessions};
use shared::clock::Clock;
use shared::token::access::{self, Claims};
use tokio::process::Command;

use super::{Caller, alias};
use crate::session::access_claims;
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
async fn the_metrics_are_what_prometheus_reads() {
    let stack = running().await;
    let caller = Caller::at(stack, [127, 34, 0, 3]);
    // Of nobody whose events another test counts.
    let name = alias(stack, "doctor.smith").await;
    assert_eq!(caller.login(&name, "wrong-password").await.status, 401);
    assert_eq!(caller.login(&name, "secure-password").await.status, 200);
    let printed = run("python3", "metrics.py", stack.url()).await;
    assert_eq!(printed, "every line is a counter's\n");
}

#[tokio::test]
async fn machines_in_three_languages_sign_in_by_a_key_and_stay_signed_in_by_trace() {
    let stack = running().await;
    let key = local::demonstration::api_key().text();
    for (language, program) in [
        ("python3", "machine.py"),
        ("node", "machine.mjs"),
        ("bash", "machine.sh"),
    ] {
        let printed = run_with(language, program, stack.url(), ("API_KEY", &key)).await;
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
    let expired = expired_token(stack).await;
    let printed = run_with(
        "python3",
        "documents.py",
        stack.url(),
        ("EXPIRED_TOKEN", &expired),
    )
    .await;
    let last = printed.lines().last().unwrap_or_default();
    if last.contains("skipped") {
        // Past the test harness, which shows what a passing test prints to nobody.
        let _ = writeln!(std::io::stderr(), "{last}");
        return;
    }
    assert_eq!(last, "documents.py: every example runs as printed");
}

#[tokio::test]
async fn openid_clients_find_the_keys_and_verify_an_access_token() {
    let stack = running().await;
    for (language, program) in [("python3", "oidc.py"), ("node", "oidc.mjs")] {
        let printed = run(language, program, stack.url()).await;
        assert!(printed.ends_with("the token is verified\n"), "{printed}");
    }
}

/// A token of good signature whose time is over.
async fn expired_token(stack: &Stack) -> String {
    let caller = Caller::at(stack, [127, 34, 0, 1]);
    // Of nobody whose events another test counts.
    let name = alias(stack, "doctor.smith").await;
    let login = caller.login(&name, "secure-password").await;
    let mut claims = access_claims(login.member("token"));
    (claims.iat, claims.exp) = (claims.iat - 86_400, claims.iat);
    let environment = stack.stores().environment(Clock::System).unwrap();
    let (app, now) = (Sessions::new(&environment), environment.clock.now());
    let ring = app.keys.get(now).await.unwrap();
    let published = app.base.published(now).await.unwrap();
    let claims = Claims::User(claims);
    access::sign(&claims, ring.signer(&published).unwrap()).unwrap()
}

/// What a client program prints; where it fails, all that it said.
async fn run(language: &str, program: &str, url: &str) -> String {
    run_with(language, program, url, ("LANG", "C.UTF-8")).await
}

/// The same with a variable of its environment.
async fn run_with(language: &str, program: &str, url: &str, (name, value): (&str, &str)) -> String {
    let ours = workspace().join(".tools/python/bin");
    let path = setting("PATH").unwrap_or_default();
    let program = Path::new("tests/clients").join(program);
    let mut command = Command::new(language);
    command
        .arg(&program)
        .arg(url)
        .current_dir(workspace())
        .env("PATH", format!("{}:{path}", ours.display()))
        .env(name, value);
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
