//! Many refreshes of one token: one line of tokens, whoever asks how often.

use std::time::Duration;

use super::fleet::{Fleet, PASSWORD, Tokens, Verdict, check, statuses};
use super::order::{FAULTS, Fault, Race, Racer};
use crate::exchange::{Received, Sent, send};
use crate::wire::Call;

/// How many refresh one token.
const RACERS: usize = 64;

/// 64 refreshes of one token, and four of the one before it, at instances whose clocks are up to five
/// seconds apart.
async fn race(fleet: &Fleet, race: &Race, parallel: bool) -> Verdict {
    let first = fleet.sign_in(PASSWORD).await;
    let token = Tokens::of(&fleet.refresh(0, &first.refresh).await).refresh;
    let mut apps = Vec::new();
    for seconds in [0, 1, 2, 5] {
        let ahead = Duration::from_secs(seconds);
        apps.push(fleet.world.instance_ahead(ahead).await);
    }
    apps[0] = fleet.world.instance().await;
    let mut racers: Vec<Racer<Received>> = Vec::new();
    for n in 0..RACERS {
        let app = apps[n % apps.len()];
        racers.push(Box::pin(send(app, refresh::handle, Sent::refresh(&token))));
    }
    for app in &apps {
        let sent = Sent::refresh(&first.refresh);
        racers.push(Box::pin(send(*app, refresh::handle, sent)));
    }
    let replies = if parallel {
        race.run_in_parallel(&fleet.world, racers).await
    } else {
        race.run(&fleet.world, racers).await
    };
    let (ours, earlier) = replies.split_at(RACERS);
    check(ours.iter().all(|reply| reply.status == 200), || {
        format!("refreshes: {}", statuses(ours))
    })?;
    let successor = ours[0].member("refreshToken");
    let same = ours
        .iter()
        .all(|reply| reply.member("refreshToken") == successor);
    check(same && successor != token, || {
        "more than one line".to_owned()
    })?;
    // The earlier token was repeated in time, or was found to have a successor's successor.
    let of_one_line = |reply: &Received| match reply.status {
        200 => reply.member("refreshToken") == token,
        status => status == 401,
    };
    check(earlier.iter().all(of_one_line), || {
        format!("refreshes of the token before: {}", statuses(earlier))
    })?;
    let session = fleet.session(&first.session()).await;
    check(
        session.generation == 3 && session.revoked_at.is_none(),
        || format!("{} generations", session.generation),
    )?;
    let next = fleet.refresh(0, successor).await;
    check(next.status == 200, || format!("then {}", next.status))?;
    check(fleet.takes(next.member("accessToken")).await, || {
        "the line is dead".to_owned()
    })
}

#[tokio::test]
async fn sixty_four_refreshes_of_one_token_continue_one_line_in_any_order() {
    let fleet = Fleet::new(1).await;
    for fault in FAULTS {
        for seed in 0..2 {
            let verdict = race(&fleet, &Race::new(seed, fault), false).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_refreshes_of_one_token_continue_one_line_in_parallel() {
    let fleet = Fleet::new(1).await;
    for fault in FAULTS {
        let verdict = race(&fleet, &Race::new(7, fault), true).await;
        assert_eq!(verdict, Ok(()), "{fault:?}");
    }
}

#[tokio::test]
async fn without_the_condition_on_its_generation_a_session_splits_in_lines() {
    let fleet = Fleet::new(1).await;
    let rotation = |call: &Call| call.operation == "UpdateItem" && call.touches("SESSION#");
    let loose = Race::new(1, Fault::None).without_condition(rotation);
    assert!(race(&fleet, &loose, false).await.is_err());
}
