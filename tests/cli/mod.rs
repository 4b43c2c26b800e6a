//! `gatehouse`, the operator's command line, as a person or a program uses it: the real binary, in a pipe
//! or at a terminal, against stores in memory, with nothing of this machine's environment.

mod audit;
mod clients;
mod credentials;
mod deployed;
mod doctor;
mod ended;
mod followed;
mod init;
mod output;
mod refused;
mod sessions;
mod settings;
mod shell;
pub mod stopped;
mod tenants;
mod terminal;
mod users;

pub use terminal::{Shown, Step, hidden, press, typed};

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use local::Stores;
use serde_json::Value;
use shared::clock::Clock;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;

/// How long a command may take that waits for nothing.
const PATIENCE: Duration = Duration::from_mins(1);

/// The binary, as it is built from what lies here.
pub async fn program() -> PathBuf {
    static BUILT: OnceCell<PathBuf> = OnceCell::const_new();
    let folder = BUILT.get_or_init(async || local::build().await.expect("the binaries build"));
    folder.await.join("gatehouse")
}

/// The command line, with its environment.
#[derive(Clone, Debug)]
pub struct CommandLine {
    program: PathBuf,
    environment: BTreeMap<String, String>,
    target: Vec<String>,
}

/// How a command in a pipe has ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// What it printed for whoever reads it.
    pub stdout: String,
    /// What it said beside.
    pub stderr: String,
}

/// Empty stores, and the command line for them.
pub async fn empty() -> (Stores, CommandLine) {
    let stores = Stores::in_memory().await.expect("stores in memory");
    let gatehouse = CommandLine::on(&stores, "http://127.0.0.1:9000").await;
    (stores, gatehouse)
}

/// Stores with the demonstration data, and the command line for them.
pub async fn demonstration() -> (Stores, CommandLine) {
    let (stores, gatehouse) = empty().await;
    let environment = stores.environment(Clock::System).expect("settings");
    let loaded = local::demonstration::load(&environment).await;
    loaded.expect("demonstration data");
    (stores, gatehouse)
}

impl CommandLine {
    /// With `--local`, for these stores and the API at `url`.
    pub async fn on(stores: &Stores, url: &str) -> Self {
        let gatehouse = Self::without_target().await;
        let gatehouse = gatehouse
            .set("DYNAMODB_PORT", port(stores.dynamodb_url()))
            .set("SECRETS_PORT", port(stores.secrets_url()))
            .set("PORT", port(url));
        Self {
            target: vec!["--local".to_owned()],
            ..gatehouse
        }
    }

    /// Without saying which deployment, and with an empty environment.
    pub async fn without_target() -> Self {
        Self {
            program: program().await,
            environment: BTreeMap::new(),
            target: Vec::new(),
        }
    }

    /// With this environment variable.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Runs a command to its end, with an empty standard input.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "").await
    }

    /// Runs a command to its end, with this on its standard input.
    pub async fn run_with(&self, arguments: &[&str], stdin: &str) -> Ran {
        let mut command = self.command(arguments);
        let mut running = command.spawn().expect("gatehouse starts");
        let mut input = running.stdin.take().expect("a pipe");
        // Whoever does not read it may be gone.
        let _ = input.write_all(stdin.as_bytes()).await;
        drop(input);
        let ended = Ran::of_running(running).await;
        ended.unwrap_or_else(|| panic!("{arguments:?} does not end"))
    }

    /// Runs a command that has to end well; gives what it printed.
    pub async fn done(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments).await;
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.stdout
    }

    /// Runs a command with `--json` that has to end well; gives its document.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        let ran = self.run(&arguments).await;
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.json()
    }

    /// The command, for whoever wants to start it otherwise: its standard streams are pipes.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.target)
            .args(arguments)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

impl Ran {
    /// What a process has left.
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// What a process leaves that has to end by itself; `None` where it does not.
    pub async fn of_running(running: Child) -> Option<Self> {
        tokio::select! {
            output = running.wait_with_output() => Some(Self::of(output.expect("it ends"))),
            () = Clock::System.sleep(PATIENCE) => None,
        }
    }

    /// The one JSON document that it printed, on one line.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts that it has failed with this code, has printed nothing, and has said this in one line.
    #[track_caller]
    pub fn assert_failed(&self, code: i32, line: &str) {
        assert_eq!(self.stderr, format!("gatehouse: {line}\n"));
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
    }
}

/// The last event of each row that has one, in the order in which they happened.
pub async fn events(stores: &Stores) -> Vec<Value> {
    let environment = stores.environment(Clock::System).expect("settings");
    let table = environment.dynamodb();
    let rows = table.scan().table_name(local::TABLE_NAME).send().await;
    let rows = rows.expect("the table answers").items.into_iter().flatten();
    let events = rows.filter_map(|mut row| row.remove("event"));
    let event = |event| serde_dynamo::from_attribute_value(event).expect("an event is JSON");
    let mut events: Vec<Value> = events.map(event).collect();
    events.sort_by_key(|event| event["time"].as_i64());
    events
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().expect("a port")
}
