//! Whether a token's session is live: decided by rows, never by claims.

use serde_json::{Value, json};
use shared::store::key::Key;

use super::guarded::{ALL, Guarded};
use crate::calls::events;
use crate::exchange::Sent;
use crate::session::SignedIn;
use crate::world::{ADDRESS, START, World};

const USER: &str = "1005";

/// A change of one row that ends a session: which row, and what becomes of it.
type Ending = (&'static str, fn(&SignedIn) -> Key, fn(&mut Value));

const ENDINGS: [Ending; 11] = [
    ("revoked", SignedIn::session_key, |row| {
        row["revoked_at"] = json!(START);
    }),
    ("expired", SignedIn::session_key, |row| {
        row["expires_at"] = json!(START.seconds());
    }),
    ("of another client", SignedIn::session_key, |row| {
        row["client_id"] = json!("nudgescribe");
    }),
    ("made before not_before", SignedIn::session_key, |row| {
        row["created_at"] = json!(-1);
    }),
    ("session gone", SignedIn::session_key, |row| {
        *row = Value::Null;
    }),
    ("user suspended", SignedIn::user_key, |row| {
        row["status"] = json!("suspended");
    }),
    ("user invited", SignedIn::user_key, |row| {
        row["status"] = json!("invited");
    }),
    ("user of another tenant", SignedIn::user_key, |row| {
        row["tenant_id"] = json!("acme");
    }),
    ("user gone", SignedIn::user_key, |row| *row = Value::Null),
    ("tenant suspended", SignedIn::tenant_key, |row| {
        row["status"] = json!("suspended");
    }),
    ("tenant gone", SignedIn::tenant_key, |row| {
        *row = Value::Null;
    }),
];

#[tokio::test]
async fn a_session_is_dead_by_any_of_its_rows_and_lives_again_with_it() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let guarded = Guarded::new(&world).await;
    for (what, key, ending) in ENDINGS {
        let before = world.alter(&key(&user), ending).await;
        guarded.assert_dead(&world, what, &user).await;
        world.put_json(&key(&user), &before).await;
        guarded
            .assert_accepted(what, |sent| sent.bearer(&user.access))
            .await;
        world.wire.work();
    }
}

#[tokio::test]
async fn an_expired_session_row_refuses_at_its_second_and_not_before() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let guarded = Guarded::new(&world).await;
    let soon = START.plus_seconds(10).seconds();
    world
        .alter(&user.session_key(), |row| row["expires_at"] = json!(soon))
        .await;
    world.wait_ms(9_999);
    guarded
        .assert_accepted("before", |sent| sent.bearer(&user.access))
        .await;
    world.wait_ms(1);
    world.wire.work();
    guarded.assert_dead(&world, "expired row", &user).await;
}

#[tokio::test]
async fn everybody_is_out_who_came_before_not_before() {
    let world = World::new().await;
    let early = world.sign_in(USER).await;
    world.wait(10);
    let young = world
        .access_token(&early.access, |claims| claims.iat += 10)
        .await;
    let late = world.sign_in(USER).await;
    let keys = Key::public_keys();
    world
        .alter(&keys, |row| {
            row["not_before"] = json!(START.plus_seconds(10));
        })
        .await;
    let guarded = Guarded::new(&world).await;
    guarded
        .assert_accepted("made at that moment", |sent| sent.bearer(&late.access))
        .await;
    world.wire.work();
    // The token alone says so; and where a refresh has made a younger one, the session does.
    guarded
        .assert_refused(&world, "token", 0, |sent| sent.bearer(&early.access))
        .await;
    guarded
        .assert_refused(&world, "session", 1, |sent| sent.bearer(&young))
        .await;
}

#[tokio::test]
async fn claims_that_name_other_rows_open_nothing() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let like = &user.access;
    let other_tenant = world
        .access_token(like, |claims| claims.tenant_id = "acme".into())
        .await;
    let other_user = world
        .access_token(like, |claims| claims.sub = "user-123456".into())
        .await;
    let other_session = world
        .access_token(like, |claims| claims.sid = "none".into())
        .await;
    let guarded = Guarded::new(&world).await;
    for (what, token) in [
        ("tenant", other_tenant),
        ("user", other_user),
        ("session", other_session),
    ] {
        guarded
            .assert_refused(&world, what, 1, |sent| sent.bearer(&token))
            .await;
    }
}

#[tokio::test]
async fn an_address_that_the_tenant_does_not_allow_is_refused_and_recorded() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let guarded = Guarded::new(&world).await;
    let networks = json!(["198.51.100.0/24", "2001:db8::/32"]);
    world
        .alter(&user.tenant_key(), |row| {
            row["policy"]["allowed_cidrs"] = networks;
        })
        .await;
    for address in ["198.51.100.9", "::ffff:198.51.100.9", "2001:db8::7"] {
        let give = |sent: Sent| sent.bearer(&user.access).from(address);
        guarded.assert_accepted(address, give).await;
    }
    for address in [ADDRESS, "198.51.101.1", "2001:db9::1"] {
        for endpoint in ALL {
            world.wire.work();
            let give = |sent: Sent| {
                let sent = sent.header("x-forwarded-for", "198.51.100.9");
                sent.bearer(&user.access).from(address).request_id("r-1")
            };
            let received = guarded.ask(endpoint, give).await;
            let message = "Requests from this address are not allowed";
            received.assert_refusal(403, ["Access denied", message, "Forbidden"], &[]);
            let calls = world.wire.work();
            assert_eq!(calls.len(), 2);
            let mut recorded = events(&calls);
            assert!(recorded[0]["id"].take().is_string());
            let expected = json!({
                "id": null,
                "type": "authz_fail",
                "outcome": "failure",
                "reason": "address",
                "time": START.millis().to_string(),
                "ip": address,
                "user_agent": "test/1",
                "request_id": "r-1",
                "actor": USER,
                "subject": USER,
                "tenant_id": "2001",
            });
            assert_eq!(recorded, [expected]);
        }
    }
    // Of a session that has ended, nobody is told.
    world
        .alter(&user.session_key(), |row| row["revoked_at"] = json!(START))
        .await;
    guarded.assert_dead(&world, "both", &user).await;
}
