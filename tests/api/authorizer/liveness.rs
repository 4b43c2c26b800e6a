//! Whether the session is live: looked up for every token, or for long ones alone.

use serde_json::{Value, json};
use shared::store::key::Key;

use super::{Asked, ask, no, user};
use crate::session::SignedIn;
use crate::world::World;

type Ending = (&'static str, fn(&SignedIn) -> Key, fn(&mut Value));

/// What ends a session, as it stands in each of its rows.
const ENDINGS: [Ending; 9] = [
    ("revoked", SignedIn::session_key, |row| {
        row["revoked_at"] = json!(1);
    }),
    ("expired", SignedIn::session_key, |row| {
        row["expires_at"] = json!(1);
    }),
    ("of another client", SignedIn::session_key, |row| {
        row["client_id"] = json!("robot");
    }),
    ("gone", SignedIn::session_key, |row| *row = Value::Null),
    ("of another epoch", SignedIn::user_key, |row| {
        row["epoch"] = json!(7);
    }),
    ("user suspended", SignedIn::user_key, |row| {
        row["status"] = json!("suspended");
    }),
    ("user of another tenant", SignedIn::user_key, |row| {
        row["tenant_id"] = json!("acme");
    }),
    ("user gone", SignedIn::user_key, |row| *row = Value::Null),
    ("tenant suspended", SignedIn::tenant_key, |row| {
        row["status"] = json!("suspended");
    }),
];

#[tokio::test]
async fn a_dead_session_opens_nothing_and_lives_again_with_its_rows() {
    let world = World::new().await;
    // Access tokens of the one live for a quarter of an hour, of the other for 7 days.
    for (id, yes) in [
        ("1005", user("1005", "2001", "member")),
        ("user-123456", user("user-123456", "nuxera", "physician")),
    ] {
        let app = world.instance().await;
        let session = world.sign_in(id).await;
        let asked = Asked::new(&session.access);
        for (what, key, ending) in ENDINGS {
            let before = world.alter(&key(&session), ending).await;
            assert_eq!(ask(app, asked.clone()).await, Ok(no()), "{id}, {what}");
            world.put_json(&key(&session), &before).await;
            assert_eq!(
                ask(app, asked.clone()).await,
                Ok(yes.clone()),
                "{id}, {what}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_that_lives_longer_than_an_hour_is_looked_up_whatever_the_setting_says() {
    let world = World::new().await;
    let app = world.trusting().await;
    let session = world.sign_in("1005").await;
    for (seconds, looked_up) in [(3600, false), (3601, true), (7 * 86_400, true)] {
        let token = world
            .access_token(&session.access, |claims| claims.exp = claims.iat + seconds)
            .await;
        let revoke = |row: &mut Value| row["revoked_at"] = json!(1);
        let before = world.alter(&session.session_key(), revoke).await;
        let answer = ask(app, Asked::new(&token)).await.unwrap();
        assert_eq!(answer["isAuthorized"], !looked_up, "{seconds}");
        world.put_json(&session.session_key(), &before).await;
        let answer = ask(app, Asked::new(&token)).await.unwrap();
        assert_eq!(answer["isAuthorized"], true, "{seconds}");
    }
}

#[tokio::test]
async fn epochs_that_differ_are_read_once_more() {
    let world = World::new().await;
    let app = world.instance().await;
    let session = world.sign_in("1005").await;
    let table = &world.environment().config.table_name;
    let mut rows = Vec::new();
    for key in [
        session.session_key(),
        session.user_key(),
        session.tenant_key(),
    ] {
        rows.push(world.json(&key).await);
    }
    rows[1]["epoch"] = json!(9);
    let torn = crate::calls::batch(table, &rows, &[]);
    world.wire.first_reads(torn.clone(), 1);
    let asked = Asked::new(&session.access);
    let yes = user("1005", "2001", "member");
    assert_eq!(ask(app, asked.clone()).await, Ok(yes));
    world.wire.first_reads(torn, 2);
    assert_eq!(ask(app, asked).await, Ok(no()));
    world.wire.heal();
}
