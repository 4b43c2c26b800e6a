//! `GET /api/v1/audit-log`.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::app::Verifying;
use shared::clock::Timestamp;
use shared::id::{EventId, TenantId};
use shared::store::event::{Event, EventType, Outcome};

use crate::exchange::{Received, Sent, send};
use crate::session::SignedIn;
use crate::world::{ADDRESS, START, World};

const ALICE: &str = "00000000-0000-0000-0000-000000000010";
const ALICES: &str = "00000000-0000-0000-0000-000000000001";
const VICTORS_ROLE: &str = "viewer";

/// An admin's view of the log.
struct Log {
    world: World,
    app: &'static Verifying,
    admin: SignedIn,
}

impl Log {
    async fn new() -> Self {
        let world = World::with(|config| config.address_rate_limit = 1_000_000).await;
        Self {
            app: world.instance().await,
            admin: world.sign_in(ALICE).await,
            world,
        }
    }

    async fn ask(&self, parameters: &[(&str, &str)]) -> Received {
        let sent = Sent::get("/api/v1/audit-log").bearer(&self.admin.access);
        let sent = parameters
            .iter()
            .fold(sent, |sent, (name, value)| sent.query(name, value));
        send(self.app, list_audit_log::handle, sent).await
    }

    /// A page: the ids of its events, and its cursor.
    async fn page(&self, parameters: &[(&str, &str)]) -> (Vec<String>, Option<String>) {
        let received = self.ask(parameters).await;
        assert_eq!(received.status, 200, "{}", received.text);
        let events = received.body["events"].as_array().expect("events").iter();
        let ids = events.map(|event| event["id"].as_str().expect("an id").to_owned());
        let next = received.body["next_cursor"].as_str().map(str::to_owned);
        (ids.collect(), next)
    }

    /// The ids of all pages.
    async fn all(&self, parameters: &[(&str, &str)]) -> Vec<String> {
        let (mut ids, mut next) = self.page(parameters).await;
        let mut pages = 1;
        while let Some(cursor) = next {
            let mut more = parameters.to_vec();
            more.push(("cursor", &cursor));
            let (page, after) = self.page(&more).await;
            ids.extend(page);
            assert_ne!(after.as_ref(), Some(&cursor), "it does not go on");
            next = after;
            pages += 1;
            assert!(pages < 200, "it does not end");
        }
        ids
    }

    async fn put(&self, events: &[Event]) {
        self.world
            .store
            .put_audit(events, 400)
            .await
            .expect("the table answers");
    }
}

/// An event of Alice's tenant, so many milliseconds before the test begins.
fn event(id: &str, before: i64) -> Event {
    Event {
        id: EventId::from(id),
        kind: EventType::AuthnLoginSuccess,
        outcome: Outcome::Success,
        time: Timestamp::from_millis(START.millis() - before),
        ip: ADDRESS.to_owned(),
        user_agent: "test/1".to_owned(),
        request_id: "request-1".to_owned(),
        actor: Some(ALICE.into()),
        subject: Some(ALICE.into()),
        tenant_id: Some(TenantId::from(ALICES)),
        reason: None,
        key_id: None,
        from: None,
        to: None,
        previous_ip: None,
    }
}

const HOUR: i64 = 3_600_000;

/// Events over so many days, one every five hours, newest first.
fn over(days: i64) -> Vec<Event> {
    let events =
        (0..days * 24 / 5).map(|number| event(&format!("event-{number}"), number * 5 * HOUR));
    events.collect()
}

fn ids(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.id.to_string()).collect()
}

#[tokio::test]
async fn an_event_is_shown_with_all_its_members_absent_ones_as_null() {
    let log = Log::new().await;
    let full = Event {
        kind: EventType::AuthzChange,
        reason: Some("role".to_owned()),
        key_id: Some("key-1".into()),
        from: Some("admin".to_owned()),
        to: Some(VICTORS_ROLE.to_owned()),
        previous_ip: Some("192.0.2.1".to_owned()),
        ..event("full", 0)
    };
    let bare = Event {
        kind: EventType::AuthnLoginFail,
        outcome: Outcome::Failure,
        actor: None,
        subject: None,
        ..event("bare", 1)
    };
    log.put(&[bare, full]).await;
    let received = log.ask(&[]).await;
    let expected = json!({
        "events": [
            {
                "id": "full", "type": "authz_change", "outcome": "success",
                "time": "2025-03-01T05:29:00.000Z", "actor": ALICE, "subject": ALICE,
                "tenant_id": ALICES, "ip": ADDRESS, "user_agent": "test/1",
                "request_id": "request-1", "reason": "role", "key_id": "key-1", "from": "admin",
                "to": "viewer", "previous_ip": "192.0.2.1",
            },
            {
                "id": "bare", "type": "authn_login_fail", "outcome": "failure",
                "time": "2025-03-01T05:28:59.999Z", "actor": null, "subject": null,
                "tenant_id": ALICES, "ip": ADDRESS, "user_agent": "test/1",
                "request_id": "request-1", "reason": null, "key_id": null, "from": null,
                "to": null, "previous_ip": null,
            },
        ],
        "next_cursor": received.body["next_cursor"],
    });
    assert_eq!(received.body, expected);
    received.assert_headers(&[]);
}

