//! The audit log and the metrics: an answer, or 503. Several requests go out at once here; whatever is
//! asked of each, one that fails is enough.

use std::sync::atomic::{AtomicBool, Ordering};

use metrics::Metrics;
use serde_json::json;
use shared::app::{App, Verifying};
use shared::error::Error;
use shared::http::{Answer, Request};
use shared::store::key::Key;

use super::another_tenant::NAMED;
use super::fault::{Repeated, faults};
use super::flow::Need::{self, Cold, Must};
use super::flow::operation;
use super::place::place;
use super::refresh::signed_in;
use crate::exchange::{Sent, send};
use crate::wire::Act;
use crate::world::World;

/// The calls of the audit log.
pub const LIST: [(&str, Need); 5] = [
    ("address count", Must),
    ("public keys", Cold),
    ("session", Must),
    ("tenant count", Must),
    ("log", Must),
];

/// The calls of the metrics.
pub const METRICS: [(&str, Need); 1] = [("counters", Must)];

/// Breaks each of `calls` in each way, for good and once, and asserts that the answer is 503 or as usual.
async fn each_fault<A, H, F>(
    world: &World,
    handle: H,
    calls: &[(&'static str, Need)],
    sent: &Sent,
    usual: u16,
) where
    A: App,
    H: Fn(&'static A, Request) -> F + Copy,
    F: Future<Output = Result<Answer, Error>>,
{
    for (name, need) in calls {
        // A late answer is `me`'s to try: time stands while several calls are on their way.
        let faults = faults(operation(name)).into_iter();
        for fault in faults.filter(|fault| !fault.name.contains("late")) {
            for once in [true, false] {
                if fault.only.is_some_and(|only| only != once) {
                    continue;
                }
                let app: &A = if *need == Cold {
                    world.cold_instance()
                } else {
                    world.instance().await
                };
                let (name, broken) = (*name, AtomicBool::new(false));
                world.wire.rule(move |call| {
                    let breaks =
                        place(call) == name && (!once || !broken.swap(true, Ordering::Relaxed));
                    if breaks { (fault.act)(call) } else { Act::Pass }
                });
                let received = send(app, handle, sent.clone()).await;
                world.wire.heal();
                let overcome = fault.repeated == Repeated::NoNeed
                    || (once && fault.repeated == Repeated::Thrice);
                let what = format!("{name} {} {once}", fault.name);
                if overcome {
                    assert_eq!(received.status, usual, "{what}");
                } else {
                    received.assert_unavailable();
                }
            }
        }
    }
}

#[tokio::test]
async fn the_audit_log_answers_a_page_or_503() {
    let (world, tokens) = signed_in().await;
    let user = Key::user(&"user-123456".into());
    let sent = Sent::get("/api/v1/audit-log")
        .query("from", "2025-03-01T00:00:00Z")
        .bearer(tokens.member("token"));
    world.alter(&user, |row| row["role"] = json!("admin")).await;
    each_fault::<Verifying, _, _>(&world, list_audit_log::handle, &LIST, &sent, 200).await;
    // A refusal is recorded, and stays one.
    world
        .alter(&user, |row| row["role"] = json!("viewer"))
        .await;
    let event = [("event", Must)];
    each_fault::<Verifying, _, _>(&world, list_audit_log::handle, &event, &sent, 403).await;
}

#[tokio::test]
async fn the_audit_log_of_a_tenant_that_a_super_admin_names_is_a_page_or_503() {
    let (world, tokens) = signed_in().await;
    let user = Key::user(&"user-123456".into());
    world
        .alter(&user, |row| row["role"] = json!("super_admin"))
        .await;
    let sent = Sent::get("/api/v1/audit-log")
        .query("from", "2025-03-01T00:00:00Z")
        .query("tenant_id", "nudgescribe")
        .bearer(tokens.member("token"));
    // There is no such tenant in this world yet, whatever the call of it does.
    let missing = send(
        world.instance::<Verifying>().await,
        list_audit_log::handle,
        sent.clone(),
    );
    assert_eq!(missing.await.status, 404);
    let tenant = world.json(&Key::tenant(&"nuxera".into())).await;
    let named = Key::tenant(&"nudgescribe".into());
    world.put_json(&named, &tenant).await;
    each_fault::<Verifying, _, _>(&world, list_audit_log::handle, &NAMED, &sent, 200).await;
}

#[tokio::test]
async fn the_metrics_are_answered_or_503() {
    let (world, _) = signed_in().await;
    let sent = Sent::get("/metrics");
    each_fault::<Metrics, _, _>(&world, metrics::handle, &METRICS, &sent, 200).await;
}
