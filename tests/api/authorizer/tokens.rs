//! Which tokens open a team's own API, and what its functions are told.

use authorizer::Authorizer;
use serde_json::json;
use shared::store::key::Key;

use super::clients::robot;
use super::{Asked, ask, no, user};
use crate::calls::{cost, events};
use crate::session::{access_claims, tampered, with_kid};
use crate::world::World;

#[tokio::test]
async fn a_users_call_is_let_through_with_the_role_that_is_stored_now() {
    let world = World::new().await;
    let app = world.instance().await;
    let john = world.sign_in("user-123456").await;
    let asked = Asked::new(&john.access);
    let yes = user("user-123456", "nuxera", "physician");
    assert_eq!(ask(app, asked.clone()).await, Ok(yes));
    world
        .alter(&john.user_key(), |row| row["role"] = json!("surgeon"))
        .await;
    let yes = user("user-123456", "nuxera", "surgeon");
    assert_eq!(ask(app, asked).await, Ok(yes));
}

#[tokio::test]
async fn a_yes_costs_one_read_beside_the_counts() {
    let world = World::new().await;
    let app: &Authorizer = world.instance().await;
    let user = world.sign_in("1005").await;
    let robot = robot(&world).await;
    for token in [&user.access, &robot.access] {
        world.wire.take();
        let answer = ask(app, Asked::new(token)).await.unwrap();
        assert_eq!(answer["isAuthorized"], true);
        let calls = world.wire.take();
        let reads = calls
            .iter()
            .filter(|done| done.call.operation == "BatchGetItem");
        assert_eq!(reads.count(), 1);
        assert!(
            calls.iter().all(|done| {
                done.call.operation == "BatchGetItem" || done.call.touches("RATE#")
            })
        );
        assert_eq!(events(&calls), [json!(null); 0]);
    }
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_refused_and_nothing_is_read() {
    let world = World::new().await;
    let app = world.instance().await;
    let good = world.sign_in("1005").await;
    let token = &good.access;
    let expired = world
        .access_token(token, |claims| (claims.iat, claims.exp) = (0, claims.iat))
        .await;
    let other_stage = world
        .access_token(token, |claims| claims.aud = "gatehouse-prod".to_owned())
        .await;
    let other_issuer = world
        .access_token(token, |claims| {
            claims.iss = "https://f6g7h8i9j0.execute-api.eu-north-1.amazonaws.com".to_owned();
        })
        .await;
    let of_others = world
        .access_token(token, |claims| claims.client_id = "other".to_owned())
        .await;
    for (what, authorization) in [
        ("empty", String::new()),
        ("no token", "Bearer ".to_owned()),
        ("another scheme", format!("Basic {token}")),
        ("no scheme", token.clone()),
        ("two", format!("Bearer {token}, Bearer {token}")),
        ("garbage", "Bearer e30.e30.e30".to_owned()),
        ("too long", format!("Bearer {}", "a".repeat(9000))),
        ("another signature", format!("Bearer {}", tampered(token))),
        (
            "an unknown key",
            format!("Bearer {}", with_kid(token, "nobody's")),
        ),
        ("a refresh token", format!("Bearer {}", good.refresh)),
        ("expired", format!("Bearer {expired}")),
        ("of another stage", format!("Bearer {other_stage}")),
        ("of the team's API", format!("Bearer {other_issuer}")),
        ("of another client", format!("Bearer {of_others}")),
    ] {
        world.wire.take();
        let answer = ask(app, Asked::with(&authorization)).await;
        assert_eq!(answer, Ok(no()), "{what}");
        let calls = world.wire.take();
        let counts = calls.iter().filter(|done| done.call.touches("RATE#"));
        // An unknown key has the keys read again, at most every 30 seconds.
        let keys = calls.iter().filter(|done| done.call.operation == "GetItem");
        assert_eq!(counts.count() + keys.count(), calls.len(), "{what}");
        assert_eq!(events(&calls), [json!(null); 0], "{what}");
    }
    assert_eq!(access_claims(token).sub.as_str(), "1005");
    let answer = ask(app, Asked::new(token)).await;
    assert_eq!(answer, Ok(user("1005", "2001", "member")));
}

#[tokio::test]
async fn the_token_comes_from_the_authorization_header_alone() {
    let world = World::new().await;
    let app = world.instance().await;
    let token = world.sign_in("1005").await.access;
    let mut elsewhere = Asked::new(&token);
    let headers = elsewhere.0["headers"].as_object_mut().unwrap();
    headers.remove("authorization");
    headers.insert(
        "x-authorization".to_owned(),
        json!(format!("Bearer {token}")),
    );
    elsewhere.0["cookies"] = json!([format!("token={token}")]);
    elsewhere.0["queryStringParameters"] = json!({"access_token": token});
    assert_eq!(ask(app, elsewhere).await, Ok(no()));
    let mut other_case = Asked::new(&token);
    let headers = other_case.0["headers"].as_object_mut().unwrap();
    let value = headers.remove("authorization").unwrap();
    headers.insert("Authorization".to_owned(), value);
    let answer = ask(app, other_case).await.unwrap();
    assert_eq!(answer["isAuthorized"], true);
}

#[tokio::test]
async fn everybody_is_out_who_came_before_not_before_and_a_revoked_key_opens_nothing() {
    let world = World::new().await;
    let user = world.sign_in("1005").await;
    let asked = Asked::new(&user.access);
    let keys = Key::public_keys();
    let later = world.clock.now().plus_seconds(10);
    let kid = crate::session::kid(&user.access);
    for (member, value) in [("not_before", json!(later)), ("revoked", json!([kid]))] {
        let before = world.alter(&keys, |row| row[member] = value).await;
        for app in [world.instance().await, world.trusting().await] {
            assert_eq!(ask(app, asked.clone()).await, Ok(no()), "{member}");
        }
        world.put_json(&keys, &before).await;
    }
    let app: &Authorizer = world.instance().await;
    world.wire.take();
    assert_eq!(ask(app, asked).await.unwrap()["isAuthorized"], true);
    let (requests, _) = cost(&world.wire.take());
    assert!(requests <= 3, "{requests}");
}
