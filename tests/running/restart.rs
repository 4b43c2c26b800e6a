//! What outlives a restart, and that every request has its line in the log.

use std::collections::BTreeSet;

use local::template::Template;
use local::{Options, Stack};
use serde_json::{Value, json};

use super::Caller;
use crate::stack::Folder;

#[tokio::test]
async fn users_sessions_and_keys_outlive_a_restart_and_each_request_has_one_line_in_the_log() {
    let folder = Folder::new();
    let start = || async {
        let data_dir = Some(folder.0.clone());
        // The issuer of a stack is its address, which is another one after this restart.
        let settings = vec![("ISSUER".to_owned(), "https://auth.example.com".to_owned())];
        let options = Options {
            data_dir,
            settings,
            ..Options::default()
        };
        Stack::start(options).await.expect("it starts")
    };
    let stack = start().await;
    let caller = Caller::at(&stack, [127, 31, 0, 1]);
    let login = caller.login("user@example.com", "password").await;
    assert_eq!(login.status, 200);
    let (access, refresh) = (login.member("accessToken"), login.member("refreshToken"));
    let keys = caller.get("/.well-known/jwks.json", "").await.text;
    stack.stop().await;

    let stack = start().await;
    let caller = Caller::at(&stack, [127, 31, 0, 1]);
    assert_eq!(caller.get("/.well-known/jwks.json", "").await.text, keys);
    let me = caller.get("/api/auth/me", access).await;
    assert_eq!((me.status, &me.body["id"]), (200, &json!("1005")));
    let body = json!({"refreshToken": refresh});
    let refreshed = caller.post("/api/auth/refresh", &body).await;
    assert_eq!(refreshed.status, 200);
    let me = caller
        .get("/api/auth/me", refreshed.member("accessToken"))
        .await;
    assert_eq!(me.status, 200);
    // The demonstration data are not loaded anew over what users have changed.
    let login = caller.login("user@example.com", "password").await;
    assert_eq!(login.status, 200);
    stack.stop().await;

    let log = std::fs::read_to_string(folder.0.join("functions.log")).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    for (route, status, expected) in [
        ("GET /.well-known/jwks.json", 200, 1),
        ("GET /api/auth/me", 200, 2),
        ("POST /api/auth/refresh", 200, 1),
        ("POST /api/auth/login", 200, 1),
        // One refused call each, by which the stack waits for a function.
        ("POST /api/auth/login", 405, 1),
        ("GET /healthz", 405, 1),
    ] {
        let of_it = |line: &&Value| line["route"] == route && line["status"] == status;
        assert_eq!(
            lines.iter().filter(of_it).count(),
            expected,
            "{route} {status}"
        );
    }
    // What reads the stream, which nobody has asked, has lines of its own.
    let asked = lines.iter().filter(|line| line["route"] != "").count();
    let routes = Template::read().unwrap().routes().unwrap();
    let functions: BTreeSet<_> = routes.iter().map(|route| &route.function).collect();
    assert_eq!(asked, 5 + functions.len(), "{log}");
}
