//! Many rotations of one token: one line, whoever asks how often and by which method.

use std::time::Duration;

use shared::app::Sessions;

use super::{Clients, count};
use crate::client::{ClientTokens, key, trace};
use crate::exchange::{Received, Sent, send};
use crate::races::fleet::{Verdict, check, statuses};
use crate::races::order::{FAULTS, Fault, Race, Racer};
use crate::wire::Call;

/// 64 rotations of one client token, and four of the one before it, at instances whose clocks are up
/// to five seconds apart.
async fn rotations(clients: &Clients, race: &Race, parallel: bool) -> Verdict {
    let first = ClientTokens::of(&clients.sign_in(0, &key()).await);
    let token = ClientTokens::of(&clients.traced(&first.refresh).await).refresh;
    let mut apps = Vec::new();
    for seconds in [0, 1, 2, 5] {
        let ahead = Duration::from_secs(seconds);
        apps.push(clients.world.instance_ahead::<Sessions>(ahead).await);
    }
    let mut racers: Vec<Racer<Received>> = Vec::new();
    for n in 0..64 {
        let sent = if n % 2 == 0 {
            trace(&token)
        } else {
            Sent::new("POST", "/v1/auth/refresh").bearer(&token)
        };
        racers.push(Box::pin(send(apps[n % 4], client_refresh::handle, sent)));
    }
    for app in &apps {
        racers.push(Box::pin(send(
            *app,
            client_refresh::handle,
            trace(&first.refresh),
        )));
    }
    let replies = clients.run(race, racers, parallel).await;
    let (ours, earlier) = replies.split_at(64);
    check(count(ours, 200) == 64, || {
        format!("rotations: {}", statuses(ours))
    })?;
    let successor = ours[0].member("refresh_token");
    let same = |reply: &Received| reply.member("refresh_token") == successor;
    check(ours.iter().all(same) && successor != token, || {
        "more than one line".to_owned()
    })?;
    let of_one_line = |reply: &Received| match reply.status {
        200 => reply.member("refresh_token") == token,
        status => status == 401,
    };
    check(earlier.iter().all(of_one_line), || {
        format!("earlier: {}", statuses(earlier))
    })?;
    let session = clients.world.json(&first.session_key()).await;
    check(
        session["generation"] == 3 && session["revoked_at"].is_null(),
        || format!("{} generations", session["generation"]),
    )?;
    let next = clients.traced(successor).await;
    check(next.status == 200, || format!("then {}", next.status))
}

#[tokio::test]
async fn sixty_four_rotations_of_one_client_token_continue_one_line_in_any_order() {
    let clients = Clients::new().await;
    for fault in FAULTS {
        for seed in 0..2 {
            let verdict = rotations(&clients, &Race::new(seed, fault), false).await;
            assert_eq!(verdict, Ok(()), "{fault:?}, seed {seed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_rotations_of_one_client_token_continue_one_line_in_parallel() {
    let clients = Clients::new().await;
    for fault in FAULTS {
        let verdict = rotations(&clients, &Race::new(7, fault), true).await;
        assert_eq!(verdict, Ok(()), "{fault:?}");
    }
}

#[tokio::test]
async fn without_the_condition_on_its_generation_a_clients_session_splits_in_lines() {
    let clients = Clients::new().await;
    let rotation = |call: &Call| call.operation == "UpdateItem" && call.touches("CSESSION#");
    let loose = Race::new(1, Fault::None).without_condition(rotation);
    assert!(rotations(&clients, &loose, false).await.is_err());
}
