//! `gatehouse completions` and `gatehouse man`.

use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::CommandLine;
use crate::stack::Folder;

/// Runs a program with this on its standard input; what it printed and said, if it is there.
async fn piped(program: &str, arguments: &[&str], input: &str) -> Option<(bool, String, String)> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running = command.spawn().ok()?;
    let mut stdin = running.stdin.take().unwrap();
    let written = async {
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
    };
    let (output, ()) = tokio::join!(running.wait_with_output(), written);
    let output = output.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    ))
}

#[tokio::test]
async fn bash_loads_the_completions_and_completes_with_them() {
    let gatehouse = CommandLine::without_target().await;
    let script = gatehouse.done(&["completions", "bash"]).await;
    let asked = format!(
        "{script}\ncomplete -p gatehouse\n\
         complete() {{ COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _gatehouse gatehouse \"${{@: -1}}\" \"${{@: -2:1}}\" \
         2>&1; echo \"${{COMPREPLY[@]}}\"; }}\n\
         complete gatehouse sess\ncomplete gatehouse sessions re\ncomplete gatehouse audit list --type sys_key_\n"
    );
    let (_, printed, said) = piped("bash", &["--norc", "-s"], &asked)
        .await
        .expect("bash");
    assert_eq!(said, "");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(
        lines[0].contains("-F _gatehouse") && lines[0].ends_with(" gatehouse"),
        "{printed}"
    );
    assert_eq!(
        lines[1..],
        ["sessions", "revoke", "sys_key_revoked sys_key_rotated"]
    );
}

#[tokio::test]
async fn every_shell_has_completions_that_name_every_command() {
    let gatehouse = CommandLine::without_target().await;
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = gatehouse.done(&["completions", shell]).await;
        for command in [
            "sessions",
            "revoke",
            "audit",
            "export",
            "doctor",
            "read-only",
        ] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let ran = gatehouse.run(&["completions", "cmd"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
}

/// What no manual page may be taken amiss for; `name` says which it is.
async fn lint(name: &str, page: &str) {
    assert!(page.contains(".TH "), "{name}");
    // A line that begins so is a request, and an unknown one is dropped with all that it says.
    for line in page.lines().filter(|line| line.starts_with(['.', '\''])) {
        let request = line.split_whitespace().next().unwrap_or_default();
        let known = [
            ".TH", ".SH", ".SS", ".TP", ".RS", ".RE", ".PP", ".br", ".ie", ".el", ".IP",
        ];
        assert!(known.contains(&request), "{name}: {line}");
    }
    let Some((good, text, said)) = piped("groff", &["-man", "-ww", "-Tutf8"], page).await else {
        eprintln!("groff is not here: {name} is looked at as text alone");
        return;
    };
    assert!(good && said.is_empty(), "{name}: {said}");
    assert!(text.contains("(1)"), "{name}: {text}");
}

#[tokio::test]
async fn one_manual_page_has_every_command_with_its_options() {
    let gatehouse = CommandLine::without_target().await;
    let page = gatehouse.done(&["man"]).await;
    lint("gatehouse", &page).await;
    for heading in [
        "SESSIONS LIST",
        "SESSIONS REVOKE",
        "AUDIT EXPORT",
        "DOCTOR",
        "MAN",
    ] {
        let heading = format!(".SH \"GATEHOUSE {heading}\"");
        assert_eq!(page.matches(&heading).count(), 1, "{heading}");
    }
    // What all commands take stands once.
    assert_eq!(page.matches("The AWS region of the stack").count(), 1);
    assert!(!page.contains("GATEHOUSE HELP"));
    assert!(
        page.contains("How late an event may come"),
        "an option of one command"
    );
}

#[tokio::test]
async fn a_folder_gets_a_page_for_each_command() {
    let gatehouse = CommandLine::without_target().await;
    let folder = Folder::new();
    let pages = folder.0.join("man1");
    let printed = gatehouse
        .done(&["man", "--dir", pages.to_str().unwrap()])
        .await;
    assert_eq!(printed, "");
    for name in ["gatehouse", "gatehouse-sessions-revoke", "gatehouse-doctor"] {
        let page = std::fs::read_to_string(pages.join(format!("{name}.1"))).unwrap();
        lint(name, &page).await;
    }
    let page = std::fs::read_dir(&pages).unwrap().count();
    assert!(page > 10, "{page}");
    let file = folder.0.join("file");
    std::fs::write(&file, "").unwrap();
    let ran = gatehouse
        .run(&["man", "--dir", file.to_str().unwrap()])
        .await;
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr
            .starts_with("gatehouse: cannot write the manual pages into "),
        "{ran:?}"
    );
}
