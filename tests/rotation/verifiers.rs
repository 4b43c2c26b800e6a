//! Tokens verify through rotations, whatever a verifier remembers.

use shared::app::{Sessions, Verifying};

use super::{HOURS, kid, ring, rotate};
use crate::exchange::{Sent, send};
use crate::session::{self, SignedIn};
use crate::world::World;

async fn is_accepted(world: &World, app: &'static Verifying, signed_in: &SignedIn) -> usize {
    world.wire.take();
    let sent = Sent::get("/api/auth/me").bearer(&signed_in.access);
    let answer = send(app, me::handle, sent).await;
    assert_eq!(answer.status, 200, "{}", answer.body["message"]);
    let calls = world.wire.take();
    let asked = calls.iter().filter(|done| done.call.touches("KEYS"));
    asked.count()
}

#[tokio::test]
async fn tokens_of_any_age_verify_after_three_rotations_in_a_day_and_no_warm_verifier_refuses_one()
{
    let world = World::new().await;
    let mut signed_in = Vec::new();
    let mut kids = Vec::new();
    for _ in 0..3 {
        signed_in.push(world.sign_in("user-123456").await);
        // Both have read the keys before the rotation; one of them almost a minute before.
        let minute_old = world.instance::<Verifying>().await;
        let minute_old_refresh = world.instance::<Sessions>().await;
        world.wait(59);
        let warm = world.instance::<Verifying>().await;
        rotate(&world).await;
        let new = world.sign_in("user-123456").await;
        let ring = ring(&world).await;
        assert_eq!(session::kid(&new.access), kid(&ring, "signing", "active"));
        assert_eq!(session::kid(&new.refresh), kid(&ring, "refresh", "active"));
        kids.push(session::kid(&new.access));
        for app in [warm, minute_old] {
            assert_eq!(
                is_accepted(&world, app, &new).await,
                0,
                "by what it remembers"
            );
        }
        let sent = Sent::refresh(&new.refresh);
        world.wire.take();
        let answer = send(minute_old_refresh, refresh::handle, sent).await;
        assert_eq!(answer.status, 200);
        let calls = world.wire.take();
        let secrets = calls
            .iter()
            .filter(|done| done.call.operation == "GetSecretValue");
        assert_eq!(secrets.count(), 0, "by what it remembers");
        // One that signs with what it remembers is accepted by those who know better.
        let old = send(
            minute_old_refresh,
            refresh::handle,
            Sent::refresh(&signed_in[0].refresh),
        );
        let old = old.await;
        assert_eq!(old.status, 200);
        let cold = world.instance::<Verifying>().await;
        signed_in[0] = SignedIn {
            access: old.member("accessToken").to_owned(),
            refresh: old.member("refreshToken").to_owned(),
            ..signed_in[0].clone()
        };
        signed_in.push(new);
        for signed_in in &signed_in {
            for app in [warm, minute_old, cold] {
                is_accepted(&world, app, signed_in).await;
            }
        }
        world.wait(4 * HOURS);
    }
    kids.dedup();
    assert_eq!(kids.len(), 3);
    // The last second of an access token's seven days: the oldest was signed by a key that is retired
    // since three rotations.
    let last = signed_in.last().expect("one").clone();
    world.wait(7 * 24 * HOURS - 4 * HOURS - 1 - 59);
    let app = world.instance::<Verifying>().await;
    is_accepted(&world, app, &last).await;
    // And refresh tokens, by the MAC keys of every age; those that were refreshed have moved on.
    let app = world.instance::<Sessions>().await;
    let first = send(app, refresh::handle, Sent::refresh(&signed_in[0].refresh)).await;
    assert_eq!(first.status, 200);
    for signed_in in &signed_in {
        let now = world.clock.now();
        let verified = app.verify_refresh_token(&signed_in.refresh, now).await;
        assert!(verified.expect("keys").is_ok());
    }
}
