//! The access token in a request: where it may stand, and which are refused before the table is
//! asked anything.

use serde_json::json;
use shared::clock::Timestamp;
use shared::store::key::Key;

use super::guarded::Guarded;
use crate::exchange::Sent;
use crate::session::{access_claims, kid, tampered, with_kid};
use crate::world::{START, World};

/// Tenant 2001, whose access tokens live for 15 minutes.
const USER: &str = "1005";
const QUARTER_OF_AN_HOUR: u64 = 15 * 60;

#[tokio::test]
async fn a_token_is_taken_from_the_authorization_header_in_any_letter_case_of_its_scheme() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let guarded = Guarded::new(&world).await;
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
        let value = format!("{scheme} {}", user.access);
        guarded
            .assert_accepted(scheme, |sent| sent.header("authorization", &value))
            .await;
    }
}

#[tokio::test]
async fn a_token_anywhere_else_is_none() {
    let world = World::new().await;
    let token = &world.sign_in(USER).await.access;
    let guarded = Guarded::new(&world).await;
    for value in ["", "Bearer", "Bearer ", "Basic am9objpqb2hu", token] {
        guarded
            .assert_missing(&world, value, |sent| sent.header("authorization", value))
            .await;
    }
    guarded.assert_missing(&world, "nothing", |sent| sent).await;
    let in_query = |mut sent: Sent| {
        let event = sent.event();
        event["rawQueryString"] = json!(format!("access_token={token}&token={token}"));
        event["queryStringParameters"] = json!({"access_token": token, "token": token});
        sent
    };
    guarded.assert_missing(&world, "query", in_query).await;
    let body = json!({"access_token": token, "token": token, "accessToken": token});
    let in_body = |sent: Sent| {
        sent.header("content-type", "application/json")
            .body(&body.to_string())
    };
    guarded.assert_missing(&world, "body", in_body).await;
    let in_cookie = |sent: Sent| sent.header("cookie", &format!("token={token}"));
    guarded.assert_missing(&world, "cookie", in_cookie).await;
}

#[tokio::test]
async fn two_credentials_are_refused_even_where_both_are_good() {
    let world = World::new().await;
    let token = world.sign_in(USER).await.access;
    let guarded = Guarded::new(&world).await;
    for value in [
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {token},Basic am9objpqb2hu"),
        format!("Basic am9objpqb2hu, Bearer {token}"),
        format!("Bearer {token},"),
    ] {
        guarded
            .assert_refused(&world, "two", 0, |sent| {
                sent.header("authorization", &value)
            })
            .await;
    }
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_refused_without_asking_the_table() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let like = &user.access;
    let other_issuer = world
        .access_token(like, |claims| claims.iss = "https://other.example".into())
        .await;
    let other_audience = world
        .access_token(like, |claims| claims.aud = "gatehouse-prod".into())
        .await;
    let of_a_client = world
        .access_token(like, |claims| claims.client_id = claims.sub.to_string())
        .await;
    let of_another_client = world
        .access_token(like, |claims| claims.client_id = "nudgescribe".into())
        .await;
    let from_the_future = world.access_token(like, |claims| claims.iat += 61).await;
    let guarded = Guarded::new(&world).await;
    for (what, token) in [
        ("garbage", "garbage".to_owned()),
        ("null", "null".to_owned()),
        ("two parts", "e30.e30".to_owned()),
        ("over 8 KiB", "a".repeat(8193)),
        (
            "padded to over 8 KiB",
            format!("{like}{}", "A".repeat(8192)),
        ),
        ("tampered", tampered(like)),
        ("a refresh token", user.refresh.clone()),
        ("other issuer", other_issuer),
        ("other audience", other_audience),
        ("a client's own", of_a_client),
        ("another client's", of_another_client),
        ("made later than now", from_the_future),
    ] {
        guarded
            .assert_refused(&world, what, 0, |sent| sent.bearer(&token))
            .await;
    }
}

#[tokio::test]
async fn a_token_ends_when_its_time_is_there_to_the_millisecond() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    world.wait(QUARTER_OF_AN_HOUR - 1);
    let guarded = Guarded::new(&world).await;
    guarded
        .assert_accepted("a second before", |sent| sent.bearer(&user.access))
        .await;
    world.wait_ms(999);
    guarded
        .assert_accepted("just before", |sent| sent.bearer(&user.access))
        .await;
    world.wait_ms(1);
    assert_eq!(
        world.clock.now(),
        Timestamp::from_seconds(access_claims(&user.access).exp)
    );
    world.wire.work();
    guarded
        .assert_refused(&world, "expired", 0, |sent| sent.bearer(&user.access))
        .await;
}

#[tokio::test]
async fn a_token_whose_key_is_revoked_is_refused_once_the_instance_has_heard() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let informed_before = Guarded::new(&world).await;
    let revoked = kid(&user.access);
    let keys = Key::public_keys();
    world
        .alter(&keys, |row| row["revoked"] = json!([revoked]))
        .await;
    // It asks again only when a minute is over.
    world.wait_ms(59_999);
    informed_before
        .assert_accepted("within the minute", |sent| sent.bearer(&user.access))
        .await;
    world.wait_ms(1);
    world.wire.work();
    for guarded in [informed_before, Guarded::new(&world).await] {
        for endpoint in super::guarded::ALL {
            let give = |sent: Sent| sent.bearer(&user.access);
            assert_eq!(guarded.ask(endpoint, give).await.status, 401);
        }
    }
    let calls = world.wire.work();
    assert!(!calls.iter().any(|done| done.call.touches("USER#")));
}

#[tokio::test]
async fn an_unknown_key_has_the_keys_read_again_at_most_every_30_seconds() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let unknown = with_kid(&user.access, "unknown");
    let guarded = Guarded::new(&world).await;
    let give = |sent: Sent| sent.bearer(&unknown);
    world.wait_ms(29_999);
    guarded.assert_refused(&world, "too soon", 0, give).await;
    world.wait_ms(1);
    for endpoint in [
        super::guarded::Endpoint::Me,
        super::guarded::Endpoint::Validate,
    ] {
        assert_eq!(guarded.ask(endpoint, give).await.status, 401);
    }
    let calls = world.wire.work();
    let operations: Vec<_> = calls.iter().map(|done| &done.call.operation).collect();
    assert_eq!(operations, ["GetItem"]);
}

#[tokio::test]
async fn a_key_published_since_is_found_by_the_first_token_that_names_it() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let keys = Key::public_keys();
    let active = kid(&user.access);
    let before = world
        .alter(&keys, |row| {
            let keys = row["keys"].as_array_mut().expect("keys");
            keys.retain(|key| key["jwk"]["kid"] != json!(active));
        })
        .await;
    let guarded = Guarded::new(&world).await;
    world.put_json(&keys, &before).await;
    world.wait(30);
    assert_eq!(world.clock.now(), START.plus_seconds(30));
    guarded
        .assert_accepted("published since", |sent| sent.bearer(&user.access))
        .await;
}
