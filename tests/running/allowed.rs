//! Allowed addresses and the general limits, at a team's own API and at ours, from several addresses
//! through real HTTP.

use futures_util::future::join_all;
use local::Stack;
use shared::address::Address;
use shared::app::{App as _, Sessions, Signing};
use shared::auth::holder::Holder;
use shared::auth::issue;
use shared::call::Call;
use shared::clock::Clock;
use shared::store::Store;
use shared::store::event::{EventType, Outcome};
use shared::store::key::Key;
use shared::store::parse;
use shared::store::tenant::{Policy, Tenant, TenantStatus};
use shared::store::user::User;
use shared::store::write::Change;

use super::{Caller, Reply};
use crate::stack::running;

const TRANSCRIBE: &str = "/api/transcribe";
const ME: &str = "/api/auth/me";

/// An access token of somebody in a tenant of its own with this policy.
async fn somebody(stack: &Stack, policy: Policy) -> String {
    let environment = stack.stores().environment(Clock::System).unwrap();
    let (app, store) = (Sessions::new(&environment), Store::new(&environment));
    let now = environment.clock.now();
    let tenant = Tenant {
        id: shared::random::uuid().as_str().into(),
        status: TenantStatus::Active,
        policy,
    };
    let [row] = store.read([&Key::user(&"1005".into())]).await.unwrap();
    let user = User {
        id: shared::random::uuid().as_str().into(),
        tenant_id: tenant.id.clone(),
        ..parse(row.unwrap(), "user").unwrap()
    };
    for row in [
        Change::put(Key::tenant(&tenant.id), &tenant).unwrap(),
        Change::put(Key::user(&user.id), &user).unwrap(),
    ] {
        store.write(&row).await.unwrap();
    }
    let address = Address::parse("127.0.0.1").unwrap();
    let call = Call::new("login", now, address, "test/1", stack.url().to_owned());
    let lifetimes = tenant.policy.lifetimes(&app.base.config);
    let signing = Signing::load(&app.base, &app.keys, now).await.unwrap();
    let holder = Holder::User(user);
    let session = issue::new_session(&call, &holder, lifetimes, signing.ring.mac().kid());
    let config = &app.base.config;
    let tokens = issue::tokens(&call, config, &signing, &session, &holder, lifetimes).unwrap();
    let kind = EventType::AuthnLoginSuccess;
    let event = call.event_by(kind, Outcome::Success, &holder.owner(), holder.tenant_id());
    store.put_session(&session, &event).await.unwrap();
    tokens.access
}

/// Whether a call was let through; refused, it is in the right words.
#[track_caller]
fn let_through(path: &str, reply: &Reply) -> bool {
    if reply.status == 200 {
        return true;
    }
    if path == TRANSCRIBE {
        let words = (reply.status, reply.text.as_str());
        assert_eq!(words, (403, r#"{"message":"Forbidden"}"#));
        assert!(!reply.headers.contains_key("retry-after"));
        return false;
    }
    assert_eq!(reply.status, 429, "{}", reply.text);
    let seconds = reply.headers["retry-after"].to_str().unwrap();
    let error = format!("Rate limit exceeded. Please retry after {seconds} seconds.");
    assert_eq!(reply.body["error"], error);
    assert_eq!(reply.headers["x-ratelimit-remaining"], "0");
    false
}

#[tokio::test]
async fn a_token_opens_a_teams_own_api_from_allowed_addresses_alone() {
    let stack = running().await;
    let policy = Policy {
        allowed_cidrs: vec!["127.35.1.0/24".parse().unwrap()],
        ..Policy::default()
    };
    let token = somebody(stack, policy).await;
    for (third, allowed) in [(1, true), (2, false)] {
        let caller = Caller::at(stack, [127, 35, third, 1]);
        let called = caller.get(TRANSCRIBE, &token).await;
        assert_eq!(let_through(TRANSCRIBE, &called), allowed);
        let me = caller.get(ME, &token).await;
        assert_eq!(me.status, if allowed { 200 } else { 403 }, "{}", me.text);
        if !allowed {
            assert_eq!(me.body["error"], "Access denied");
        }
        let forwarded = caller.request("GET", TRANSCRIBE).bearer_auth(&token);
        let forwarded = forwarded.header("x-forwarded-for", "127.35.1.1");
        let called = super::reply(forwarded).await;
        assert_eq!(let_through(TRANSCRIBE, &called), allowed);
    }
}

#[tokio::test]
async fn a_tenants_limit_holds_over_all_its_addresses_both_apis_and_every_instance() {
    let stack = running().await;
    let policy = Policy {
        rate_limit: Some(40),
        ..Policy::default()
    };
    let token = somebody(stack, policy).await;
    let calls = (0..120u8).map(|place| {
        let token = &token;
        async move {
            let path = if place % 2 == 0 { TRANSCRIBE } else { ME };
            let caller = Caller::at(stack, [127, 35, 3, place]);
            let_through(path, &caller.get(path, token).await)
        }
    });
    let through = join_all(calls).await;
    let through = through.iter().filter(|through| **through).count();
    // A window of a minute may end between the first call and the last.
    assert!((38..=80).contains(&through), "{through}");
    let other = somebody(stack, Policy::default()).await;
    let caller = Caller::at(stack, [127, 35, 4, 1]);
    assert_eq!(caller.get(TRANSCRIBE, &other).await.status, 200);
}

#[tokio::test]
async fn an_addresss_limit_holds_over_both_apis_and_for_no_other_address() {
    let stack = running().await;
    let token = somebody(stack, Policy::default()).await;
    let caller = Caller::at(stack, [127, 35, 5, 1]);
    let calls = (0..240).map(|place| {
        let (token, caller) = (&token, &caller);
        async move {
            let path = if place % 2 == 0 { TRANSCRIBE } else { ME };
            let_through(path, &caller.get(path, token).await)
        }
    });
    let through = join_all(calls).await;
    let through = through.iter().filter(|through| **through).count();
    assert!((95..=200).contains(&through), "{through}");
    let other = Caller::at(stack, [127, 35, 5, 2]);
    for path in [TRANSCRIBE, ME] {
        assert_eq!(other.get(path, &token).await.status, 200);
    }
}
