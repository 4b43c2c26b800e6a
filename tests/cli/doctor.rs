//! `gatehouse doctor`: on the whole stack, on one whose API is not what it should be, and on stores that
//! are not.

mod proxy;
mod stores;

use std::collections::BTreeMap;

use local::Stack;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::id::{PrincipalId, TenantId, UserId};
use shared::store::Store;
use shared::store::key::Key;
use shared::store::list::Listed;

use super::{CommandLine, Ran, press};
use crate::stack::running;
use proxy::{Answer, Does, Proxy};

/// The checks of a run by name: what was found, and its words.
pub fn checks(ran: &Ran) -> BTreeMap<String, (String, String)> {
    let document: Value = ran.json();
    let checks = document["checks"].as_array().expect("checks").iter();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let checks = checks.map(|line| {
        let found = (text(&line["status"]), text(&line["detail"]));
        (text(&line["check"]), found)
    });
    let checks: BTreeMap<_, _> = checks.collect();
    let all = document["checks"].as_array().expect("checks").len();
    assert_eq!(checks.len(), all, "no check twice");
    checks
}

/// What is found amiss: every check that is neither well nor skipped.
fn amiss(checks: &BTreeMap<String, (String, String)>) -> Vec<(&str, &str)> {
    let amiss = checks
        .iter()
        .filter(|(_, (status, _))| status != "ok" && status != "skip");
    amiss
        .map(|(check, (status, _))| (check.as_str(), status.as_str()))
        .collect()
}

/// A doctor of the running stack, whose API is behind a proxy at an address of its own.
async fn through(
    address: u8,
    does: impl Fn(&str) -> Does + Send + Sync + 'static,
) -> (&'static Stack, CommandLine, Proxy) {
    let stack = running().await;
    let proxy = Proxy::start(stack.url(), [127, 41, 0, address], does).await;
    let gatehouse = CommandLine::on(stack.stores(), &proxy.url).await;
    (stack, gatehouse.set("ISSUER", stack.url()), proxy)
}

/// Asserts that nothing of a probe is left: its user and client have been removed, and its tenant is gone.
async fn assert_removed(stack: &Stack, tenant: &str) {
    let store = Store::new(&stack.stores().environment(Clock::System).unwrap());
    let tenant = TenantId::from(tenant);
    for listed in [Listed::Users, Listed::Clients] {
        let (left, _) = store.list(&tenant, listed, 10, None).await.unwrap();
        assert_eq!(left, Vec::<String>::new(), "{listed:?}");
    }
    let [row] = store.read([&Key::tenant(&tenant)]).await.unwrap();
    assert_eq!(row, None);
}

#[tokio::test]
async fn a_stack_that_is_well_has_a_line_for_each_check_and_the_probe_leaves_nothing() {
    let (stack, gatehouse, _proxy) = through(1, |_| Does::Pass).await;
    let ran = gatehouse.run(&["doctor"]).await;
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{}", ran.stdout);
    let mut tenant = "";
    for line in ran.stdout.lines() {
        let mut words = line.split_whitespace();
        let (status, check) = (words.next().unwrap(), words.next().unwrap());
        assert!(["ok", "skip"].contains(&status), "{line}");
        let word = words.next().unwrap_or_else(|| panic!("{line}"));
        if check == "probe.tenant" {
            tenant = word;
        }
        if check == "probe.user" {
            let store = Store::new(&stack.stores().environment(Clock::System).unwrap());
            let [row] = store.read([&Key::user(&UserId::from(word))]).await.unwrap();
            let row: Value = serde_dynamo::from_item(row.expect("the row is kept")).unwrap();
            assert_eq!(
                (&row["status"], &row["email"], &row["role"]),
                (&json!("deleted"), &json!(""), &json!("member"))
            );
            assert_eq!(row["event"]["actor"], json!(PrincipalId::from("operator")));
        }
    }
    assert!(tenant.starts_with("gatehouse-doctor-"), "{}", ran.stdout);
    assert_removed(stack, tenant).await;
}

