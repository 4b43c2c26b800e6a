//! Calls that are refused: what they cost, what is recorded of them, and what faults do to that.

use serde_json::json;
use shared::app::Verifying;

use super::{fleet, is_let_through, take, writes};
use crate::calls::events;
use crate::exchange::{Sent, send};
use crate::wire::{Act, Call, Turn};
use crate::world::{ADDRESS, START, World};

/// What becomes of each call.
type Rule = fn(&Call) -> Act;

fn counts(call: &Call) -> bool {
    call.operation == "UpdateItem" && call.touches("RATE#")
}

#[tokio::test]
async fn the_first_refusal_of_a_window_is_an_event_once_for_the_fleet() {
    let world = World::new().await;
    let fleet = fleet(&world, 3, 1).await;
    for window in 0..2 {
        assert!(is_let_through(&world, fleet[2]).await);
        world.wire.take();
        // The first of all counts itself and puts the event, the first of each other instance costs a
        // refused write, and the rest cost nothing.
        for (app, expected) in [(0, [1, 0, 1]), (1, [0, 1, 0]), (2, [0, 1, 0]), (0, [0; 3])] {
            assert!(!is_let_through(&world, fleet[app]).await);
            let calls = world.wire.take();
            assert_eq!(writes(&calls), expected, "{app}");
            for event in events(&calls) {
                let number = START.seconds() / 60 + window;
                let expected = json!({
                    "id": format!("address-{ADDRESS}-{number}"),
                    "type": "excess_rate_limit_exceeded",
                    "outcome": "failure",
                    "time": world.clock.now().millis().to_string(),
                    "ip": ADDRESS,
                    "user_agent": "test/1",
                    "request_id": "request",
                    "reason": "address",
                });
                assert_eq!(event, expected);
            }
        }
        world.wait(60);
    }
}

#[tokio::test]
async fn an_instance_that_was_refused_asks_nothing_until_the_window_ends() {
    let world = World::new().await;
    let [app] = fleet(&world, 1, 1).await[..] else {
        panic!("one instance");
    };
    take(&world, 1, 1).await;
    assert!(!is_let_through(&world, app).await);
    world.wire.take();
    world.wait_ms(59_999);
    for _ in 0..3 {
        assert!(!is_let_through(&world, app).await);
    }
    assert!(world.wire.take().is_empty());
    world.wait_ms(1);
    assert!(is_let_through(&world, app).await);
}

#[tokio::test]
async fn a_count_that_is_repeated_lets_fewer_through_and_never_more() {
    let world = World::new().await;
    let rules: [Rule; 3] = [
        |call| if counts(call) { Act::Twice } else { Act::Pass },
        |call| match call.attempt {
            1 if counts(call) => Act::Lose,
            _ => Act::Pass,
        },
        |call| match call.attempt {
            1 if counts(call) => Act::Hold,
            _ => Act::Pass,
        },
    ];
    for limit in [1, 2, 3, 10] {
        for (number, rule) in rules.into_iter().enumerate() {
            let fleet = fleet(&world, 2, limit).await;
            world.wire.rule(rule);
            let mut through = 0;
            for call in 0..20 {
                through += u32::from(is_let_through(&world, fleet[call % 2]).await);
                world.wire.release().await;
            }
            world.wire.heal();
            assert!(
                through <= limit && through >= limit / 2,
                "{through} of {limit}: {number}"
            );
            let pk = format!(
                "EVENT#address-{ADDRESS}-{}",
                world.clock.now().seconds() / 60
            );
            let rows = world.rows().await;
            assert!(
                rows.keys().any(|key| key.0 == pk),
                "no event of {limit}: {number}"
            );
            world.wait(60);
        }
    }
}

#[tokio::test]
async fn an_event_that_could_not_be_put_is_put_by_the_instances_next_refusal() {
    let world = World::with(|config| config.address_rate_limit = 1).await;
    let app: &Verifying = world.instance().await;
    let call = || Sent::get("/api/auth/me");
    assert_eq!(send(app, me::handle, call()).await.status, 401);
    world.wire.rule(|call| {
        if call.touches("EVENT#") {
            return Act::Fail(500, "InternalServerError");
        }
        Act::Pass
    });
    let received = send(app, me::handle, call()).await;
    received.assert_unavailable();
    assert_eq!(received.limit(), [1, 0, START.seconds() + 60]);
    world.wire.heal();
    world.wire.take();
    assert_eq!(send(app, me::handle, call()).await.status, 429);
    // Its count is refused, since it has taken the place of the first; it knows that by its own id.
    assert_eq!(writes(&world.wire.take()), [0, 1, 1]);
    assert_eq!(send(app, me::handle, call()).await.status, 429);
    assert!(world.wire.take().is_empty());
}

#[tokio::test]
async fn where_a_call_cannot_be_counted_it_is_refused_and_a_block_at_hand_is_used_up_first() {
    let world = World::new().await;
    let [app] = fleet(&world, 1, 1000).await[..] else {
        panic!("one instance");
    };
    for _ in 0..1000 {
        assert!(is_let_through(&world, app).await);
    }
    world.wait(60);
    assert!(is_let_through(&world, app).await);
    world.wire.rule(|_| Act::Refuse);
    let mut through = 1;
    while is_let_through(&world, app).await {
        through += 1;
    }
    assert_eq!(through, 1000 / 40);
    // That was no refusal by the limit, and is not remembered.
    world.wire.heal();
    assert!(is_let_through(&world, app).await);
}

#[tokio::test]
async fn an_instance_takes_blocks_again_when_one_was_not_had_or_not_waited_for() {
    let world = World::new().await;
    let [app] = fleet(&world, 1, 1000).await[..] else {
        panic!("one instance");
    };
    for _ in 0..1000 {
        assert!(is_let_through(&world, app).await);
    }
    world.wait(60);
    world.wire.rule(|_| Act::Refuse);
    assert!(!is_let_through(&world, app).await);
    let turn = Turn::default();
    let never = turn.clone().lock_owned().await;
    world
        .wire
        .rule(move |_| Act::Turn(turn.clone(), Box::new(Act::Pass)));
    tokio::select! {
        biased;
        _ = is_let_through(&world, app) => panic!("nobody has answered"),
        () = std::future::ready(()) => {}
    }
    drop(never);
    world.wire.heal();
    world.wire.take();
    for _ in 0..100 {
        assert!(is_let_through(&world, app).await);
    }
    // Blocks of 25, and then of a little more.
    assert_eq!(writes(&world.wire.take()), [4, 0, 0]);
}