#[tokio::test]
async fn pages_of_any_size_give_every_event_once_newest_first_across_days_without_events() {
    let log = Log::new().await;
    let mut events = over(12);
    // Several of one moment, and one far back.
    events.extend((0..9).map(|number| event(&format!("same-{number}"), 2 * HOUR)));
    events.push(event("old", 399 * 24 * HOUR));
    log.put(&events).await;
    events.sort_by(|one, other| (other.time, &other.id).cmp(&(one.time, &one.id)));
    let expected = ids(&events);
    for limit in ["1", "2", "3", "7", "50", "200"] {
        assert_eq!(log.all(&[("limit", limit)]).await, expected, "{limit}");
    }
}

/// Parameters, and whether they keep the event at a place.
type Case<'a> = (&'a [(&'a str, &'a str)], fn(usize) -> bool);

#[tokio::test]
async fn filters_choose_by_type_actor_and_time() {
    let log = Log::new().await;
    let mut events = over(4);
    for event in events.iter_mut().step_by(3) {
        event.kind = EventType::SessionExpired;
    }
    for event in events.iter_mut().step_by(4) {
        event.actor = Some("client-1".into());
    }
    log.put(&events).await;
    let time = |place: usize| events[place].time.to_string();
    let (from, to) = (time(12), time(2));
    let cases: [Case<'_>; 6] = [
        (&[("type", "session_expired")], |place| place % 3 == 0),
        (&[("actor", "client-1")], |place| place % 4 == 0),
        (&[("actor", "nobody")], |_| false),
        (&[("from", &from)], |place| place <= 12),
        (&[("to", &to)], |place| place >= 2),
        (
            &[
                ("from", &from),
                ("to", &to),
                ("type", "session_expired"),
                ("actor", "client-1"),
            ],
            |place| place % 12 == 0 && (2..=12).contains(&place),
        ),
    ];
    for (parameters, keeps) in cases {
        let kept = events.iter().enumerate().filter(|(place, _)| keeps(*place));
        let expected: Vec<_> = kept.map(|(_, event)| event.id.to_string()).collect();
        assert_eq!(log.all(parameters).await, expected, "{parameters:?}");
        let mut paged = parameters.to_vec();
        paged.push(("limit", "1"));
        assert_eq!(
            log.all(&paged).await,
            expected,
            "{parameters:?}, one by one"
        );
    }
    // Any offset, and an order that leaves nothing.
    let offset = &[("from", "2025-03-01T06:29:00+01:00")][..];
    assert_eq!(log.all(offset).await, ["event-0"]);
    assert_eq!(
        log.page(&[("from", &to), ("to", &from)]).await,
        (Vec::new(), None)
    );
}

#[tokio::test]
async fn one_call_looks_at_no_more_than_a_month_and_some_thousand_rows() {
    let log = Log::new().await;
    log.put(&[event("old", 60 * 24 * HOUR)]).await;
    log.world.wire.take();
    let (page, next) = log.page(&[]).await;
    assert_eq!(page, Vec::<String>::new());
    assert!(next.is_some());
    let queries = log.world.wire.take();
    let queries = queries.iter().filter(|done| done.call.operation == "Query");
    let units: Vec<f64> = queries.map(|done| done.units).collect();
    assert_eq!(units.len(), 31 * 4);
    assert!(units.iter().all(|units| *units <= 0.5));
    assert_eq!(log.all(&[]).await, ["old"]);
}

#[tokio::test]
async fn what_has_expired_is_not_shown_whether_or_not_it_is_still_there() {
    let log = Log::new().await;
    let events = [
        event("new", 0),
        event("old", 400 * 24 * HOUR),
        event("short", 2 * 24 * HOUR),
    ];
    log.put(&events[..2]).await;
    log.world
        .store
        .put_audit(&events[2..], 1)
        .await
        .expect("the table answers");
    assert_eq!(log.all(&[]).await, ["new"]);
    let until = [("to", "2025-02-28T00:00:00Z")];
    assert_eq!(log.all(&until).await, Vec::<String>::new());
}

