//! The function is killed between any two of its calls, before or after one has had its effect; then
//! the steps come again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Begun, HOURS, is_sound, kid, quick_world, ring, ring_of};
use crate::wire::{Act, Call};

/// Lets so many calls through, then nothing any more; the next may arrive all the same.
fn kill(after: usize, arrives: bool) -> impl Fn(&Call) -> Act + Send + Sync + 'static {
    let seen = Arc::new(AtomicUsize::new(0));
    move |_| match seen.fetch_add(1, Ordering::Relaxed) {
        place if place < after => Act::Pass,
        place if place == after && arrives => Act::Lose,
        _ => Act::Refuse,
    }
}

#[tokio::test]
async fn killed_between_any_two_calls_a_rotation_of_the_keys_ends_when_it_comes_again() {
    let world = quick_world().await;
    let mut after = 0;
    loop {
        let mut survived = 0;
        for arrives in [false, true] {
            world.wait(48 * HOURS);
            let before = ring(&world).await;
            let begun = Begun::keys(&world).await;
            world.wire.rule(kill(after, arrives));
            let killed = begun.run().await;
            world.wire.heal();
            survived += usize::from(killed.is_ok());
            // Whatever is left, everybody can go on.
            assert_eq!(is_sound(&world).await, Ok(()), "{after} {arrives}");
            begun.run().await.expect("it comes again");
            assert!(begun.is_current(&world).await, "{after} {arrives}");
            assert_eq!(begun.events(&world).await.len(), 1, "{after} {arrives}");
            assert_eq!(is_sound(&world).await, Ok(()), "{after} {arrives}");
            let ring = ring(&world).await;
            let promoted = kid(&ring, "signing", "active");
            assert_eq!(promoted, kid(&before, "signing", "next"), "once");
            let version = |ring: &serde_json::Value| ring["version"].as_u64();
            assert_eq!(version(&ring), version(&before).map(|version| version + 1));
        }
        if survived == 2 {
            break;
        }
        after += 1;
        assert!(after < 60, "it never ends");
    }
    // Four steps look at the secret, three read the pending ring, and so on.
    assert!(after >= 14, "{after} calls");
}

#[tokio::test]
async fn killed_between_any_two_calls_a_rotation_of_the_sealing_keys_ends_when_it_comes_again() {
    let world = quick_world().await;
    let mut after = 0;
    loop {
        let mut survived = 0;
        for arrives in [false, true] {
            world.wait(48 * HOURS);
            let before = ring_of(&world, local::PASSWORDS_SECRET).await;
            let begun = Begun::passwords(&world).await;
            world.wire.rule(kill(after, arrives));
            let killed = begun.run().await;
            world.wire.heal();
            survived += usize::from(killed.is_ok());
            begun.run().await.expect("it comes again");
            assert!(begun.is_current(&world).await, "{after} {arrives}");
            assert_eq!(begun.events(&world).await.len(), 1, "{after} {arrives}");
            let ring = ring_of(&world, local::PASSWORDS_SECRET).await;
            let promoted = kid(&ring, "sealing", "active");
            assert_eq!(promoted, kid(&before, "sealing", "next"), "once");
        }
        if survived == 2 {
            break;
        }
        after += 1;
        assert!(after < 60, "it never ends");
    }
}
