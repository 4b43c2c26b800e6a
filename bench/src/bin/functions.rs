//! `bench-functions [STARTS]`: starts each function that `make build` has built so many times (9), has it
//! answer its event in `events/` once, and prints the median of what that takes beside its ratio to the least
//! of all functions. It stands in for Lambda's runtime API itself; the stores are in memory and in this
//! process, reached without TLS.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use bench::{cpu_nanos, peak_kib};
use local::Stores;
use local::template::workspace;
use shared::clock::Clock;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};

/// What is measured of a start: time and CPU until the function asks for its first call, time and CPU from
/// there to its first answer, the most memory by then, and the file.
const COLUMNS: [&str; 6] = [
    "start ms", "CPU ms", "call ms", "CPU ms", "peak MB", "file MB",
];
type Measured = [f64; COLUMNS.len()];

/// How long a start or an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The machine of an ELF file, its bytes 18 and 19.
const MACHINE: [u8; 2] = if cfg!(target_arch = "aarch64") {
    [183, 0]
} else {
    [62, 0]
};

type Failed = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let starts = std::env::args().nth(1).map_or(Ok(9), |text| text.parse());
    let Ok(starts @ 1..) = starts else {
        eprintln!("bench-functions takes a number of starts");
        return ExitCode::from(2);
    };
    if let Err(error) = Box::pin(measure_all(starts)).await {
        eprintln!("bench-functions: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Measures every function, and prints the table.
async fn measure_all(starts: u32) -> Result<(), Failed> {
    let mut rows = Vec::new();
    for function in fs::read_dir(workspace().join("functions"))? {
        let name = function?.file_name().to_string_lossy().into_owned();
        let binary = binary(&name)?;
        let event = fs::read(workspace().join(format!("events/{name}.json")))?;
        // Each function finds what a new stage has, and no counts of another.
        let stores = Stores::in_memory().await?;
        let settings = stores.settings("https://auth.example.com");
        let mut measured = Vec::new();
        let mut failed = false;
        for _ in 0..starts {
            let start = Start::new(&name, &binary, &settings).await?;
            let (one, answered) = start.measure(Bytes::from(event.clone())).await?;
            measured.push(one);
            failed |= !answered;
        }
        rows.push((name, median(&measured), failed));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let of_all = |column: usize| rows.iter().map(move |(_, row, _)| row[column]);
    let least: Measured =
        std::array::from_fn(|column| of_all(column).fold(f64::INFINITY, f64::min));
    print!("{:<20}", "function");
    for column in COLUMNS {
        print!(" {column:>9}     ×");
    }
    println!();
    for (name, row, failed) in &rows {
        print!("{name:<20}");
        for (value, least) in row.iter().zip(least) {
            print!(" {value:>9.2} {:>5.1}", value / least);
        }
        println!("{}", if *failed { "  call failed" } else { "" });
    }
    println!("medians of {starts} starts; × is to the least of a column");
    Ok(())
}

/// Where a function was built for this machine: by `make build`, or else by cargo alone.
fn binary(name: &str) -> Result<PathBuf, Failed> {
    let target = workspace().join("target");
    let of_lambda = target.join("lambda").join(name).join("bootstrap");
    for path in [of_lambda, target.join("release").join(name)] {
        if fs::read(&path).is_ok_and(|file| file.get(18..20) == Some(&MACHINE)) {
            return Ok(path);
        }
    }
    Err(format!("{name} is not built for this machine: make build ARCHITECTURE=…").into())
}

/// A function that has been started, and the runtime API that it talks to.
struct Start<'a> {
    name: &'a str,
    size: f64,
    began: Instant,
    child: Child,
    asked: mpsc::Receiver<oneshot::Sender<Bytes>>,
    answered: mpsc::Receiver<bool>,
}

impl<'a> Start<'a> {
    async fn new(
        name: &'a str,
        binary: &Path,
        settings: &[(String, String)],
    ) -> Result<Self, Failed> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let api = listener.local_addr()?.to_string();
        let (ask, asked) = mpsc::channel(1);
        let (answer, answered) = mpsc::channel(1);
        let served = Router::new()
            .fallback(call)
            .with_state(Lambda { ask, answer });
        tokio::spawn(axum::serve(listener, served).into_future());
        let size = megabytes(fs::metadata(binary)?.len() / 1024)?;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(settings.iter().cloned())
            .env("AWS_LAMBDA_RUNTIME_API", api)
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        Ok(Self {
            name,
            size,
            began: now(),
            child: command.spawn()?,
            asked,
            answered,
        })
    }

    /// What its start and the answer to an event take, and whether it was an answer.
    async fn measure(mut self, event: Bytes) -> Result<(Measured, bool), Failed> {
        let unknown = "the system does not say what a process takes";
        let process = self.child.id().unwrap_or_default();
        let give = tokio::select! {
            asked = self.asked.recv() => asked.ok_or("the runtime API has ended")?,
            ended = self.child.wait() => return Err(format!("{} ends: {}", self.name, ended?).into()),
            () = Clock::System.sleep(PATIENCE) => return Err(format!("{} does not start", self.name).into()),
        };
        let start = now();
        let start_nanos = cpu_nanos(process).ok_or(unknown)?;
        let called = now();
        let _ = give.send(event);
        let answered = tokio::select! {
            answered = self.answered.recv() => answered.ok_or("the runtime API has ended")?,
            ended = self.child.wait() => return Err(format!("{} ends: {}", self.name, ended?).into()),
            () = Clock::System.sleep(PATIENCE) => return Err(format!("{} does not answer", self.name).into()),
        };
        let end = now();
        let call_nanos = cpu_nanos(process).ok_or(unknown)? - start_nanos;
        let memory = peak_kib(process).ok_or(unknown)?;
        self.child.kill().await?;
        let measured = [
            millis(start - self.began),
            millis(Duration::from_nanos(start_nanos)),
            millis(end - called),
            millis(Duration::from_nanos(call_nanos)),
            megabytes(u64::from(memory))?,
            self.size,
        ];
        Ok((measured, answered))
    }
}

/// Lambda's runtime API: what it tells of the function, and what it is told.
#[derive(Clone)]
struct Lambda {
    ask: mpsc::Sender<oneshot::Sender<Bytes>>,
    answer: mpsc::Sender<bool>,
}

async fn call(State(lambda): State<Lambda>, uri: Uri, _answer: Bytes) -> Response {
    if !uri.path().ends_with("/invocation/next") {
        let _ = lambda.answer.send(uri.path().ends_with("/response")).await;
        return StatusCode::ACCEPTED.into_response();
    }
    let (give, event) = oneshot::channel();
    let _ = lambda.ask.send(give).await;
    let Ok(event) = event.await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = Clock::System.now().plus_seconds(15).millis().to_string();
    let about = [
        ("lambda-runtime-aws-request-id", "bench"),
        ("lambda-runtime-deadline-ms", &deadline),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:bench",
        ),
    ];
    (about, event).into_response()
}

/// The middle of each column.
fn median(measured: &[Measured]) -> Measured {
    std::array::from_fn(|column| {
        let mut values: Vec<f64> = measured.iter().map(|one| one[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    })
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn megabytes(kib: u64) -> Result<f64, Failed> {
    Ok(f64::from(u32::try_from(kib)?) / 1024.0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a start takes few of the milliseconds that shared::clock counts"
)]
fn now() -> Instant {
    Instant::now()
}
