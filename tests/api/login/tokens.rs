//! The tokens that a login hands out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared::app::{Sessions, SignIn, Verifying};
use shared::id::{SessionId, UserId};
use shared::keys::SigningAlgorithm;
use shared::store::key::Key;
use shared::store::parse;
use shared::store::session::Session;

use super::{change_tenant, post, without_address_limit};
use crate::agreement::openapi::OpenApi;
use crate::exchange::{Sent, send};
use crate::session::tampered;
use crate::world::{START, World};

const DAY: i64 = 86_400;

/// Header and claims of a JWT, unverified.
fn parts(token: &str) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{} parts", parts.len());
    let part = |index: usize| {
        let bytes = URL_SAFE_NO_PAD.decode(parts[index]).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    (part(0), part(1))
}

#[tokio::test]
async fn a_login_by_each_algorithm_opens_what_it_should() {
    for algorithm in SigningAlgorithm::ALL {
        let world = World::new().await;
        world.sign_by(algorithm).await;
        let app = world.instance::<SignIn>().await;
        let reply = post(app, Sent::login("user@example.com", "password")).await;
        let token = reply.member("token");
        let (header, _) = parts(token);
        assert_eq!(header["alg"], json!(algorithm), "{algorithm}");
        let me = Sent::get("/api/auth/me").bearer(token);
        let verifying = world.instance::<Verifying>().await;
        assert_eq!(send(verifying, me::handle, me).await.status, 200);
        let bad = Sent::get("/api/auth/me").bearer(&tampered(token));
        assert_eq!(send(verifying, me::handle, bad).await.status, 401);
        let sessions = world.instance::<Sessions>().await;
        let again = Sent::refresh(reply.member("refreshToken"));
        let again = send(sessions, refresh::handle, again).await;
        assert_eq!(again.status, 200, "{}", again.text);
        let jwks = Sent::get("/.well-known/jwks.json");
        let jwks = send(verifying, jwks::handle, jwks).await;
        for key in jwks.body["keys"].as_array().unwrap() {
            assert_eq!(key["alg"], json!(algorithm));
        }
        let objections = OpenApi::read().objections("GET /.well-known/jwks.json", &jwks);
        assert!(objections.is_empty(), "{objections:?}");
    }
}

#[tokio::test]
async fn tokens_outlive_a_change_of_algorithm() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let me = || Sent::get("/api/auth/me").bearer(&user.access);
    let before = world.json(&Key::public_keys()).await;
    world.sign_by(SigningAlgorithm::Es256).await;
    let app = world.instance::<Verifying>().await;
    assert_eq!(
        send(app, me::handle, me()).await.status,
        401,
        "its key is gone"
    );
    let keys = before["keys"].as_array().unwrap().clone();
    world
        .alter(&Key::public_keys(), |row| {
            row["keys"].as_array_mut().unwrap().extend(keys);
        })
        .await;
    let app = world.instance::<Verifying>().await;
    assert_eq!(send(app, me::handle, me()).await.status, 200);
    let sign_in = world.instance::<SignIn>().await;
    let reply = post(sign_in, Sent::login("user@example.com", "password")).await;
    assert_eq!(parts(reply.member("token")).0["alg"], "ES256");
}

