//! What the rows of a token's session look like when read: torn, in parts, malformed.

use serde_json::json;

use super::guarded::{ALL, Guarded};
use crate::calls::batch;
use crate::world::World;

const USER: &str = "1005";

#[tokio::test]
async fn a_session_of_an_earlier_epoch_is_read_once_more_and_refused() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let guarded = Guarded::new(&world).await;
    for epoch in [0, 2] {
        world
            .alter(&user.session_key(), |row| row["epoch"] = json!(epoch))
            .await;
        guarded
            .assert_refused(&world, "epoch", 2, |sent| sent.bearer(&user.access))
            .await;
    }
}

#[tokio::test]
async fn a_read_on_both_sides_of_a_password_change_is_made_once_more() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let guarded = Guarded::new(&world).await;
    let stale = world.json(&user.session_key()).await;
    for key in [user.session_key(), user.user_key()] {
        world.alter(&key, |row| row["epoch"] = json!(2)).await;
    }
    let rows = [
        stale,
        world.json(&user.user_key()).await,
        world.json(&user.tenant_key()).await,
    ];
    let torn = batch(&world.environment().config.table_name, &rows, &[]);
    for endpoint in ALL {
        world.wire.work();
        world.wire.first_reads(torn.clone(), 1);
        let received = guarded
            .ask(endpoint, |sent| sent.bearer(&user.access))
            .await;
        assert_ne!(received.status, 401, "{endpoint:?}");
        assert_eq!(world.wire.work().len(), 2, "{endpoint:?}");
    }
}

#[tokio::test]
async fn a_row_that_was_not_looked_for_is_asked_for_again_and_not_taken_for_missing() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let guarded = Guarded::new(&world).await;
    let table = &world.environment().config.table_name;
    let keys = [json!({
        "pk": {"S": format!("USER#{}", user.user)},
        "sk": {"S": "PROFILE"},
    })];
    let rows = [
        world.json(&user.session_key()).await,
        world.json(&user.tenant_key()).await,
    ];
    let partial = batch(table, &rows, &keys);
    let none = batch(table, &[], &keys);
    for endpoint in ALL {
        world.wire.work();
        world.wire.first_reads(partial.clone(), 1);
        let received = guarded
            .ask(endpoint, |sent| sent.bearer(&user.access))
            .await;
        assert_ne!(received.status, 401, "{endpoint:?}");
        assert_eq!(world.wire.work().len(), 2, "{endpoint:?}");
        // Three times nothing is no answer.
        world.wire.first_reads(none.clone(), 3);
        let received = guarded
            .ask(endpoint, |sent| sent.bearer(&user.access))
            .await;
        received.assert_unavailable();
        assert_eq!(world.wire.work().len(), 3, "{endpoint:?}");
    }
}

#[tokio::test]
async fn a_malformed_row_refuses_and_never_panics() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let guarded = Guarded::new(&world).await;
    let words = [
        "Internal server error",
        "Please retry, and quote request_id if it persists",
        "Internal server error",
    ];
    for key in [user.session_key(), user.user_key(), user.tenant_key()] {
        let before = world
            .alter(&key, |row| {
                row["status"] = json!(7);
                row["epoch"] = json!("one");
            })
            .await;
        for endpoint in ALL {
            let received = guarded
                .ask(endpoint, |sent| sent.bearer(&user.access))
                .await;
            received.assert_refusal(500, words, &[]);
        }
        world.put_json(&key, &before).await;
    }
}
