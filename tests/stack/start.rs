//! Starting a stack: one at a time in a folder, which keeps what it is given, and one clear line
//! where that cannot be.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use local::{Options, Ports, Stack, Stores};
use serde_json::json;

use super::table::{ask, dynamodb};

/// A folder of the test's own, which ends with it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(shared::random::uuid()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn refusal(ports: Ports, folder: &Path) -> String {
    Stores::start(ports, Some(folder.to_owned()))
        .await
        .unwrap_err()
        .to_string()
}

#[tokio::test]
async fn a_second_stack_is_refused_the_folder_until_the_first_has_ended() {
    let folder = Folder::new();
    let first = Stores::start(Ports::default(), Some(folder.0.clone()))
        .await
        .unwrap();
    let expected = format!(
        "another local stack uses {}: stop it, or choose another folder with DATA_DIR=…",
        folder.0.display()
    );
    assert_eq!(refusal(Ports::default(), &folder.0).await, expected);
    drop(first);
    Stores::start(Ports::default(), Some(folder.0.clone()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_setting_that_changes_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let line = |setting| {
        format!(
            "port {port} is in use: stop what listens on it, or choose another with {setting}=…"
        )
    };
    let folder = Folder::new();
    let dynamodb = Ports {
        dynamodb: port,
        ..Ports::default()
    };
    assert_eq!(refusal(dynamodb, &folder.0).await, line("DYNAMODB_PORT"));
    let secrets = Ports {
        secrets: port,
        ..Ports::default()
    };
    assert_eq!(refusal(secrets, &folder.0).await, line("SECRETS_PORT"));
    let gateway = Ports {
        gateway: port,
        ..Ports::default()
    };
    let options = Options {
        ports: gateway,
        ..Options::default()
    };
    assert_eq!(
        Stack::start(options).await.unwrap_err().to_string(),
        line("PORT")
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let file = Folder::new();
    fs::create_dir_all(&file.0).unwrap();
    fs::write(file.0.join("file"), "").unwrap();
    let line = refusal(Ports::default(), &file.0.join("file")).await;
    assert!(
        line.starts_with(&format!("cannot write {}/file: ", file.0.display())),
        "{line}"
    );
    assert!(
        line.ends_with("choose another folder with DATA_DIR=…"),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1);
}

#[tokio::test]
async fn rows_and_secrets_outlive_a_restart_in_files_of_the_owner_alone() {
    let folder = Folder::new();
    let first = Stores::start(Ports::default(), Some(folder.0.clone()))
        .await
        .unwrap();
    let row = json!({ "pk": { "S": "a" }, "sk": { "S": "b" }, "kept": { "S": "yes" } });
    dynamodb(&first, "PutItem", json!({ "Item": row })).await;
    let secret =
        json!({ "Name": "kept", "SecretString": "yes", "ClientRequestToken": "a".repeat(32) });
    let (status, answer) = ask(first.secrets_url(), "secretsmanager.CreateSecret", secret).await;
    assert_eq!(status, 200, "{answer}");
    drop(first);

    let second = Stores::start(Ports::default(), Some(folder.0.clone()))
        .await
        .unwrap();
    let key = json!({ "pk": { "S": "a" }, "sk": { "S": "b" } });
    assert_eq!(
        dynamodb(&second, "GetItem", json!({ "Key": key })).await["Item"],
        row
    );
    let secret = json!({ "SecretId": "kept" });
    let (_, answer) = ask(
        second.secrets_url(),
        "secretsmanager.GetSecretValue",
        secret,
    )
    .await;
    assert_eq!(answer["SecretString"], "yes");
    for (path, mode) in [
        (folder.0.clone(), 0o700),
        (folder.0.join("secrets.json"), 0o600),
    ] {
        assert_eq!(
            fs::metadata(path).unwrap().permissions().mode() & 0o777,
            mode
        );
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_stopped_stack_leaves_no_process_behind() {
    let mark = format!("STACK_OF_TEST={}", shared::random::uuid());
    let (name, value) = mark.split_once('=').unwrap();
    let settings = vec![(name.to_owned(), value.to_owned())];
    let stack = Stack::start(Options {
        settings,
        ..Options::default()
    })
    .await
    .unwrap();
    // The shell that watches over it, cargo-lambda, and eight functions at least.
    assert!(processes(&mark) >= 10, "{}", processes(&mark));
    stack.stop().await;
    assert_eq!(processes(&mark), 0);
}

/// How many processes have this in their environment.
#[cfg(target_os = "linux")]
fn processes(variable: &str) -> usize {
    let has = |environment: &[u8]| {
        environment
            .split(|byte| *byte == 0)
            .any(|it| it == variable.as_bytes())
    };
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let environments =
        processes.filter_map(|process| fs::read(process.path().join("environ")).ok());
    environments.filter(|environment| has(environment)).count()
}
