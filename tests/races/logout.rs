//! A refresh racing a logout: afterwards no token of the session works, whatever each was answered.

use serde_json::json;
use shared::id::UserId;
use shared::store::key::Key;

use super::fleet::{Fleet, PASSWORD, Tokens, USER, Verdict, check, statuses};
use super::order::{FAULTS, Fault, Race, Racer};
use crate::exchange::Received;
use crate::wire::{Act, Call};

async fn race(fleet: &Fleet, race: &Race) -> Verdict {
    let first = fleet.sign_in(PASSWORD).await;
    let tokens = Tokens::of(&fleet.refresh(0, &first.refresh).await);
    let logout = if race.dice().once_in(2) {
        fleet.logout(0, &first.access)
    } else {
        fleet.logout_by_refresh(0, &tokens.refresh)
    };
    let mut racers: Vec<Racer<Received>> = vec![logout];
    racers.extend((0..4).map(|n| fleet.refresh(n, &tokens.refresh)));
    let replies = race.run(&fleet.world, racers).await;
    let refreshed = replies[1..]
        .iter()
        .all(|reply| matches!(reply.status, 200 | 401));
    check(replies[0].status == 200 && refreshed, || statuses(&replies))?;
    let row = fleet.session_row(&first.session()).await;
    check(row.contains_key("revoked_at"), || {
        "it is not revoked".to_owned()
    })?;
    // Nothing writes on an ended session: its last event is its end.
    let event = row["event"].as_m().expect("an event");
    check(
        event["type"]
            .as_s()
            .is_ok_and(|kind| kind == "session_expired"),
        || "an ended session went on".to_owned(),
    )?;
    let mut all = Tokens::of_all(&replies);
    all.extend([first, tokens]);
    for tokens in &all {
        check(!fleet.live(tokens).await, || {
            format!("a token works: {}", statuses(&replies))
        })?;
    }
    Ok(())
}

#[tokio::test]
async fn no_token_of_a_session_works_after_its_logout_whatever_raced_it() {
    let fleet = Fleet::new(2).await;
    for fault in FAULTS {
        for seed in 0..10 {
            let verdict = race(&fleet, &Race::new(seed, fault)).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

/// The tokens of a session that went on after its end are dead even so, since `revoked_at` stays;
/// but the client was told that they are good.
#[tokio::test]
async fn without_its_condition_a_refresh_goes_on_with_an_ended_session() {
    let fleet = Fleet::new(2).await;
    let rotation = |call: &Call| {
        call.touches("SESSION#")
            && call.body["UpdateExpression"]
                .to_string()
                .contains("generation")
    };
    for seed in 0..20 {
        let loose = Race::new(seed, Fault::None).without_condition(rotation);
        if race(&fleet, &loose).await.is_err() {
            return;
        }
    }
    panic!("it never went wrong");
}

/// A logout's other condition: of a session that is not there it makes no row.
#[tokio::test]
async fn a_logout_makes_no_row_of_a_session_that_is_gone() {
    let fleet = Fleet::new(1).await;
    for act in [Act::Pass, Act::Unconditional] {
        // The table says that it has made the session, and has not.
        fleet.world.wire.rule(|call| {
            if call.operation == "PutItem" && call.touches("SESSION#") {
                Act::Answer(json!({}))
            } else {
                Act::Pass
            }
        });
        let tokens = fleet.sign_in(PASSWORD).await;
        let made = matches!(act, Act::Unconditional);
        fleet.world.wire.rule(move |call| {
            if call.operation == "UpdateItem" {
                act.clone()
            } else {
                Act::Pass
            }
        });
        assert_eq!(fleet.logout(0, &tokens.access).await.status, 200);
        fleet.world.wire.heal();
        let user = UserId::from(USER);
        let row = fleet
            .world
            .row(&Key::session(&user, &tokens.session()))
            .await;
        assert_eq!(row.is_some(), made);
    }
}
