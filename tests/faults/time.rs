//! However late AWS is, a function answers before its own 15 seconds are over.

use std::time::Duration;

use serde_json::json;
use shared::app::{Changing, Sessions, SignIn};

use super::fault::cancelled;
use super::flow::small_world;
use super::place::place;
use super::refresh::signed_in;
use crate::exchange::{Sent, send};
use crate::wire::{Act, Call, Wire};
use crate::world::World;

type Late = fn(&Call) -> Act;

/// Ways of being late: each call as long as a try may take, or as long as all its tries may.
const LATES: [(&str, Late); 4] = [
    ("each try just in time", |_| {
        Act::Slow(Duration::from_millis(990))
    }),
    ("each call just in time", |call| {
        Act::Slow(Duration::from_millis(match call.attempt {
            1 | 2 => 1500,
            _ => 400,
        }))
    }),
    ("each call too late", |_| Act::Slow(Duration::from_secs(5))),
    ("no answers", |_| Act::Slow(Duration::from_secs(30))),
];

/// The milliseconds that a request takes where everything is late.
async fn spent(world: &World, wire: &Wire, late: Late, request: impl Future<Output = u16>) -> i64 {
    let began = world.clock.now().millis();
    wire.rule(late);
    let status = request.await;
    wire.heal();
    assert!([200, 503].contains(&status), "{status}");
    world.clock.now().millis() - began
}

#[tokio::test]
async fn a_login_ends_within_the_functions_time_however_late_everything_is() {
    let world = small_world().await;
    let app = world
        .instance_with::<SignIn>(|config| config.login_free_failures = 1)
        .await;
    for (name, late) in LATES {
        // With cold keys, and a count that has to be made with a wait.
        let wrong = Sent::login("doctor.smith", "wrong");
        send(app, login::handle, wrong).await;
        world.wait(901);
        let sent = Sent::login("doctor.smith", "secure-password");
        let request = async { send(app, login::handle, sent).await.status };
        let spent = spent(&world, &world.wire, late, request).await;
        assert!((990..13_000).contains(&spent), "{name}: {spent} ms");
        world.wait(3600);
    }
}

#[tokio::test]
async fn a_refresh_ends_within_the_functions_time_however_late_everything_is() {
    let (world, tokens) = signed_in().await;
    let app = world.instance::<Sessions>().await;
    for (name, late) in LATES {
        let rows = world.rows().await;
        world.wait(901);
        let sent = Sent::refresh(tokens.member("refreshToken"));
        let request = async { send(app, refresh::handle, sent).await.status };
        let spent = spent(&world, &world.wire, late, request).await;
        assert!((990..13_000).contains(&spent), "{name}: {spent} ms");
        world.restore(&rows).await;
    }
}

#[tokio::test]
async fn a_password_change_that_others_overtake_is_given_up_before_the_functions_time_is_over() {
    let (world, tokens) = signed_in().await;
    let app = world.instance::<Changing>().await;
    let body = json!({"currentPassword": "secure-password", "newPassword": "another-password"});
    let sent = Sent::post("/api/auth/change-password", &body).bearer(tokens.member("token"));
    let rows = world.rows().await;
    // With cold keys: eight calls one after another, of 2.4 s each.
    world.wait(901);
    let began = world.clock.now().millis();
    let (_, late) = LATES[1];
    world.wire.rule(move |call| match place(call) {
        "change" => cancelled(call, "ConditionalCheckFailed"),
        _ => late(call),
    });
    let received = send(app, change_password::handle, sent).await;
    world.wire.heal();
    let spent = world.clock.now().millis() - began;
    assert_eq!(received.status, 503, "{}", received.body["message"]);
    assert!(spent < 13_000, "{spent} ms");
    let changed = super::flow::changed(&rows, &world.rows().await);
    assert!(!changed.contains("USER"), "{changed:?}");
}
