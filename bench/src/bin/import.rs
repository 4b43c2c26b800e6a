//! `bench-import [USERS..]`: imports generated users into stores in memory through the real `gatehouse`, and
//! prints rows per second, and the importer's CPU time and peak memory, of each run (10,000 and 100,000 users
//! by default). The stores are this process, so that these are the importer's own.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use aws_sdk_dynamodb::types::StreamSpecification;
use bench::{cpu_nanos, peak_kib};
use local::{Stores, TABLE_NAME};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::id::TenantId;
use shared::store::Store;
use shared::store::key::Key;
use shared::store::tenant::{Policy, Tenant, TenantStatus};
use shared::store::write::Change;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

const TENANT: &str = "bench";

/// What a third of the users each have: bcrypt, PBKDF2 and argon2id, whose kind matters to no import.
const HASHES: [&str; 3] = [
    "$2b$10$huwoqHr36iE/r.hG3YIAwe0SNnJCXjm5dToWyc.698ZUMx1KvLanS",
    "pbkdf2_sha256$600000$NaCl12345678$LzpabYtsGz4IARfpJCHpWi9qLL8WiS66BD9an6uh3b4=",
    "$argon2id$v=19$m=19456,t=2,p=1$Uxhi0lV8EYpijf8cB5YSBw$qlcbbt7QllKHgTpwR9/ReHUsiJ5BBt+MdTohi3NObZU",
];

/// How often the importer's memory is looked at: its peak, which the system keeps.
const LOOK: Duration = Duration::from_millis(50);

type Failed = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let sizes: Result<Vec<u32>, _> = std::env::args().skip(1).map(|size| size.parse()).collect();
    let sizes = match sizes {
        Ok(sizes) if sizes.is_empty() => vec![10_000, 100_000],
        Ok(sizes) => sizes,
        Err(_) => {
            eprintln!("bench-import takes numbers of users");
            return ExitCode::from(2);
        }
    };
    for users in sizes {
        if let Err(error) = Box::pin(measure(users)).await {
            eprintln!("bench-import: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Imports so many users, and prints how it went.
async fn measure(users: u32) -> Result<(), Failed> {
    let stores = Stores::in_memory().await?;
    let tenant = Tenant {
        id: TenantId::from(TENANT),
        status: TenantStatus::Active,
        policy: Policy::default(),
    };
    let row = Change::put(Key::tenant(&tenant.id), &tenant)?;
    let environment = stores.environment(Clock::System)?;
    Store::new(&environment).write(&row).await?;
    // Nobody reads the stream here, and the store in memory looks through all of it at each write.
    let no_stream = StreamSpecification::builder().stream_enabled(false);
    let table = environment.dynamodb().update_table().table_name(TABLE_NAME);
    let table = table.stream_specification(no_stream.build()?);
    table.send().await?;
    let program = std::env::current_exe()?.with_file_name("gatehouse");
    let file = program.with_file_name(format!("bench-import-{users}.jsonl"));
    generate(&file, users)?;
    let began = Clock::System.now();
    let mut importer = Command::new(program)
        .args(["--local", "--json", "users", "import"])
        .arg(&file)
        .args(["--tenant", TENANT, "--from-start"])
        .env("DYNAMODB_PORT", port(stores.dynamodb_url()))
        .env("SECRETS_PORT", port(stores.secrets_url()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let process = importer.id().unwrap_or_default();
    let (mut peak, mut cpu) = (None, None);
    let ended = loop {
        tokio::select! {
            ended = importer.wait() => break ended?,
            () = Clock::System.sleep(LOOK) => {
                peak = peak_kib(process).or(peak);
                // Its threads are gone when it ends.
                cpu = cpu_nanos(process).filter(|nanos| *nanos > 0).or(cpu);
            }
        }
    };
    let took = Clock::System.now().millis() - began.millis();
    fs::remove_file(file)?;
    let mut document = String::new();
    if let Some(mut stdout) = importer.stdout.take() {
        stdout.read_to_string(&mut document).await?;
    }
    let document: Value = serde_json::from_str(&document)?;
    let imported = document["imported"].as_i64().unwrap_or_default();
    if !ended.success() || imported != i64::from(users) {
        return Err(format!("{ended}: {document}").into());
    }
    let rate = imported * 1000 / took.max(1);
    let memory = peak.map_or("unknown".to_owned(), |kib| format!("{} MiB", kib / 1024));
    let cpu = cpu.map_or("unknown".to_owned(), |nanos| {
        format!("{} ms", nanos / 1_000_000)
    });
    println!(
        "{users} users into {TABLE_NAME}: {}.{} s, {rate} rows/s, of the importer {cpu} of CPU, peak memory {memory}",
        took / 1000,
        took % 1000 / 100
    );
    Ok(())
}

/// A file of so many users, one in a thousand an admin.
fn generate(file: &Path, users: u32) -> Result<(), Failed> {
    let mut file = BufWriter::new(File::create(file)?);
    for (number, hash) in (0..users).zip(HASHES.into_iter().cycle()) {
        let role = if number % 1000 == 0 {
            "admin"
        } else {
            "member"
        };
        let row = json!({
            "id": format!("bench-{number}"),
            "email": format!("user{number}@example.com"),
            "username": format!("user{number}"),
            "name": "Jane Doe",
            "organization": "Example",
            "role": role,
            "email_verified": true,
            "password_hash": hash,
            "created_at": "2020-01-02T03:04:05.678Z",
        });
        writeln!(file, "{row}")?;
    }
    Ok(file.flush()?)
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().unwrap_or_default()
}