#[tokio::test]
async fn the_tokens_say_what_the_contract_says_and_live_as_the_tenant_says() {
    let world = World::new().await;
    let app = world.instance::<SignIn>().await;
    let users = [
        ("doc@nuxera.ai", "Abcd1234", "nuxera", "physician", 7 * DAY),
        (
            "john@example.com",
            "securePassword123",
            "acme",
            "admin",
            DAY,
        ),
        ("user@example.com", "password", "2001", "member", 900),
    ];
    let mut ids = Vec::new();
    for (email, password, tenant, role, lifetime) in users {
        let reply = post(app, Sent::login(email, password)).await;
        assert_eq!(reply.body["expiresIn"], lifetime);
        let (header, claims) = parts(reply.member("token"));
        let kid = header["kid"].as_str().expect("a kid");
        let ring = app.keys.get(START).await.expect("a ring");
        let published = app.base.published(START).await.expect("public keys");
        let signer = ring.signer(&published).expect("a signing key");
        assert_eq!(kid, signer.kid());
        assert_eq!(header, json!({"typ": "at+jwt", "alg": "RS256", "kid": kid}));
        let (sid, jti) = (&claims["sid"], &claims["jti"]);
        let expected = json!({
            "iss": "http://127.0.0.1:9000",
            "aud": "gatehouse-local",
            "sub": reply.body["userId"],
            "client_id": "gatehouse",
            "sid": sid,
            "jti": jti,
            "iat": START.seconds(),
            "exp": START.seconds() + lifetime,
            "email": email,
            "tenant_id": tenant,
            "role": role,
        });
        assert_eq!(claims, expected);

        let (header, refresh) = parts(reply.member("refreshToken"));
        assert_eq!(
            (&header["typ"], &header["alg"]),
            (&json!("rt+jwt"), &json!("HS256"))
        );
        let expected = json!({
            "kind": "user",
            "sub": reply.body["userId"],
            "tenant_id": tenant,
            "sid": sid,
            "generation": 1,
            "exp": START.seconds() + 15 * DAY,
            "session_exp": START.seconds() + 90 * DAY,
        });
        assert_eq!(refresh, expected);
        ids.extend([sid.clone(), jti.clone()]);
    }
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    assert_eq!(ids.len(), 6, "no id twice");
}

#[tokio::test]
async fn without_an_issuer_of_its_own_the_api_is_the_issuer_whatever_the_host_header_says() {
    let world = World::new().await;
    let app = world
        .instance_with::<SignIn>(|config| config.issuer = String::new())
        .await;
    let sent = Sent::login("user@example.com", "password").header("host", "evil.example.com");
    let reply = post(app, sent).await;
    let (_, claims) = parts(reply.member("token"));
    assert_eq!(
        claims["iss"],
        "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"
    );
}

#[tokio::test]
async fn a_tenants_policy_sets_lifetimes_and_may_turn_refresh_tokens_off() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    let now = START.seconds();
    // Access, idle and session lifetime; then the access token's life, the refresh token's end, the
    // session's end, and the row's.
    let cases = [
        (
            (true, Some(60), Some(120), Some(300)),
            (60, Some(120), 300, 120),
        ),
        (
            (true, Some(600), Some(120), Some(900)),
            (600, Some(120), 900, 600),
        ),
        // No token outlives its session.
        (
            (true, Some(900), Some(900), Some(300)),
            (300, Some(300), 300, 300),
        ),
        (
            (true, None, None, None),
            (900, Some(15 * DAY), 90 * DAY, 15 * DAY),
        ),
        // No verifier keeps a key for longer.
        (
            (true, Some(30 * DAY), Some(100 * DAY), Some(200 * DAY)),
            (14 * DAY, Some(90 * DAY), 90 * DAY, 90 * DAY),
        ),
        // The session ends with its access token.
        ((false, Some(600), None, None), (600, None, 600, 600)),
        ((false, None, Some(DAY), Some(DAY)), (900, None, 900, 900)),
    ];
    for ((refresh_tokens, access, idle, session), (lifetime, refresh, ends, expires)) in cases {
        change_tenant(&world, "2001", |tenant| {
            tenant.policy.refresh_tokens = refresh_tokens;
            tenant.policy.access_token_seconds = access;
            tenant.policy.refresh_idle_seconds = idle;
            tenant.policy.refresh_max_seconds = session;
        })
        .await;
        let reply = post(app, Sent::login("user@example.com", "password")).await;
        let (_, claims) = parts(reply.member("token"));
        assert_eq!(reply.body["expiresIn"], lifetime);
        assert_eq!(claims["exp"], now + lifetime);
        let sid = SessionId::from(claims["sid"].as_str().expect("a session"));
        let row = world.row(&Key::session(&UserId::from("1005"), &sid)).await;
        let row: Session = parse(row.expect("a session"), "session").expect("a row");
        assert_eq!(row.refresh_expires_at, refresh.map(|refresh| now + refresh));
        assert_eq!((row.ends_at, row.expires_at), (now + ends, now + expires));
        assert_eq!(row.mac_kid.is_some(), refresh_tokens);
        match refresh {
            Some(refresh) => {
                let (_, claims) = parts(reply.member("refreshToken"));
                assert_eq!(claims["exp"], now + refresh);
                assert_eq!(claims["session_exp"], now + ends);
            }
            None => assert_eq!(reply.body["refreshToken"], Value::Null),
        }
    }
}
