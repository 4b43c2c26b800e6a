//! The audit log read forwards and followed: every event once, however late its row, whatever breaks.

use std::collections::{BTreeMap, BTreeSet};

use shared::app::Verifying;
use shared::auth::audit_log::follow::Follower;
use shared::auth::audit_log::forward::forward;
use shared::auth::audit_log::{Position, Sought};
use shared::clock::Timestamp;
use shared::error::Error;
use shared::id::{EventId, TenantId};
use shared::store::event::{Event, EventType, Outcome};
use shared::store::key::audit_position;

use crate::wire::Act;
use crate::world::{START, World};

/// An event of tenant 2001, so many milliseconds after the test begins.
pub fn event(id: &str, after: i64) -> Event {
    Event {
        id: EventId::from(id),
        kind: EventType::AuthnLoginSuccess,
        outcome: Outcome::Success,
        time: Timestamp::from_millis(START.millis() + after),
        ip: "203.0.113.7".to_owned(),
        user_agent: "test/1".to_owned(),
        request_id: "request-1".to_owned(),
        actor: Some("1005".into()),
        subject: Some("1005".into()),
        tenant_id: Some(TenantId::from("2001")),
        reason: None,
        key_id: None,
        from: None,
        to: None,
        previous_ip: None,
    }
}

fn sought(from: Option<Timestamp>, to: Option<Timestamp>) -> Sought {
    Sought {
        tenant: "2001".into(),
        kind: None,
        actor: None,
        from,
        to,
    }
}

fn ids<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<String> {
    events
        .into_iter()
        .map(|event| event.id.to_string())
        .collect()
}

/// All pages from a position on, and how many there were.
async fn all(app: &Verifying, sought: &Sought, mut after: Option<Position>) -> (Vec<Event>, usize) {
    let (mut events, mut pages) = (Vec::new(), 0);
    loop {
        let page = forward(app, sought, after.as_ref(), app.clock.now()).await;
        let (page, next) = page.expect("a page");
        events.extend(page);
        pages += 1;
        assert!(pages < 1000, "it does not end");
        if next.is_none() {
            return (events, pages);
        }
        assert_ne!(next, after, "it does not go on");
        after = next;
    }
}

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn a_span_is_read_oldest_first_over_days_and_shards_and_from_any_event_on() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    // Three hundred over a week, several at the same moment.
    let events: Vec<Event> = (0..300)
        .map(|number| event(&format!("event-{number}"), -(number / 3) * HOUR * 5 / 3))
        .collect();
    world.store.put_audit(&events, 400).await.unwrap();
    let mut expected = events.clone();
    expected.sort_by_key(audit_position);
    let from = Some(START.plus_seconds(-8 * 86_400));
    let (read, _) = all(app, &sought(from, None), None).await;
    assert_eq!(ids(&read), ids(&expected));
    for place in [0, 1, 150, 298, 299] {
        let after = Position::of(&expected[place]);
        let (read, _) = all(app, &sought(from, None), Some(after)).await;
        assert_eq!(ids(&read), ids(&expected[place + 1..]), "{place}");
    }
    // Both ends belong to a span, which need not be days.
    let (first, last) = (expected[50].time, expected[200].time);
    let within = expected
        .iter()
        .filter(|event| (first..=last).contains(&event.time));
    let (read, _) = all(app, &sought(Some(first), Some(last)), None).await;
    assert_eq!(ids(&read), ids(within));
}

#[tokio::test]
async fn a_day_of_more_rows_than_one_look_takes_is_read_in_pages_that_hold_no_more() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    let events: Vec<Event> = (0..5000)
        .map(|number| event(&format!("event-{number}"), -number))
        .collect();
    world.store.put_audit(&events, 400).await.unwrap();
    let from = Some(START.plus_seconds(-60));
    let sought = sought(from, None);
    let (mut read, mut after) = (BTreeSet::new(), None);
    let (mut last, mut pages) = (String::new(), 0);
    loop {
        let page = forward(app, &sought, after.as_ref(), world.clock.now()).await;
        let (page, next) = page.unwrap();
        assert!(page.len() <= 4000, "{}", page.len());
        pages += 1;
        for event in &page {
            let position = audit_position(event);
            assert!(position > last, "{position} after {last}");
            assert!(read.insert(event.id.to_string()));
            last = position;
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(read.len(), 5000);
    assert!(pages >= 2, "{pages}");
}

#[tokio::test]
async fn what_is_chosen_by_type_and_actor_is_found_and_nothing_else() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    let mut events: Vec<Event> = (0..40)
        .map(|number| event(&format!("event-{number}"), -number))
        .collect();
    events[7].kind = EventType::SysKeyRevoked;
    events[9].actor = Some("100".into());
    world.store.put_audit(&events, 400).await.unwrap();
    let from = Some(START.plus_seconds(-60));
    let of_kind = Sought {
        kind: Some(EventType::SysKeyRevoked),
        ..sought(from, None)
    };
    assert_eq!(ids(&all(app, &of_kind, None).await.0), ["event-7"]);
    let of_actor = Sought {
        actor: Some("100".to_owned()),
        ..sought(from, None)
    };
    assert_eq!(ids(&all(app, &of_actor, None).await.0), ["event-9"]);
    let of_nobody = Sought {
        tenant: "-".into(),
        ..sought(from, None)
    };
    assert_eq!(all(app, &of_nobody, None).await.0, []);
    let mut nobodys = event("nobodys", -1);
    nobodys.tenant_id = None;
    world.store.put_audit(&[nobodys], 400).await.unwrap();
    assert_eq!(ids(&all(app, &of_nobody, None).await.0), ["nobodys"]);
}

