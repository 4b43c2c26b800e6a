//! A team's own API behind the authorizer, through real HTTP: `examples/protected-api`.

use serde_json::{Value, json};

use super::{Caller, Reply, alias, reply};
use crate::stack::running;

const TRANSCRIBE: &str = "/api/transcribe";
const INTERACTIONS: &str = "/api/v1/interactions";

/// Signs in, in the documents' tenant `nuxera` or another.
async fn login(caller: &Caller, of: &str, password: &str) -> Reply {
    let name = alias(running().await, of).await;
    let login = caller.login(&name, password).await;
    assert_eq!(login.status, 200, "{}", login.text);
    login
}

#[track_caller]
fn assert_words(reply: &Reply, status: u16, message: &str) {
    assert_eq!(reply.status, status, "{}", reply.text);
    assert_eq!(reply.body, json!({ "message": message }));
}

#[tokio::test]
async fn a_user_who_signs_in_calls_it_and_once_signed_out_calls_it_no_more() {
    let caller = Caller::at(running().await, [127, 33, 0, 1]);
    // A token that lives for 7 days, and one that lives for a quarter of an hour.
    for (of, password, user) in [
        ("doctor.smith", "secure-password", "user-123456"),
        ("user@example.com", "password", "1005"),
    ] {
        let login = login(&caller, of, password).await;
        let token = login.member("token");
        for _ in 0..2 {
            let called = caller.get(TRANSCRIBE, token).await;
            assert_eq!(called.status, 200, "{}", called.text);
            assert_eq!(called.body["user"], user);
            assert_eq!(called.body["tenant_id"], login.body["tenantId"]);
        }
        let logout = caller
            .request("POST", "/api/auth/logout")
            .bearer_auth(token);
        assert_eq!(reply(logout).await.status, 200);
        for path in [TRANSCRIBE, INTERACTIONS] {
            assert_words(&caller.get(path, token).await, 403, "Forbidden");
        }
    }
}

#[tokio::test]
async fn without_a_token_it_is_a_401_and_with_a_bad_one_a_403_in_the_gateways_words() {
    let caller = Caller::at(running().await, [127, 33, 0, 2]);
    for path in [TRANSCRIBE, INTERACTIONS] {
        let none = reply(caller.request("GET", path)).await;
        assert_words(&none, 401, "Unauthorized");
        assert_words(&caller.get(path, "eyJ.bad.token").await, 403, "Forbidden");
        let basic = caller.request("GET", path).basic_auth("john", Some("no"));
        assert_words(&reply(basic).await, 403, "Forbidden");
        let post = reply(caller.request("POST", path)).await;
        assert_words(&post, 404, "Not Found");
    }
}

#[tokio::test]
async fn interactions_are_those_of_the_callers_tenant_a_page_at_a_time() {
    let caller = Caller::at(running().await, [127, 33, 0, 3]);
    let login = login(&caller, "alice@acme.fr", "your-password").await;
    let token = login.member("token");
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = caller
            .get(&format!("{INTERACTIONS}?limit=50{cursor}"), token)
            .await;
        assert_eq!(page.status, 200, "{}", page.text);
        let interactions = page.body["interactions"].as_array().unwrap();
        for interaction in interactions {
            assert_eq!(interaction["tenant_id"], login.body["tenantId"]);
            seen.push(interaction["id"].as_str().unwrap().to_owned());
        }
        match &page.body["next_cursor"] {
            Value::Null => break,
            next => cursor = format!("&cursor={}", next.as_str().unwrap()),
        }
        assert_eq!(interactions.len(), 50);
    }
    let all = seen.len();
    seen.dedup();
    assert_eq!((seen.len(), all), (120, 120));
    let usual = caller.get(INTERACTIONS, token).await;
    assert_eq!(usual.body["interactions"].as_array().unwrap().len(), 50);
    for wrong in ["limit=0", "limit=201", "limit=x", "cursor=x"] {
        let refused = caller.get(&format!("{INTERACTIONS}?{wrong}"), token).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_refreshed_token_opens_it_and_a_forged_address_changes_nothing() {
    let caller = Caller::at(running().await, [127, 33, 0, 4]);
    let login = login(&caller, "user@example.com", "password").await;
    let body = json!({"refreshToken": login.member("refreshToken")});
    let refreshed = caller.post("/api/auth/refresh", &body).await;
    let request = caller.request("GET", TRANSCRIBE);
    let request = request
        .bearer_auth(refreshed.member("accessToken"))
        .header("x-forwarded-for", "10.0.0.1");
    assert_eq!(reply(request).await.status, 200);
}
