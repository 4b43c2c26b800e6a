//! Instances whose clocks are 5 seconds apart never see theft where an answer was only lost.

use std::time::Duration;

use shared::app::{Sessions, Verifying};
use shared::clock::Clock;

use super::flow::claims;
use super::refresh::{session, signed_in};
use crate::exchange::{Sent, send};
use crate::world::{START, World};

/// The longest that a client waits before its repeat: a function's time, and a 503's `retry-after`.
const REPEATED_AFTER: u64 = 15 + 5;

/// Two instances, the second's clock so many milliseconds ahead of the first's.
async fn apart(world: &World, by: i64) -> ([&'static Sessions; 2], [Clock; 2]) {
    let start = START.millis() + 60_000;
    let clocks = [
        Clock::moved(shared::clock::Timestamp::from_millis(start - by.min(0))),
        Clock::moved(shared::clock::Timestamp::from_millis(start + by.max(0))),
    ];
    let first = world.instance_by(clocks[0].clone()).await;
    let second = world.instance_by(clocks[1].clone()).await;
    ([first, second], clocks)
}

#[tokio::test]
async fn a_lost_refresh_repeated_at_another_instance_is_no_reuse() {
    for by in [-5000, -1, 0, 1, 5000] {
        for seconds in [0, 1, REPEATED_AFTER] {
            let (world, tokens) = signed_in().await;
            let ([first, second], clocks) = apart(&world, by).await;
            let sent = Sent::refresh(tokens.member("refreshToken"));
            // Its answer never reaches the client.
            let lost = send(first, refresh::handle, sent.clone()).await;
            assert_eq!(lost.status, 200, "{}", lost.body["message"]);
            for clock in &clocks {
                clock.advance(Duration::from_secs(seconds));
            }
            let again = send(second, refresh::handle, sent).await;
            let name = format!(
                "{by} ms apart, {seconds} s later: {}",
                again.body["message"]
            );
            assert_eq!(again.status, 200, "{name}");
            let token = again.member("refreshToken");
            assert_eq!(token, lost.member("refreshToken"), "{name}");
            let row = session(&world.rows().await);
            assert!(row["revoked_at"].is_null(), "{name}");
            // And the line goes on, at the first of them.
            let next = send(first, refresh::handle, Sent::refresh(token)).await;
            assert_eq!(next.status, 200, "{name}");
            assert_eq!(
                claims(next.member("refreshToken"))["generation"],
                3,
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn a_replay_is_seen_as_one_by_clocks_that_are_apart() {
    for by in [-5000, 5000] {
        let (world, tokens) = signed_in().await;
        let ([first, second], clocks) = apart(&world, by).await;
        let sent = Sent::refresh(tokens.member("refreshToken"));
        assert_eq!(send(first, refresh::handle, sent.clone()).await.status, 200);
        for clock in &clocks {
            clock.advance(Duration::from_secs(36));
        }
        assert_eq!(send(second, refresh::handle, sent).await.status, 401);
        let row = session(&world.rows().await);
        assert!(!row["revoked_at"].is_null(), "{by}");
    }
}

#[tokio::test]
async fn a_token_of_an_instance_whose_clock_is_ahead_opens_at_one_whose_clock_is_behind() {
    for by in [-5000, 5000] {
        let (world, tokens) = signed_in().await;
        let ([first, _], clocks) = apart(&world, by).await;
        let checker = world.instance_by::<Verifying>(clocks[1].clone()).await;
        let sent = Sent::refresh(tokens.member("refreshToken"));
        let next = send(first, refresh::handle, sent).await;
        let sent = Sent::get("/api/auth/me").bearer(next.member("token"));
        assert_eq!(send(checker, me::handle, sent).await.status, 200, "{by}");
    }
}
