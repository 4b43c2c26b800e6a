//! What the functions print: one JSON line a request, which is a metric too, and nothing that is a
//! secret or somebody's.

use std::collections::BTreeSet;

use local::Stack;
use local::template::{Template, workspace};
use serde_json::{Value, json};

use super::{Caller, Reply, alias, reply};
use crate::stack::{ask, dynamodb, running};

/// Every JSON line printed so far, once the line of this request is among them.
async fn lines_with(stack: &Stack, request_id: &str) -> (String, Vec<Value>) {
    let caller = Caller::at(stack, [127, 32, 9, 9]);
    let mut output = stack.output();
    // A line is printed before its answer, and read by the stack a moment later.
    for _ in 0..1000 {
        if output.contains(request_id) {
            break;
        }
        caller.get("/healthz", "").await;
        output = stack.output();
    }
    let lines = output.lines().filter(|line| line.starts_with('{'));
    let lines = lines.map(|line| serde_json::from_str(line).expect("a line of JSON"));
    let lines = lines.collect();
    (output, lines)
}

#[tokio::test]
async fn each_request_has_one_line_that_is_also_a_metric() {
    let stack = running().await;
    let caller = Caller::at(stack, [127, 32, 0, 1]);
    let mut refused: Vec<(&str, Reply, &str)> = Vec::new();
    let me = caller.get("/api/auth/me", "no").await;
    refused.push(("GET /api/auth/me", me, "refused"));
    let validate = reply(caller.request("GET", "/api/auth/validate")).await;
    refused.push(("GET /api/auth/validate", validate, "refused"));
    for path in [
        "/api/auth/refresh",
        "/api/auth/change-password",
        "/api/v1/auth/login",
    ] {
        let route = format!("POST {path}");
        let reply = caller.post(path, &json!({})).await;
        refused.push((route.leak(), reply, "refused"));
    }
    for _ in 0..11 {
        let reply = caller.post("/api/v1/auth/login", &json!({})).await;
        if reply.status == 429 {
            refused.push(("POST /api/v1/auth/login", reply, "limited"));
            break;
        }
    }
    let last = refused.last().unwrap().1.member("request_id");
    let (_, lines) = lines_with(stack, last).await;
    for (route, reply, outcome) in &refused {
        let id = reply.member("request_id");
        let of_it: Vec<&Value> = lines
            .iter()
            .filter(|line| line["request_id"] == id)
            .collect();
        assert_eq!(of_it.len(), 1, "{route}");
        let line = of_it[0];
        assert_eq!(line["route"], *route);
        assert_eq!(line["status"], reply.status);
        assert_eq!(line["outcome"], *outcome);
    }
    let limited = refused.iter().filter(|(_, reply, _)| reply.status == 429);
    assert_eq!(limited.count(), 1);

    let template = Template::read().unwrap();
    let routes = template.routes().unwrap();
    let mut without_route = template.functions().unwrap();
    without_route.retain(|name| routes.iter().all(|route| route.function != *name));
    let mut seen = BTreeSet::new();
    for line in &lines {
        let id = line["request_id"].as_str().expect("a request id");
        assert!(seen.insert(id), "two lines of {id}");
        if line["route"] == "" {
            assert!(
                without_route.iter().any(|name| line["function"] == *name),
                "{line}"
            );
        } else {
            let route = routes.iter().find(|route| line["route"] == route.key());
            let route = route.unwrap_or_else(|| panic!("no route: {line}"));
            assert_eq!(line["function"], route.function, "{line}");
        }
        assert!(line["duration"].as_u64().is_some(), "{line}");
        assert!(
            (200..600).contains(&line["status"].as_u64().unwrap()),
            "{line}"
        );
        metric(line);
    }
}

/// The line is a metric in CloudWatch's embedded metric format.
fn metric(line: &Value) {
    let aws = &line["_aws"];
    let recorded = shared::clock::Timestamp::from_millis(aws["Timestamp"].as_i64().unwrap());
    assert_eq!(line["time"], recorded.to_string());
    let directives = aws["CloudWatchMetrics"].as_array().unwrap();
    let (directive, alarming) = directives.split_first().unwrap();
    // Beside it only what alarms are for, where there is something of it.
    for directive in alarming {
        assert_eq!(directive["Dimensions"], json!([["function"]]));
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].as_u64() > Some(0));
        }
    }
    assert_eq!(directive["Namespace"], "Gatehouse");
    assert_eq!(
        directive["Dimensions"],
        json!([["stage", "function", "outcome"]])
    );
    for name in directive["Dimensions"][0].as_array().unwrap() {
        let value = line[name.as_str().unwrap()].as_str();
        assert!(value.is_some_and(|value| !value.is_empty()), "{name}");
    }
    let metrics = directive["Metrics"].as_array().unwrap();
    assert_eq!(
        metrics,
        &[json!({"Name": "duration", "Unit": "Milliseconds"})]
    );
    for metric in metrics {
        assert!(line[metric["Name"].as_str().unwrap()].is_number());
    }
}

#[tokio::test]
async fn a_login_name_that_has_to_wait_is_a_metric_of_the_function_that_records_it() {
    let stack = running().await;
    let name = alias(stack, "doctor.smith").await;
    for host in 1..8 {
        let caller = Caller::at(stack, [127, 32, 2, host]);
        let refused = caller.login(&name, "wrong-password").await;
        assert!([401, 429].contains(&refused.status));
    }
    // The stream is read a moment later.
    let caller = Caller::at(stack, [127, 32, 9, 8]);
    let of_audit = |line: &Value| line["function"] == "audit" && line["authn_login_lock"].is_u64();
    for _ in 0..3000 {
        let output = stack.output();
        let lines = output.lines().filter(|line| line.starts_with('{'));
        let mut lines = lines.map(|line| serde_json::from_str(line).expect("a line of JSON"));
        if lines.any(|line| of_audit(&line)) {
            return;
        }
        caller.get("/healthz", "").await;
    }
    panic!("no such line");
}

