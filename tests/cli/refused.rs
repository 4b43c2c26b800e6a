//! What is wrong before anything is done: a clear line, an exit code, nothing on standard output.

use std::net::TcpListener;

use super::{CommandLine, empty};

#[tokio::test]
async fn a_wrong_flag_is_named_and_ends_with_2() {
    let (_stores, gatehouse) = empty().await;
    for (arguments, said) in [
        (
            &["init", "--tennant", "acme"][..],
            "unexpected argument '--tennant'",
        ),
        (&["nonsense"], "unrecognized subcommand 'nonsense'"),
        (&["users"], "Usage: gatehouse users"),
    ] {
        let ran = gatehouse.run(arguments).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn a_command_without_a_deployment_says_how_to_name_one() {
    let gatehouse = CommandLine::without_target().await;
    gatehouse.run(&["init"]).await.assert_failed(
        2,
        "which deployment? Name its stack with --stack-name (or GATEHOUSE_STACK_NAME), or use --local",
    );
}

#[tokio::test]
async fn a_local_stack_that_does_not_run_is_said_with_how_to_start_it() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let gatehouse = CommandLine::without_target().await;
    let gatehouse = gatehouse.set("DYNAMODB_PORT", &port);
    let line = format!("no local stack at 127.0.0.1:{port}: start it with `make run`");
    let ran = gatehouse.run(&["--local", "init"]).await;
    ran.assert_failed(1, &line);
    let gatehouse = gatehouse.set("DYNAMODB_PORT", "many");
    let ran = gatehouse.run(&["--local", "init"]).await;
    ran.assert_failed(2, "DYNAMODB_PORT must be a port, a number from 1 to 65535");
}

#[tokio::test]
async fn help_is_for_people_and_ends_well() {
    let gatehouse = CommandLine::without_target().await;
    let printed = gatehouse.done(&["--help"]).await;
    for command in ["init", "tenants", "users", "clients", "credentials"] {
        let line = format!("  {command} ");
        assert!(printed.lines().any(|it| it.starts_with(&line)), "{command}");
    }
    let shown = gatehouse.at_terminal(&["--version"], &[]).await;
    assert_eq!((shown.code, shown.sane), (0, true));
    assert!(shown.screen.starts_with("gatehouse "), "{shown:?}");
}
