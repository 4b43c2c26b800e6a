//! Limits by address, and exact routes, through the real gateway and functions.

use futures_util::future::join_all;
use serde_json::json;

use super::{Caller, alias, reply};
use crate::stack::running;

#[tokio::test]
async fn logins_are_limited_for_each_address_apart_over_both_paths() {
    let stack = running().await;
    let caller = Caller::at(stack, [127, 30, 0, 1]);
    let paths = ["/api/auth/login", "/api/v1/auth/login"];
    // A window of a minute may end between two of these: of seven, one is over the limit then too.
    let mut refused = None;
    for attempt in 0..11 {
        let reply = caller.post(paths[attempt % 2], &json!({})).await;
        if reply.status == 429 {
            refused = Some((attempt, reply));
            break;
        }
        assert_eq!(reply.status, 400);
        assert_eq!(reply.headers["x-ratelimit-limit"], "5");
    }
    let (attempt, refused) = refused.expect("a refusal");
    assert!(attempt >= 5, "only {attempt} logins were let through");
    assert_eq!(refused.headers["x-ratelimit-remaining"], "0");
    let seconds: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&seconds));
    let other = Caller::at(stack, [127, 30, 0, 2]);
    let forwarded = other.request("POST", paths[0]).json(&json!({}));
    let forwarded = forwarded
        .header("x-forwarded-for", "127.30.0.1")
        .header("forwarded", "for=127.30.0.1");
    let reply = reply(forwarded).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.headers["x-ratelimit-remaining"], "4");
}

#[tokio::test]
async fn all_other_calls_are_limited_for_each_address_apart_over_all_endpoints() {
    let stack = running().await;
    let caller = Caller::at(stack, [127, 30, 7, 1]);
    let routes = [
        ("GET", "/api/auth/me"),
        ("GET", "/api/auth/validate"),
        ("POST", "/api/auth/logout"),
        ("POST", "/api/auth/refresh"),
        ("POST", "/api/auth/change-password"),
    ];
    // A window of a minute may end meanwhile, once.
    let mut refused = None;
    for attempt in 0..300 {
        let (method, path) = routes[attempt % routes.len()];
        let reply = reply(caller.request(method, path)).await;
        assert_eq!(reply.headers["x-ratelimit-limit"], "100", "{path}");
        if reply.status == 429 {
            refused = Some((attempt, reply));
            break;
        }
    }
    let (attempt, refused) = refused.expect("a refusal");
    assert!(attempt >= 95, "only {attempt} calls were let through");
    assert_eq!(refused.headers["x-ratelimit-remaining"], "0");
    let seconds = refused.headers["retry-after"].to_str().unwrap();
    let message = format!("Rate limit exceeded. Please retry after {seconds} seconds.");
    assert_eq!(refused.member("message"), message);
    // Logins count apart, what is open counts nowhere, and another address is another.
    assert_eq!(caller.post("/api/auth/login", &json!({})).await.status, 400);
    for path in ["/healthz", "/.well-known/jwks.json"] {
        let open = reply(caller.request("GET", path)).await;
        assert_eq!(open.status, 200);
        assert!(!open.headers.contains_key("x-ratelimit-limit"));
    }
    let other = Caller::at(stack, [127, 30, 7, 2]);
    assert_eq!(other.get("/api/auth/me", "garbage").await.status, 401);
}

#[tokio::test]
async fn strangers_who_guess_make_strangers_wait_and_not_the_owner_where_they_usually_sign_in() {
    let stack = running().await;
    let name = alias(stack, "victor@acme.fr").await;
    let home = Caller::at(stack, [127, 30, 1, 1]);
    assert_eq!(home.login(&name, "viewer-password").await.status, 200);
    // Five free failures, and then a wait after each, which on a slow machine may be over in time.
    let mut waits = false;
    for guess in 0..20 {
        let stranger = Caller::at(stack, [127, 30, 2, guess]);
        let reply = stranger.login(&name, "a guess").await;
        waits = reply.status == 429;
        if waits {
            assert!(guess > 5, "no wait before the sixth failure");
            assert!(reply.headers.contains_key("retry-after"));
            // The wait of a name shows in no header: this address has four logins left.
            assert_eq!(reply.headers["x-ratelimit-remaining"], "4");
            break;
        }
        assert_eq!(reply.status, 401);
    }
    assert!(waits);
    assert_eq!(home.login(&name, "viewer-password").await.status, 200);
}

#[tokio::test]
async fn bursts_of_50_users_from_50_addresses_all_sign_in() {
    let stack = running().await;
    let users = [
        ("doctor.smith", "secure-password"),
        ("john", "securePassword123"),
        ("alice@acme.fr", "your-password"),
        ("victor@acme.fr", "viewer-password"),
        ("user@example.com", "password"),
    ];
    let names = (0..50).map(|place| alias(stack, users[place % users.len()].0));
    let names = join_all(names).await;
    for burst in 3..5 {
        let logins = names.iter().enumerate().map(|(place, name)| async move {
            let host = u8::try_from(place).unwrap();
            let caller = Caller::at(stack, [127, 30, burst, host]);
            let (_, password) = users[place % users.len()];
            caller.login(name, password).await.status
        });
        let statuses = join_all(logins).await;
        assert_eq!(statuses, [200; 50]);
    }
}

#[tokio::test]
async fn what_is_no_route_is_the_gateways_404_and_reaches_no_function() {
    let stack = running().await;
    let caller = Caller::at(stack, [127, 30, 5, 1]);
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/api/transcribe/"),
        ("POST", "/api/auth/login/"),
        ("POST", "//api/auth/login"),
        ("POST", "/api//auth/login"),
        ("POST", "/API/auth/login"),
        ("POST", "/api/auth/Login"),
        ("GET", "/api/auth/login"),
        ("PUT", "/api/auth/login"),
        ("HEAD", "/api/auth/me"),
        ("OPTIONS", "/api/auth/login"),
        ("TRACE", "/api/auth/me"),
        ("GET", "/healthz/"),
    ] {
        let body = json!({"username": "john", "password": "securePassword123"});
        let request = caller.request(method, path);
        let request = if method == "POST" {
            request.json(&body)
        } else {
            request
        };
        let reply = reply(request).await;
        assert_eq!(reply.status, 404, "{method} {path}");
        assert_eq!(reply.headers["content-type"], "application/json");
        if method != "HEAD" {
            assert_eq!(reply.text, r#"{"message":"Not Found"}"#, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn headers_that_a_caller_may_forge_break_nothing_and_change_nothing() {
    let stack = running().await;
    let caller = Caller::at(stack, [127, 30, 6, 1]);
    let plain = reply(caller.request("GET", "/readyz")).await;
    for (header, value) in [
        ("host", "a:b"),
        ("host", "evil.example"),
        ("x-forwarded-proto", "1"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-for", "127.30.0.1"),
        ("forwarded", "for=127.30.0.1;host=evil.example;proto=1"),
    ] {
        let request = caller.request("GET", "/readyz").header(header, value);
        let reply = reply(request).await;
        assert_eq!(reply.status, 200, "{header}: {value}: {}", reply.text);
        assert_eq!(reply.text, plain.text);
    }
}