#[tokio::test]
async fn nothing_that_the_stack_prints_is_a_secret_or_somebodys() {
    let stack = running().await;
    let caller = Caller::at(stack, [127, 32, 1, 1]);
    let name = alias(stack, "alice@acme.fr").await;
    let mut canaries: Vec<String> = [
        "canary",
        "secure-password",
        "securePassword123",
        "your-password",
        "viewer-password",
        "Abcd1234",
        "1234Acd",
        "@example.com",
        "@acme.fr",
        "@nuxera.ai",
        "doctor.smith",
        "Doctor Hisham",
        "John Doe",
        "Alice Martin",
        "Acme Corp",
        "127.32.1.1",
    ]
    .map(str::to_owned)
    .into();

    let login = caller.login(&name, "your-password").await;
    assert_eq!(login.status, 200, "{}", login.text);
    let access = login.member("accessToken").to_owned();
    let body = json!({"refreshToken": login.member("refreshToken")});
    let refreshed = caller.post("/api/auth/refresh", &body).await;
    assert_eq!(refreshed.status, 200);
    for token in [&login, &refreshed] {
        for member in ["accessToken", "refreshToken"] {
            canaries.extend(token.member(member).split('.').map(str::to_owned));
        }
    }
    caller
        .login("canary-name@example.com", "canary-password")
        .await;
    caller.login(&name, "canary-wrong-password").await;
    let request = caller.request("POST", "/api/auth/login");
    let request = request.header("content-type", "application/json");
    let refused = reply(request.body(r#"{"password": ["canary-json"], "x": canary}"#)).await;
    assert_eq!(refused.status, 400);
    let change = json!({"currentPassword": "canary-current", "newPassword": "canary-new 4 u 2 c"});
    let request = caller.request("POST", "/api/auth/change-password");
    let refused = reply(request.bearer_auth(&access).json(&change)).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    let request = caller.request("POST", "/api/auth/refresh");
    reply(request.json(&json!({"refreshToken": "canary.refresh.token"}))).await;
    let request = caller.request("GET", "/api/auth/me?token=canary-query");
    let request = request
        .header("authorization", "Basic canary-basic")
        .header("cookie", "canary=cookie")
        .header("user-agent", "canary-agent")
        .header("x-api-key", "canary-key")
        .header("x-forwarded-for", "canary-forwarded");
    let last = reply(request).await;
    assert_eq!(last.status, 401);

    let stores = stack.stores();
    for secret in [local::KEYS_SECRET, local::PASSWORDS_SECRET] {
        let asked = json!({"SecretId": secret});
        let target = "secretsmanager.GetSecretValue";
        let (_, answer) = ask(stores.secrets_url(), target, asked).await;
        let text = answer["SecretString"].as_str().unwrap();
        let before = canaries.len();
        keys(&serde_json::from_str(text).unwrap(), &mut canaries);
        assert!(canaries.len() > before, "{secret} has keys");
    }
    let rows = dynamodb(stores, "Scan", json!({})).await;
    for row in rows["Items"].as_array().unwrap() {
        let text = |name: &str| row[name]["S"].as_str();
        canaries.extend(text("password_hash").map(str::to_owned));
        let pk = text("pk").unwrap();
        let hashed = pk.strip_prefix("LOGIN#").or(pk.strip_prefix("FAIL#"));
        canaries.extend(hashed.map(str::to_owned));
    }

    let (output, _) = lines_with(stack, last.member("request_id")).await;
    assert!(output.contains(last.member("request_id")));
    for (place, canary) in canaries.iter().enumerate() {
        assert!(canary.len() > 5, "canary {place} says nothing");
        // A failure must not print what it has found.
        assert!(
            !output.contains(canary.as_str()),
            "canary {place} was printed"
        );
    }
    assert!(canaries.len() > 40, "{}", canaries.len());
}

/// The keys in a ring: every long text that is no name and no public key.
fn keys(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name != "kid" && name != "public" {
                    keys(value, found);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        Value::String(text) if text.len() >= 32 => found.push(text.clone()),
        _ => {}
    }
}

#[tokio::test]
async fn control_characters_in_a_request_do_not_make_a_second_line() {
    let stack = running().await;
    let event = std::fs::read_to_string(workspace().join("events/me.json")).unwrap();
    let mut event: Value = serde_json::from_str(&event).unwrap();
    let forged = "x\r\n{\"forged\":\"line\"}\n\u{2028}\u{1b}[31m\u{0}";
    event["rawPath"] = json!(forged);
    event["rawQueryString"] = json!(forged);
    event["requestContext"]["http"]["path"] = json!(forged);
    event["requestContext"]["http"]["userAgent"] = json!(forged);
    event["headers"]["user-agent"] = json!("x{\"forged\":\"line\"}");
    event["headers"]["host"] = json!("x:forged");
    event["headers"]["x-forwarded-proto"] = json!("1:forged");
    event["requestContext"]["domainName"] = json!("forged name");
    let url = format!(
        "{}/2015-03-31/functions/me/invocations",
        stack.functions_url()
    );
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = reply(client.post(url).json(&event)).await;
    let body: Value = serde_json::from_str(answer.body["body"].as_str().unwrap()).unwrap();
    let id = body["request_id"].as_str().unwrap();
    let (output, lines) = lines_with(stack, id).await;
    let of_it = lines.iter().filter(|line| line["request_id"] == id);
    assert_eq!(of_it.count(), 1);
    assert!(!output.contains("forged"));
    assert!(!output.contains('\u{1b}'));
}
