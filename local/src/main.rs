//! `make run`: the local stack, until Ctrl-C.

use std::path::PathBuf;
use std::process::ExitCode;

use local::settings::{port, setting, truth};
use local::{Options, Ports, Stack, StackError};
use shared::clock::Clock;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the caller may set in place of the stack's own: a proxy in front of a store among it.
const KEPT: [&str; 4] = [
    "ISSUER",
    "AUDIENCE",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gatehouse does not start: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), StackError> {
    let mut interrupt = on(SignalKind::interrupt())?;
    let mut terminate = on(SignalKind::terminate())?;
    let began = Clock::System.now();
    let options = options()?;
    let demonstration = options.demonstration;
    let stack = tokio::select! {
        stack = Stack::start(options) => stack?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    println!("gatehouse is ready at {}", stack.url());
    let took = Clock::System.now().millis() - began.millis();
    println!(
        "started in {}.{:03} s; Ctrl-C stops it.",
        took / 1000,
        took % 1000
    );
    if demonstration {
        tell_logins(stack.url());
    }
    let ended = tokio::select! {
        _ = interrupt.recv() => false,
        _ = terminate.recv() => false,
        () = stack.ended() => true,
    };
    println!("stopping");
    stack.stop().await;
    if ended {
        return Err(StackError(
            "cargo lambda watch has ended by itself".to_owned(),
        ));
    }
    Ok(())
}

/// How to sign in to the demonstration data.
fn tell_logins(url: &str) {
    println!(
        "Sign in with:\n\
         curl -s {url}/api/auth/login -H 'content-type: application/json' \
         -d '{{\"username\":\"doctor.smith\",\"password\":\"secure-password\"}}'"
    );
    println!(
        "or as the API client of the demonstration data:\n\
         curl -s -X POST {url}/v1/auth -H 'x-api-key: {}'",
        *local::demonstration::api_key().text()
    );
}

fn options() -> Result<Options, StackError> {
    let ports = Ports {
        gateway: port("PORT", 9000)?,
        dynamodb: port("DYNAMODB_PORT", 8000)?,
        secrets: port("SECRETS_PORT", 8001)?,
    };
    let data_dir = setting("DATA_DIR").unwrap_or_else(|| ".local".to_owned());
    let kept = KEPT
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), setting(name)?)));
    Ok(Options {
        ports,
        data_dir: Some(PathBuf::from(data_dir)),
        settings: kept.collect(),
        demonstration: truth("DEMONSTRATION_DATA", true)?,
        tell: |line| println!("{line}"),
    })
}

fn on(kind: SignalKind) -> Result<Signal, StackError> {
    signal(kind).map_err(|error| StackError(format!("cannot wait for signals: {error}")))
}
