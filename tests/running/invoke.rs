//! The functions by themselves: `cargo lambda invoke` and the events in `events/`.

use local::template::{Template, workspace};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::stack::running;

#[tokio::test]
async fn cargo_lambda_invoke_takes_the_event_of_every_function() {
    let stack = running().await;
    let functions = Url::parse(stack.functions_url()).unwrap();
    let cargo_lambda = workspace().join(".tools/python/bin/cargo-lambda");
    let cargo_lambda = if cargo_lambda.is_file() {
        cargo_lambda
    } else {
        "cargo-lambda".into()
    };
    let mut invoked = Vec::new();
    for function in Template::read().unwrap().functions().unwrap() {
        let done = Command::new(&cargo_lambda)
            .args(["lambda", "invoke", &function, "--data-file"])
            .arg(format!("events/{function}.json"))
            .args(["--invoke-address", functions.host_str().unwrap()])
            .args(["--invoke-port", &functions.port().unwrap().to_string()])
            .current_dir(workspace())
            .output()
            .await
            .unwrap();
        if function == "rotate-keys" {
            // Nothing rotates by the token of an example, and that is said.
            let complained = String::from_utf8_lossy(&done.stderr);
            assert!(
                complained.contains("no version of this token"),
                "{complained}"
            );
            continue;
        }
        let complained = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{function}: {complained}");
        let answer: Value = serde_json::from_slice(&done.stdout).expect("an answer of JSON");
        if function == "authorizer" {
            assert_eq!(answer, json!({"isAuthorized": false}));
            continue;
        }
        if function == "audit" {
            assert_eq!(answer, json!({"state": {}}));
            continue;
        }
        // The tokens in the events are examples, good nowhere.
        let expected = match function.as_str() {
            "client-auth" | "login" | "logout" | "health" | "jwks" | "discovery" | "metrics" => 200,
            "accept-invite" => 400,
            _ => 401,
        };
        assert_eq!(answer["statusCode"], expected, "{function}");
        let body = answer["body"].as_str().unwrap();
        let is_json = serde_json::from_str::<Value>(body).is_ok_and(|body| body.is_object());
        assert_eq!(is_json, function != "metrics", "{function}");
        invoked.push(function);
    }
    assert!(invoked.len() >= 8, "{invoked:?}");
}