#[tokio::test]
async fn without_a_proxy_and_for_programs_it_is_one_document() {
    let stack = running().await;
    let gatehouse = CommandLine::on(stack.stores(), stack.url()).await;
    let ran = gatehouse.run(&["doctor", "--json"]).await;
    let checks = checks(&ran);
    assert_eq!((ran.code, amiss(&checks)), (0, vec![]), "{}", ran.stdout);
    assert_eq!(ran.json()["failed"], 0);
    // What the emulation says nothing of is left out with a word, and nothing else.
    let skipped = checks.iter().filter(|(_, (status, _))| status == "skip");
    for (check, (_, why)) in skipped {
        let of_local = why.starts_with("the local stack has no");
        assert!(of_local, "{check}: {why}");
    }
    assert_eq!(checks["table.stream"].0, "ok");
    assert_eq!(checks["table.index"].0, "ok");
    assert_eq!(checks["client.trace"].0, "ok");
}

#[tokio::test]
async fn reading_alone_writes_nothing() {
    let (_, gatehouse, _proxy) = through(2, |_| Does::Pass).await;
    let ran = gatehouse.run(&["doctor", "--read-only", "--json"]).await;
    let checks = checks(&ran);
    assert_eq!((ran.code, amiss(&checks)), (0, vec![]));
    let probing = |check: &&String| {
        ["probe.", "user.", "client.", "audit."]
            .iter()
            .any(|group| check.starts_with(group))
    };
    assert_eq!(checks.keys().filter(probing).count(), 0);
}