/// How late a row may come, in seconds.
const LATE: i64 = 60;

#[tokio::test]
async fn a_follower_gives_each_event_once_though_rows_come_late_and_calls_fail() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    // From shortly before midnight on, one every 700 ms; each row comes up to a minute later.
    world.wait((18 * 3600) + (28 * 60));
    let began = world.clock.now();
    let mut arriving: BTreeMap<i64, Vec<Event>> = BTreeMap::new();
    let mut expected = BTreeSet::new();
    for number in 0..600_i64 {
        let time = Timestamp::from_millis(began.millis() + 1 + number * 700);
        let delay = (number * 7919) % (LATE * 1000 - 2500);
        let id = format!("event-{number}");
        let late = Event {
            time,
            ..event(&id, 0)
        };
        expected.insert(id);
        arriving
            .entry(time.millis() + delay)
            .or_default()
            .push(late);
    }
    let mut follower = Follower::new(sought(None, None), LATE, began);
    let (mut given, mut failures) = (BTreeSet::new(), 0);
    for look in 0..260 {
        let now = world.clock.now();
        let later = arriving.split_off(&(now.millis() + 1));
        for (_, rows) in std::mem::replace(&mut arriving, later) {
            world.store.put_audit(&rows, 400).await.unwrap();
        }
        // Every seventh look, the table is away.
        if look % 7 == 3 {
            world.wire.rule(|_| Act::Fail(500, "InternalServerError"));
        }
        match follower.poll(app, now).await {
            Ok((events, _)) => {
                for event in events {
                    assert!(given.insert(event.id.to_string()), "{} twice", event.id);
                }
            }
            Err(error) => {
                assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
                failures += 1;
            }
        }
        world.wire.heal();
        world.wait(2);
    }
    assert!(failures > 10);
    assert!(arriving.is_empty(), "all rows have come");
    let missing: Vec<_> = expected.difference(&given).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[tokio::test]
async fn a_follower_that_starts_in_the_past_catches_up_page_by_page_and_goes_on() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    let events: Vec<Event> = (0..9000)
        .map(|number| event(&format!("old-{number}"), -30_000 - number * 10))
        .collect();
    world.store.put_audit(&events, 400).await.unwrap();
    let from = Some(START.plus_seconds(-3 * 86_400));
    let now = world.clock.now();
    let mut follower = Follower::new(sought(from, None), LATE, now);
    let (mut given, mut polls) = (Vec::new(), 0);
    loop {
        let (events, more) = follower.poll(app, now).await.unwrap();
        given.extend(ids(&events));
        polls += 1;
        if polls == 3 {
            // It comes late, while what lies after it is read.
            let late = event("late", -45_000);
            world.store.put_audit(&[late], 400).await.unwrap();
        }
        assert!(polls < 100, "it does not come to an end");
        if !more {
            break;
        }
    }
    world.wait(2);
    let (events, _) = follower.poll(app, world.clock.now()).await.unwrap();
    given.extend(ids(&events));
    let once: BTreeSet<_> = given.iter().collect();
    assert_eq!((given.len(), once.len()), (9001, 9001));
}

#[tokio::test]
async fn a_follower_shows_nothing_from_before_it_began() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    let old = event("old", -1000);
    world.store.put_audit(&[old], 400).await.unwrap();
    let mut follower = Follower::new(sought(None, None), LATE, world.clock.now());
    assert_eq!(
        follower.poll(app, world.clock.now()).await,
        Ok((vec![], false))
    );
    let new = event("new", 1);
    world
        .store
        .put_audit(std::slice::from_ref(&new), 400)
        .await
        .unwrap();
    world.wait(2);
    let polled = follower.poll(app, world.clock.now()).await;
    assert_eq!(polled, Ok((vec![new], false)));
}
