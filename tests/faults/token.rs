//! What opens with a token, what ends it, and what anybody may ask.

use serde_json::json;
use shared::app::{Sessions, SignIn, Verifying};

use super::fault::{Repeated, faults};
use super::flow::Need::{Cold, Must};
use super::flow::{Flow, Need, small_world};
use super::place::place;
use super::refresh::{session, signed_in};
use crate::exchange::{Sent, send};
use crate::wire::Act;

/// The calls of `me` and `validate`.
pub const READS: [(&str, Need); 4] = [
    ("address count", Must),
    ("public keys", Cold),
    ("session", Must),
    ("tenant count", Must),
];

/// The calls of a logout with both tokens.
pub const LOGOUT: [(&str, Need); 6] = [
    ("address count", Must),
    ("public keys", Cold),
    ("key ring", Cold),
    ("tenant", Must),
    ("tenant count", Must),
    ("revoke", Must),
];

/// The calls of `jwks`, of `discovery`, and of `readyz`, which remembers for its own time.
pub const JWKS: [(&str, Need); 1] = [("public keys", Cold)];

#[tokio::test]
async fn me_and_validate_answer_the_user_or_503_and_write_nothing() {
    let (world, tokens) = signed_in().await;
    let app = world.instance::<Verifying>().await;
    let flow = Flow {
        world: &world,
        app,
        handle: me::handle,
        usual: 200,
        calls: &READS,
        only: &[],
    };
    let sent = |path| Sent::get(path).bearer(tokens.member("token"));
    let check = async |tried: &super::flow::Tried| {
        assert!(tried.changed().is_empty(), "{}", tried.name());
        let again = tried.again.as_ref().map_or(200, |(again, _)| again.status);
        assert_eq!(again, 200, "{}", tried.name());
    };
    flow.each_fault(async || sent("/api/auth/me"), check).await;
    let flow = Flow {
        world: &world,
        app,
        handle: validate::handle,
        usual: 200,
        calls: &READS,
        only: &[],
    };
    flow.each_fault(async || sent("/api/auth/validate"), check)
        .await;
}

#[tokio::test]
async fn the_token_of_an_ended_session_opens_nothing_whatever_fails() {
    let (world, tokens) = signed_in().await;
    let token = tokens.member("token");
    let app = world.instance::<Sessions>().await;
    let sent = Sent::new("POST", "/api/auth/logout").bearer(token);
    assert_eq!(send(app, logout::handle, sent).await.status, 200);
    let flow = Flow {
        world: &world,
        app: world.instance::<Verifying>().await,
        handle: me::handle,
        usual: 401,
        calls: &READS,
        only: &[],
    };
    let arrange = async || Sent::get("/api/auth/me").bearer(token);
    flow.each_fault(arrange, async |tried| {
        assert!(tried.changed().is_empty(), "{}", tried.name());
        let again = tried.again.as_ref().map_or(401, |(again, _)| again.status);
        assert_eq!(again, 401, "{}", tried.name());
    })
    .await;
}

