//! The functions: their real binaries, run by `cargo lambda watch`.

mod build;
mod output;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use shared::clock::{Clock, Timestamp};
use tokio::process::{Child, Command};

use reqwest::Client;
use serde_json::Value;

use crate::gateway::{self, Route};
use crate::template::workspace;
use crate::{StackError, serving};
pub use build::build;
pub use output::Output;

/// As many calls of one function run at the same time: with one, cargo-lambda's default, no two
/// calls would ever race.
const INSTANCES: &str = "4";
/// How long the first answer may take.
const START: Duration = Duration::from_secs(30);
/// How long stopping may take. cargo-lambda needs some milliseconds.
const STOP: Duration = Duration::from_secs(5);

/// Functions that run. They end when this is dropped, or this process ends in whatever way.
#[derive(Debug)]
pub struct Functions {
    /// Where the Lambda API is that invokes them, as a URL without a path.
    pub url: String,
    /// What they print.
    pub output: Arc<Output>,
    runner: Child,
}

impl Functions {
    /// Builds the functions, if need be, and starts what starts them when they are called, at
    /// `address`.
    ///
    /// # Errors
    ///
    /// When cargo-lambda is missing, the build fails, or cargo-lambda does not start.
    pub async fn start(
        address: SocketAddr,
        environment: Vec<(String, String)>,
        output: Output,
    ) -> Result<Self, StackError> {
        let cargo_lambda = build::cargo_lambda()?;
        let built = build::build().await?;
        let scripts = workspace().join("local/run-built");
        let mut command = Command::new("sh");
        command
            .arg(scripts.join("until-stdin-ends"))
            .arg(cargo_lambda)
            .args(["lambda", "watch", "--ignore-changes", "--disable-cors"])
            .args(["--concurrency", INSTANCES])
            .args(["--invoke-address", &address.ip().to_string()])
            .args(["--invoke-port", &address.port().to_string()])
            .current_dir(workspace())
            .env("CARGO", scripts.join("cargo"))
            .env("BUILT_FUNCTIONS", built)
            .env("NO_COLOR", "1")
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for this process, which then stops the functions in order.
            .process_group(0);
        let started = serving::child(&mut command);
        let mut runner =
            started.map_err(|error| StackError(format!("cannot start cargo lambda: {error}")))?;
        let output = Arc::new(output);
        output.follow(&mut runner);
        let functions = Self {
            url: format!("http://{address}"),
            output,
            runner,
        };
        let deadline = Clock::System
            .now()
            .plus_seconds(START.as_secs().cast_signed());
        functions.until_listening(address, deadline).await?;
        Ok(functions)
    }

    async fn until_listening(
        &self,
        address: SocketAddr,
        deadline: Timestamp,
    ) -> Result<(), StackError> {
        while TcpStream::connect(address).is_err() {
            if self.output.has_ended() || Clock::System.now() > deadline {
                return Err(StackError(format!(
                    "cargo lambda watch does not start: {}",
                    self.output.last_line()
                )));
            }
            Clock::System.sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Waits until `functions`, and those of `routes`, have started and answer.
    ///
    /// # Errors
    ///
    /// When one does not.
    pub async fn wake(&self, functions: &[String], routes: &[Route]) -> Result<(), StackError> {
        let client = Client::builder().no_proxy().timeout(START).build();
        let client = client.map_err(|error| StackError(format!("no HTTP client: {error}")))?;
        let mut events: BTreeMap<&str, Option<Value>> = BTreeMap::new();
        events.extend(functions.iter().map(|function| (function.as_str(), None)));
        // Of several routes the first.
        for route in routes.iter().rev() {
            events.insert(&route.function, Some(gateway::unserved(route)));
        }
        // One after another: a function that is called while others start gets four instances at
        // once, and all of them together take twice as long.
        for (function, event) in events {
            let url = format!("{}/2015-03-31/functions/{function}/invocations", self.url);
            // What has no route fails on an event that is none of its own, which is an answer too.
            let refuses = event.is_none();
            let body = event.unwrap_or_default().to_string();
            let called = client.post(url).body(body).send();
            let answered = tokio::select! {
                answer = called => answer.is_ok_and(|answer| refuses || answer.status().is_success()),
                () = self.ended() => false,
            };
            if !answered {
                let said = self.output.last_line();
                return Err(StackError(format!(
                    "the function {function} does not start: {said}"
                )));
            }
        }
        Ok(())
    }

    /// Waits until the functions have ended without being asked to.
    pub async fn ended(&self) {
        self.output.ended().await;
    }

    /// Ends them, and waits until they have ended.
    pub async fn stop(mut self) {
        drop(self.runner.stdin.take());
        let ended = async {
            // It reports cargo-lambda's end, and the functions hold the output open until theirs.
            let _ = self.runner.wait().await;
            self.output.ended().await;
        };
        tokio::select! {
            () = ended => {}
            () = Clock::System.sleep(STOP) => {}
        }
    }
}

/// A port that was free just now: cargo-lambda ends silently where its port is taken.
///
/// # Errors
///
/// When none is.
pub fn free_port() -> Result<SocketAddr, StackError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address.map_err(|error| StackError(format!("no port is free: {error}")))
}
