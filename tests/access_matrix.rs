//! Who may call what: every route of the template against every kind of caller, no cell unchecked.
//!
//! A new route needs a row in [`table::rows`], with the status that each of [`CALLERS`] gets, and a line in
//! [`functions::Functions::send`]; a test fails while one is missing. The statuses say whether the door
//! opens, and for whose: a request of one user or client is of somebody of Alice's tenant, made for that cell
//! (`targets`), so that nothing is changed for the next.

mod callers;
mod functions;
mod table;
mod targets;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::app::App as _;
use shared::store::key::Key;

use callers::{CALLERS, callers, with};
use table::{Row, all, rows, takes_a_tenant};
use targets::aimed;

use crate::agreement::routes;
use crate::calls::events;
use crate::users::ALICES;

#[test]
fn every_route_of_the_template_has_a_row() {
    let rows: BTreeSet<String> = rows().iter().map(|row| row.route.to_owned()).collect();
    assert_eq!(rows, routes());
}

#[tokio::test]
async fn each_caller_is_answered_by_each_route_as_the_table_says() {
    let (world, functions, tokens) = callers().await;
    let mut wrong = Vec::new();
    for Row {
        route,
        sent,
        statuses,
    } in rows()
    {
        for (caller, (token, status)) in CALLERS.iter().zip(tokens.iter().zip(statuses)) {
            let sent = aimed(&world, route, &sent).await;
            world.wire.take();
            let received = functions.send(route, with(sent, token)).await;
            let recorded = events(&world.wire.take());
            if received.status != status {
                wrong.push(format!(
                    "{route}, {caller}: {} for {status}",
                    received.status
                ));
            }
            if received.status == 403 {
                // Whoever has a good token and is refused is on record.
                assert_eq!(recorded.len(), 1, "{route}, {caller}");
                assert_eq!(recorded[0]["type"], "authz_fail", "{route}, {caller}");
            }
            if route.contains("/api/v1/") && received.status == 401 && !route.contains("login") {
                let error = match *caller {
                    "expired token" => "Token expired",
                    _ => "Invalid token",
                };
                assert_eq!(received.member("error"), error, "{route}, {caller}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The tenant that a request names: its answers where that is Alice's, where it is that of `another`, and
/// where it is none.
#[tokio::test]
async fn each_caller_is_answered_as_the_table_says_for_the_tenant_that_it_names() {
    let (world, functions, tokens) = callers().await;
    // Of the tenant's admin and of any super_admin: what is behind the door. Others find no such tenant.
    let of_alices = [
        401, 403, 403, 0, 0, 404, 0, 401, 401, 401, 401, 401, 401, 401, 401,
    ];
    let of_another = [
        401, 403, 403, 404, 0, 0, 0, 401, 401, 401, 401, 401, 401, 401, 401,
    ];
    let of_none = [
        401, 403, 403, 404, 404, 404, 404, 401, 401, 401, 401, 401, 401, 401, 401,
    ];
    // And of clients, where they may read.
    let clients = [
        [403, 200, 200, 404],
        [403, 404, 404, 200],
        [403, 404, 404, 404],
    ];
    let mut wrong = Vec::new();
    let tenants = [
        (ALICES, of_alices, clients[0]),
        ("2001", of_another, clients[1]),
        ("nowhere", of_none, clients[2]),
    ];
    let rows = rows().into_iter();
    for row in rows.filter(|row| takes_a_tenant(row.route)) {
        let Row { route, sent, .. } = row;
        // What it is about is Alice's tenant's, and of no other.
        let alices = route.contains("{id}") || route.ends_with("-credentials");
        for (tenant, mut statuses, mut clients) in tenants {
            let behind = if alices && tenant != ALICES {
                clients[3] = 404;
                404
            } else {
                row.statuses[3]
            };
            if route.starts_with("GET /api/v1/users") {
                statuses[7..11].copy_from_slice(&clients);
            }
            for (caller, (token, status)) in CALLERS.iter().zip(tokens.iter().zip(statuses)) {
                let status = if status == 0 { behind } else { status };
                let sent = aimed(&world, route, &sent).await;
                let sent = sent.query("tenant_id", tenant);
                let received = functions.send(route, with(sent, token)).await;
                if received.status != status {
                    let got = received.status;
                    wrong.push(format!("{route} of {tenant}, {caller}: {got} for {status}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn no_route_takes_a_good_token_from_an_address_that_the_tenant_does_not_allow() {
    let (world, functions, tokens) = callers().await;
    for tenant in [ALICES, "2001"] {
        let allow = |row: &mut Value| {
            row["policy"]["allowed_cidrs"] = json!(["198.51.100.0/24", "2001:db8:1::/48"]);
        };
        world.alter(&Key::tenant(&tenant.into()), allow).await;
    }
    for Row {
        route,
        sent,
        statuses,
    } in rows()
    {
        if statuses == all(statuses[0]) {
            // It takes no token, or ends what it is given.
            continue;
        }
        for (caller, (token, status)) in CALLERS.iter().zip(tokens.iter().zip(statuses)) {
            for (address, allowed) in [
                ("198.51.100.7", true),
                ("198.51.101.7", false),
                ("2001:db8:1::7", true),
                ("2001:db8:2::7", false),
            ] {
                let sent = aimed(&world, route, &sent).await;
                let sent = with(sent, token).from(address);
                let received = functions.send(route, sent).await;
                // A token that is none is none from anywhere.
                let status = if allowed || token.is_empty() || status == 401 {
                    status
                } else {
                    403
                };
                let what = format!("{route}, {caller}, {address}");
                assert_eq!(received.status, status, "{what}");
                if !allowed && status == 403 {
                    assert_eq!(received.member("error"), "Access denied", "{what}");
                }
            }
        }
    }
    assert_eq!(functions.sign_in.hashes(), 0);
}