#[tokio::test]
async fn each_thing_that_a_proxy_breaks_is_seen_and_everything_else_is_still_looked_at() {
    // In one go, since the checks do not depend on each other.
    let (_, gatehouse, _proxy) = through(3, |asked| match asked {
        "GET /readyz" => {
            let checks = json!({"table": "ok", "keys": "unavailable"});
            Does::Instead(503, json!({"status": "unavailable", "checks": checks}))
        }
        "GET /healthz" => Does::Change(|answer: &mut Answer| {
            answer.set("date", "Tue, 01 Jan 2019 00:00:00 GMT");
        }),
        "GET /.well-known/jwks.json" => Does::Instead(200, json!({"keys": [{"kid": "another"}]})),
        "GET /.well-known/openid-configuration" => {
            Does::Instead(200, json!({"issuer": "https://elsewhere.example.com"}))
        }
        "GET /api/auth/me" => Does::Change(|answer: &mut Answer| {
            if let Some(value) = answer.take("www-authenticate") {
                answer.set("x-amzn-remapped-www-authenticate", &value);
            }
            answer.take("x-ratelimit-reset");
            answer.body = answer.body.replace("request_id", "id_of_request");
        }),
        "TRACE /v1/auth" => Does::Instead(405, json!({"message": "Method Not Allowed"})),
        "GET /api/v1/users" => Does::Change(|answer: &mut Answer| {
            answer.take("retry-after");
        }),
        _ => Does::Pass,
    })
    .await;
    let ran = gatehouse.run(&["doctor", "--json"]).await;
    let checks = checks(&ran);
    assert_eq!(ran.code, 1);
    assert_eq!(
        amiss(&checks),
        [
            ("api.clock", "fail"),
            ("api.issuer", "fail"),
            ("api.jwks", "fail"),
            ("api.readyz", "fail"),
            ("api.request-id", "fail"),
            ("client.trace", "warn"),
            ("header.ratelimit", "fail"),
            ("header.retry-after", "fail"),
            ("header.www-authenticate", "warn"),
        ],
        "{}",
        ran.stdout
    );
    for (check, words) in [
        ("api.readyz", r#""keys":"unavailable""#),
        ("api.clock", "s apart"),
        ("api.issuer", "https://elsewhere.example.com in place of "),
        ("api.jwks", "which signs, is not among the 1 keys"),
        ("header.ratelimit", "missing: x-ratelimit-reset"),
        (
            "header.www-authenticate",
            "arrives as x-amzn-remapped-www-authenticate",
        ),
        ("client.trace", "TRACE is not served (405)"),
    ] {
        assert!(
            checks[check].1.contains(words),
            "{check}: {:?}",
            checks[check]
        );
    }
    let all = checks.len();
    assert_eq!(ran.stderr, format!("gatehouse: 7 of {all} checks failed\n"));
}

#[tokio::test]
async fn a_warning_alone_ends_well() {
    let (_, gatehouse, _proxy) = through(4, |asked| match asked {
        "TRACE /v1/auth" => Does::Instead(404, json!({"message": "Not Found"})),
        _ => Does::Pass,
    })
    .await;
    let ran = gatehouse.run(&["doctor", "--json"]).await;
    assert_eq!(
        (ran.code, amiss(&checks(&ran))),
        (0, vec![("client.trace", "warn")])
    );
}

#[tokio::test]
async fn a_function_that_fails_is_named_and_the_probe_is_removed_all_the_same() {
    let (stack, gatehouse, _proxy) = through(5, |asked| match asked {
        "POST /api/auth/login" => Does::Change(|answer: &mut Answer| {
            answer.status = 500;
            answer.body = r#"{"message":"Internal Server Error"}"#.to_owned();
            answer.set("apigw-requestid", "abc=");
        }),
        "POST /v1/auth" => Does::Instead(
            503,
            json!({"error": "Service unavailable", "request_id": "r-1"}),
        ),
        _ => Does::Pass,
    })
    .await;
    let ran = gatehouse.run(&["doctor", "--json"]).await;
    let checks = checks(&ran);
    assert_eq!(ran.code, 1);
    assert_eq!(
        amiss(&checks),
        [("client.auth", "fail"), ("user.login", "fail")]
    );
    assert_eq!(
        checks["user.login"].1,
        "500 from login (POST /api/auth/login): Internal Server Error, request abc="
    );
    assert_eq!(
        checks["client.auth"].1,
        "503 from client-auth (POST /v1/auth): Service unavailable, request r-1"
    );
    for check in ["user.me", "user.logout", "client.trace", "audit.log"] {
        assert_eq!(checks[check].0, "skip", "{check}");
    }
    assert_eq!(checks["probe.removed"].0, "ok");
    assert_removed(stack, &checks["probe.tenant"].1).await;
}

#[tokio::test]
async fn a_logout_that_ends_nothing_is_seen() {
    let (_, gatehouse, _proxy) = through(6, |asked| match asked {
        "POST /api/auth/logout" => Does::Instead(200, json!({"success": true})),
        _ => Does::Pass,
    })
    .await;
    let ran = gatehouse.run(&["doctor", "--json"]).await;
    let amiss_names = [("user.refresh-refused", "fail"), ("user.refused", "fail")];
    assert_eq!((ran.code, amiss(&checks(&ran))), (1, amiss_names.to_vec()));
}

#[tokio::test]
async fn an_interrupted_probe_is_removed() {
    let (stack, gatehouse, _proxy) = through(7, |asked| match asked {
        "POST /api/auth/login" => Does::Hang,
        _ => Does::Pass,
    })
    .await;
    let steps = [press("user.invite", "\x03")];
    let shown = gatehouse.at_terminal(&["doctor"], &steps).await;
    assert_eq!(shown.code, 130, "{}", shown.screen);
    assert!(
        shown.screen.ends_with("gatehouse: interrupted\n"),
        "{}",
        shown.screen
    );
    let line = |check: &str| {
        let mut lines = shown.screen.lines().filter(|line| line.contains(check));
        lines
            .next()
            .unwrap_or_else(|| panic!("{}", shown.screen))
            .to_owned()
    };
    assert!(
        line("probe.removed").contains("are gone"),
        "{}",
        shown.screen
    );
    let tenant = line("probe.tenant");
    let tenant = tenant.split_whitespace().last().unwrap();
    assert_removed(stack, tenant).await;
}
