//! The functions by themselves: `cargo lambda invoke` and the events in `events/`.

use local::template::{Template, workspace};
use reqwest::Url;
use serde_json::Value;
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
    for route in Template::read().unwrap().routes().unwrap() {
        if invoked.contains(&route.function) {
            continue;
        }
        let done = Command::new(&cargo_lambda)
            .args(["lambda", "invoke", &route.function, "--data-file"])
            .arg(format!("events/{}.json", route.function))
            .args(["--invoke-address", functions.host_str().unwrap()])
            .args(["--invoke-port", &functions.port().unwrap().to_string()])
            .current_dir(workspace())
            .output()
            .await
            .unwrap();
        let complained = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{}: {complained}", route.function);
        let answer: Value = serde_json::from_slice(&done.stdout).expect("an answer of JSON");
        // The tokens in the events are examples, good nowhere.
        let expected = match route.function.as_str() {
            "me" | "validate" | "refresh" | "change-password" | "list-audit-log" => 401,
            _ => 200,
        };
        assert_eq!(answer["statusCode"], expected, "{}", route.function);
        let body = answer["body"].as_str().unwrap();
        if route.function != "metrics" {
            let body: Value = serde_json::from_str(body).unwrap();
            assert!(body.is_object(), "{}", route.function);
        }
        invoked.push(route.function);
    }
    assert!(invoked.len() >= 8, "{invoked:?}");
}
