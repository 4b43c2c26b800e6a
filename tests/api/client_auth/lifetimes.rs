//! How long a client's tokens live.

use serde_json::{Value, json};
use shared::app::Sessions;
use shared::store::key::Key;

use crate::client::{ClientTokens, TENANT, auth, claims, key, refresh_by};
use crate::exchange::{Received, Sent, send};
use crate::world::{START, World};

const DAY: u64 = 86_400;

async fn refreshed(world: &World, token: &str) -> Received {
    let app: &Sessions = world.instance().await;
    send(app, client_refresh::handle, refresh_by(token)).await
}

async fn status(world: &World, token: &str) -> u16 {
    let app: &Sessions = world.instance().await;
    let sent = Sent::new("POST", "/v1/auth/refresh").bearer(token);
    send(app, client_refresh::handle, sent).await.status
}

#[tokio::test]
async fn an_access_token_lives_14_days_and_a_refresh_token_15_from_its_last_use() {
    let world = World::new().await;
    let tokens = world.sign_in_client(&key()).await;
    let other = world.sign_in_client(&key()).await;
    world.wait(14 * DAY - 1);
    assert_eq!(status(&world, &tokens.access).await, 200);
    world.wait(1);
    assert_eq!(status(&world, &tokens.access).await, 401);
    world.wait(DAY - 1);
    let received = refreshed(&world, &tokens.refresh).await;
    let next = ClientTokens::of(&received);
    assert_eq!(received.body["expires_in"], json!(14 * DAY));
    assert_eq!(received.body["refresh_expires_in"], json!(15 * DAY));
    world.wait(1);
    assert_eq!(refreshed(&world, &other.refresh).await.status, 401);
    assert_eq!(status(&world, &next.access).await, 200);
}

#[tokio::test]
async fn a_session_ends_90_days_after_the_key_was_used_however_often_it_is_refreshed() {
    let world = World::new().await;
    let mut tokens = world.sign_in_client(&key()).await;
    let end = START.plus_seconds(90 * 86_400).seconds();
    for _ in 0..6 {
        world.wait(14 * DAY);
        tokens = ClientTokens::of(&refreshed(&world, &tokens.refresh).await);
    }
    assert_eq!(claims(&tokens.access)["exp"], json!(end));
    assert_eq!(claims(&tokens.refresh)["exp"], json!(end));
    world.wait(6 * DAY - 1);
    assert_eq!(status(&world, &tokens.access).await, 200);
    tokens = ClientTokens::of(&refreshed(&world, &tokens.refresh).await);
    assert_eq!(claims(&tokens.access)["exp"], json!(end));
    world.wait(1);
    assert_eq!(status(&world, &tokens.access).await, 401);
    assert_eq!(refreshed(&world, &tokens.refresh).await.status, 401);
}

/// The lifetimes of a new client's tokens: access token, refresh token, session.
async fn lifetimes(world: &World, app: &'static Sessions) -> [Value; 3] {
    let received = send(app, client_auth::handle, auth(&key())).await;
    let tokens = ClientTokens::of(&received);
    let session = claims(&tokens.refresh)["session_exp"].as_i64();
    let session = session.expect("an end") - world.clock.now().seconds();
    let body = received.body;
    [
        body["expires_in"].clone(),
        body["refresh_expires_in"].clone(),
        json!(session),
    ]
}

#[tokio::test]
async fn settings_and_the_tenants_policy_say_how_long_and_users_lifetimes_do_not() {
    let world = World::new().await;
    let app: &Sessions = world
        .instance_with(|config| {
            config.access_token_seconds = 61;
            config.refresh_idle_seconds = 62;
            config.refresh_max_seconds = 63;
            config.client_access_token_seconds = 100;
            config.client_refresh_idle_seconds = 200;
            config.client_refresh_max_seconds = 300;
        })
        .await;
    assert_eq!(
        lifetimes(&world, app).await,
        [json!(100), json!(200), json!(300)]
    );
    world
        .alter(&Key::tenant(&TENANT.into()), |row| {
            row["policy"]["access_token_seconds"] = json!(64);
            row["policy"]["refresh_tokens"] = json!(false);
            row["policy"]["client_access_token_seconds"] = json!(1000);
            row["policy"]["client_refresh_idle_seconds"] = json!(2000);
            row["policy"]["client_refresh_max_seconds"] = json!(3000);
        })
        .await;
    assert_eq!(
        lifetimes(&world, app).await,
        [json!(1000), json!(2000), json!(3000)]
    );
    // No policy reaches beyond what a verifier keeps a retired key for.
    world
        .alter(&Key::tenant(&TENANT.into()), |row| {
            for lifetime in ["access_token", "refresh_idle", "refresh_max"] {
                row["policy"][format!("client_{lifetime}_seconds")] = json!(365 * DAY);
            }
        })
        .await;
    let most = [json!(14 * DAY), json!(90 * DAY), json!(90 * DAY)];
    assert_eq!(lifetimes(&world, app).await, most);
}