#[tokio::test]
async fn a_logout_that_answers_200_has_ended_the_session() {
    let (world, tokens) = signed_in().await;
    let checker = world.instance::<Verifying>().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Sessions>().await,
        handle: logout::handle,
        usual: 200,
        calls: &LOGOUT,
        only: &[],
    };
    let body = json!({"refreshToken": tokens.member("refreshToken")});
    let token = tokens.member("token");
    let arrange = async || Sent::post("/api/auth/logout", &body).bearer(token);
    flow.each_fault(arrange, async |tried| {
        let name = tried.name();
        let ended = !session(&tried.after)["revoked_at"].is_null();
        match tried.received.status {
            200 => assert!(ended, "{name}"),
            _ => assert_eq!(ended, tried.may_have_done("revoke"), "{name}"),
        }
        let sent = Sent::get("/api/auth/me").bearer(token);
        let opens = send(checker, me::handle, sent).await.status;
        let ended = ended || tried.again.is_some();
        assert_eq!(opens, if ended { 401 } else { 200 }, "{name}");
        if let Some((again, rows)) = &tried.again {
            assert_eq!(again.status, 200, "{name}");
            assert!(!session(rows)["revoked_at"].is_null(), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_logout_of_two_sessions_that_ends_one_says_503_and_a_repeat_ends_the_other() {
    let (world, first) = signed_in().await;
    let app = world.instance::<SignIn>().await;
    let sent = Sent::login("doctor.smith", "secure-password");
    let second = send(app, login::handle, sent).await;
    let body = json!({"refreshToken": second.member("refreshToken")});
    let sent = Sent::post("/api/auth/logout", &body).bearer(first.member("token"));
    let app = world.instance::<Sessions>().await;
    let checker = world.instance::<Verifying>().await;
    let opens = async |token: &str| {
        let sent = Sent::get("/api/auth/me").bearer(token);
        send(checker, me::handle, sent).await.status
    };
    let begun = std::sync::atomic::AtomicU32::new(0);
    world.wire.rule(move |call| {
        if place(call) != "revoke" {
            return Act::Pass;
        }
        if begun.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
            return Act::Pass;
        }
        Act::Fail(500, "InternalServerError")
    });
    assert_eq!(send(app, logout::handle, sent.clone()).await.status, 503);
    world.wire.heal();
    assert_eq!(opens(first.member("token")).await, 401);
    assert_eq!(opens(second.member("token")).await, 200);
    assert_eq!(send(app, logout::handle, sent).await.status, 200);
    assert_eq!(opens(second.member("token")).await, 401);
}

#[tokio::test]
async fn jwks_answers_the_keys_or_503() {
    let world = small_world().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Verifying>().await,
        handle: jwks::handle,
        usual: 200,
        calls: &JWKS,
        only: &[],
    };
    let arrange = async || Sent::get("/.well-known/jwks.json");
    flow.each_fault(arrange, async |tried| {
        assert!(tried.changed().is_empty(), "{}", tried.name());
        let again = tried.again.as_ref().map_or(200, |(again, _)| again.status);
        assert_eq!(again, 200, "{}", tried.name());
    })
    .await;
}

#[tokio::test]
async fn discovery_answers_what_the_keys_sign_by_or_503() {
    let world = small_world().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Verifying>().await,
        handle: discovery::handle,
        usual: 200,
        calls: &JWKS,
        only: &[],
    };
    let arrange = async || Sent::get("/.well-known/openid-configuration");
    flow.each_fault(arrange, async |tried| {
        assert!(tried.changed().is_empty(), "{}", tried.name());
        let again = tried.again.as_ref().map_or(200, |(again, _)| again.status);
        assert_eq!(again, 200, "{}", tried.name());
    })
    .await;
}

#[tokio::test]
async fn healthz_asks_nobody_and_readyz_says_what_is_away() {
    let world = small_world().await;
    let app = world.instance::<health::Health>().await;
    for fault in faults("GetItem") {
        world.wait(10);
        world.wire.rule(move |call| {
            assert_eq!(place(call), "public keys");
            (fault.act)(call)
        });
        let alive = send(app, health::handle, Sent::get("/healthz")).await;
        assert_eq!(alive.status, 200, "{}", fault.name);
        let ready = send(app, health::handle, Sent::get("/readyz")).await;
        world.wire.heal();
        if fault.repeated == Repeated::NoNeed {
            assert_eq!(ready.status, 200, "{}", fault.name);
            continue;
        }
        assert_eq!(ready.status, 503, "{}", fault.name);
        let away = json!({
            "status": "unavailable",
            "checks": {"table": "unavailable", "keys": "unavailable"},
        });
        assert_eq!(ready.body, away, "{}", fault.name);
        world.wait(10);
        let ready = send(app, health::handle, Sent::get("/readyz")).await;
        assert_eq!(ready.status, 200, "{}", fault.name);
    }
    assert!(world.wire.take().len() <= 3 * 2 * faults("GetItem").len());
}
