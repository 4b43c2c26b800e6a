//! A rotation, whose calls fail one after another: it ends all the same, or fails and ends when it
//! comes again.

use std::sync::atomic::{AtomicU32, Ordering};

use local::{KEYS_SECRET, PASSWORDS_SECRET};

use super::fault::{Fault, Repeated, faults};
use super::flow::{Need, operation};
use super::place::place;
use crate::rotation::{Begun, HOURS, is_sound, quick_world};
use crate::wire::Act;
use crate::world::World;

pub const KEYS: [(&str, Need); 8] = [
    ("description", Need::Must),
    ("pending ring", Need::Must),
    ("key ring", Need::Must),
    ("public keys", Need::Must),
    ("new ring", Need::Must),
    ("publish", Need::Must),
    ("promote", Need::Must),
    ("event", Need::Must),
];

pub const PASSWORDS: [(&str, Need); 6] = [
    ("description", Need::Must),
    ("pending ring", Need::Must),
    ("password keys", Need::Must),
    ("new ring", Need::Must),
    ("promote", Need::Must),
    ("event", Need::Must),
];

/// A rotation with one fault of one call, then the same without.
async fn try_one(world: &World, secret: &str, name: &'static str, fault: Fault, once: bool) {
    world.wait(48 * HOURS);
    let begun = match secret {
        KEYS_SECRET => Begun::keys(world).await,
        _ => Begun::passwords(world).await,
    };
    let broken = AtomicU32::new(0);
    world.wire.rule(move |call| {
        let breaks = place(call) == name && {
            let earlier = broken.fetch_add(1, Ordering::Relaxed);
            !once || earlier == 0
        };
        if breaks { (fault.act)(call) } else { Act::Pass }
    });
    let ended = begun.run().await;
    world.wire.heal();
    let case = format!("{name} {} {once}: {ended:?}", fault.name);
    let overcome =
        fault.repeated == Repeated::NoNeed || (once && fault.repeated == Repeated::Thrice);
    assert_eq!(ended.is_ok(), overcome, "{case}");
    assert_eq!(is_sound(world).await, Ok(()), "{case}");
    begun.run().await.expect("it comes again");
    assert!(begun.is_current(world).await, "{case}");
    assert_eq!(begun.events(world).await.len(), 1, "{case}");
    assert_eq!(is_sound(world).await, Ok(()), "{case}");
}

async fn try_each(secret: &str, calls: &[(&'static str, Need)]) {
    let world = quick_world().await;
    for (name, _) in calls {
        for fault in faults(operation(name)) {
            for once in [true, false] {
                if fault.only.is_none_or(|only| only == once) {
                    try_one(&world, secret, name, fault, once).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_rotation_of_the_keys_overcomes_what_passes_and_ends_when_it_comes_again() {
    try_each(KEYS_SECRET, &KEYS).await;
}

#[tokio::test]
async fn a_rotation_of_the_sealing_keys_overcomes_what_passes_and_ends_when_it_comes_again() {
    try_each(PASSWORDS_SECRET, &PASSWORDS).await;
}