#[tokio::test]
async fn parameters_that_are_none_are_400_and_are_not_quoted() {
    let log = Log::new().await;
    let encode = |position| shared::http::page::cursor("events", position);
    let long = format!("2025-03-01T05:28:42.148Z#{}", "a".repeat(257));
    let forged = [
        "AUDIT#nuxera#2025-03-01#0",
        "2025-03-01",
        "2025-03-01T05:28:42Z#a",
        "x",
        &long,
    ]
    .map(encode);
    let more = [
        "2025-03-01T05:28:42.148Z#",
        "2025-13-01T05:28:42.148Z#a",
        "2025-03-01T05:28:42.148+",
        "2025-03-01T05:28:42.14é#a",
    ];
    let more = more.map(encode);
    let cursors = forged
        .iter()
        .chain(&more)
        .map(|cursor| ("cursor", cursor.as_str()));
    let others = [
        ("cursor", "not base64url!"),
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "+1"),
        ("type", "login"),
        ("type", "AuthnLoginFail"),
        ("from", "yesterday"),
        ("from", "2026-03-01"),
        ("to", "1740806922"),
        ("to", "2026-03-01T05:28:42"),
    ];
    for (name, value) in cursors.chain(others) {
        let received = log.ask(&[(name, value)]).await;
        assert_eq!(received.status, 400, "{name}={value}");
        let message = received.member("message").to_owned();
        assert!(
            message.starts_with(name) && (value.len() < 3 || !message.contains(value)),
            "{message}"
        );
        received.assert_refusal(400, ["Bad request", &message, &message], &[]);
    }
}

#[tokio::test]
async fn a_cursor_holds_a_position_and_nothing_of_whose_log_it_is() {
    let log = Log::new().await;
    let others = Event {
        tenant_id: Some("nuxera".into()),
        ..event("another tenant's", 2)
    };
    log.put(&[event("newer", 1), others, event("older", 3)])
        .await;
    for (position, expected) in [
        ("2025-03-01T05:28:59.999Z#newer", &["older"][..]),
        ("9999-12-31T23:59:59.999Z#x", &["newer", "older"]),
        ("2025-03-01T05:28:59.998Z", &["older"]),
        ("0001-01-01T00:00:00.000Z#x", &[]),
        ("0001-01-01T00:00:00.000Z", &[]),
    ] {
        let cursor = shared::http::page::cursor("events", position);
        assert_eq!(
            log.all(&[("cursor", &cursor)]).await,
            expected,
            "{position}"
        );
    }
}

#[tokio::test]
async fn admins_see_their_own_tenant_and_a_super_admin_any_and_nobody_else_sees_a_log() {
    let log = Log::new().await;
    let others = Event {
        tenant_id: Some("nuxera".into()),
        ..event("nuxeras", 1)
    };
    let nobodys = Event {
        tenant_id: None,
        ..event("nobodys", 1)
    };
    log.put(&[event("own", 1), others, nobodys]).await;
    assert_eq!(log.all(&[]).await, ["own"]);
    assert_eq!(log.all(&[("tenant_id", ALICES)]).await, ["own"]);
    for tenant in ["nuxera", "-", "nowhere", "nuxera#2025-03-01"] {
        assert_eq!(
            log.ask(&[("tenant_id", tenant)]).await.status,
            404,
            "{tenant}"
        );
    }
    let alice = log.admin.user_key();
    log.world
        .alter(&alice, |row| row["role"] = json!("super_admin"))
        .await;
    assert_eq!(log.all(&[]).await, ["own"]);
    assert_eq!(log.all(&[("tenant_id", "nuxera")]).await, ["nuxeras"]);
    for tenant in ["-", "nowhere"] {
        assert_eq!(
            log.ask(&[("tenant_id", tenant)]).await.status,
            404,
            "{tenant}"
        );
    }
    for role in ["viewer", "member", "administrator"] {
        log.world
            .alter(&alice, |row| row["role"] = json!(role))
            .await;
        let words = "Insufficient permissions. This action requires admin role.";
        let received = log.ask(&[]).await;
        received.assert_refusal(403, [words, words, "Forbidden"], &[]);
    }
    let sent = Sent::get("/api/v1/audit-log");
    let received = send(log.app, list_audit_log::handle, sent).await;
    assert_eq!(received.status, 401);
}

#[tokio::test]
async fn reading_the_log_changes_no_row_of_it() {
    let log = Log::new().await;
    log.put(&over(3)).await;
    let before = crate::stream::log(&log.world.rows().await);
    log.all(&[("limit", "3")]).await;
    assert_eq!(crate::stream::log(&log.world.rows().await), before);
    let shards: BTreeSet<_> = before.keys().map(|(pk, _)| pk.rsplit('#').next()).collect();
    assert_eq!(shards.len(), 4, "{shards:?}");
    assert!(before.values().all(|row| row["event"] == Value::Null));
}
