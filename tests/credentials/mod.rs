//! The examples in the answers with credentials, run as they are printed, the masked secret replaced,
//! against a stand-in of the service that knows the secret.

mod signature;
mod stand_in;

use std::fs;

use local::settings::setting;
use local::template::workspace;
use serde_json::{Value, json};
use shared::credentials::Console;
use tokio::process::Command;

use crate::api::aws_credentials::store;
use crate::exchange::{Sent, send};
use crate::world::World;
use stand_in::{ANSWER, API_KEY, KEY_ID, REGION, SECRET, StandIn};

const LANGUAGES: [&str; 3] = ["curlExample", "nodeExample", "pythonExample"];

/// The credentials that an admin is shown, whose endpoints are the stand-in's.
async fn shown(stand_in: &StandIn, kind: &str) -> Value {
    let world = World::new().await;
    let admin = world.sign_in("00000000-0000-0000-0000-000000000010").await;
    let app: &Console = world.instance().await;
    let url = &stand_in.url;
    let stored = json!({
        "aws": {
            "region": REGION,
            "access_key_id": KEY_ID,
            "secret_access_key": SECRET,
            "endpoint": format!("{url}/model/eu.anthropic.claude-sonnet-4-6/converse"),
        },
        "nvidia": {
            "api_key": API_KEY,
            "base_url": url,
            "endpoint": format!("{url}/v1/chat/completions"),
        },
    });
    store(&world, admin.tenant.as_str(), &stored.to_string()).await;
    let sent = Sent::get(&format!("/api/auth/{kind}-credentials")).bearer(&admin.access);
    let mut received = match kind {
        "aws" => send(app, aws_credentials::handle, sent).await,
        _ => send(app, nvidia_credentials::handle, sent).await,
    };
    assert_eq!(received.status, 200, "{}", received.text);
    received.body["credentials"].take()
}

/// Runs an example; gives whether it ended well, and what it printed.
async fn run(language: &str, program: &str) -> (bool, String) {
    let name = format!("{}-{language}", shared::random::uuid());
    // Node looks for what a module imports in the folders above it.
    let file = workspace().join(".tools/node").join(format!("{name}.mjs"));
    let mut command = match language {
        "curlExample" => Command::new("bash"),
        "nodeExample" => Command::new("node"),
        _ => Command::new("python3"),
    };
    match language {
        "nodeExample" => {
            fs::write(&file, program).expect("a file");
            command.arg(&file);
        }
        _ => {
            command.arg("-c").arg(program);
        }
    }
    let ours = workspace().join(".tools/python/bin");
    let path = setting("PATH").unwrap_or_default();
    let done = command
        .env("PATH", format!("{}:{path}", ours.display()))
        .env("PYTHONPATH", workspace().join(".tools/examples"))
        // Nothing that this machine has set may make an example work, or not.
        .env_remove("AWS_ENDPOINT_URL")
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("no_proxy", "127.0.0.1")
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .await
        .expect("the language is installed");
    let _ = fs::remove_file(&file);
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// The examples run with the real secret, and are refused with the mask.
async fn assert_they_run(kind: &str, (member, secret): (&str, &str)) {
    let stand_in = StandIn::start().await;
    let credentials = shown(&stand_in, kind).await;
    let mask = credentials[member].as_str().expect("a mask");
    for language in LANGUAGES {
        let printed = credentials[language].as_str().expect("a program");
        let (_, said) = run(language, printed).await;
        assert!(!said.contains(ANSWER), "{language} with the mask: {said}");
        assert_eq!(stand_in.taken(), 0, "{language}");
        let (ended_well, said) = run(language, &printed.replace(mask, secret)).await;
        assert!(ended_well && said.contains(ANSWER), "{language}: {said}");
        assert_eq!(stand_in.taken(), 1, "{language}");
    }
}

#[tokio::test]
async fn the_examples_for_aws_run_as_printed_and_are_signed_as_aws_wants() {
    assert_they_run("aws", ("secretAccessKey", SECRET)).await;
}

#[tokio::test]
async fn the_examples_for_nvidia_run_as_printed() {
    assert_they_run("nvidia", ("apiKey", API_KEY)).await;
}
