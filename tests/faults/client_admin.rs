//! What admins do to API clients is done to all of its rows, or to none.

use serde_json::{Value, json};
use shared::app::{App, Sessions, Verifying};
use shared::error::Error;
use shared::http::{Answer, Request};
use shared::store::key::Key;

use super::flow::Need::{Cold, Must};
use super::flow::{Flow, Need, Tried, cheap_world};
use super::malformed::each_wrong;
use crate::client::{
    ID, KEY_ID, TENANT, auth, key, key_made, key_removed, listed, made, patched, removed, trace,
};
use crate::exchange::Sent;
use crate::world::World;

/// The calls with which every endpoint of admins begins, for a `super_admin` who names a tenant.
const ADMIN: [(&str, Need); 5] = [
    ("address count", Must),
    ("public keys", Cold),
    ("session", Must),
    ("tenant count", Must),
    ("tenant", Must),
];

/// The calls of an endpoint of admins.
pub fn administration(endpoint: &str) -> Vec<(&'static str, Need)> {
    let more: &[(&str, Need)] = match endpoint {
        "list-clients" => &[("index", Must), ("client", Must), ("last use", Must)],
        "create-client" => &[("change", Must)],
        "update-client" => &[("client", Must), ("last use", Must), ("update", Must)],
        "delete-client" | "create-client-key" | "delete-client-key" => {
            &[("client", Must), ("change", Must)]
        }
        other => panic!("{other} is none of admins'"),
    };
    [&ADMIN, more].concat()
}

/// A `super_admin` of another tenant, in a world with the one client; and a request of theirs.
struct Admin {
    world: World,
    token: String,
}

impl Admin {
    async fn new() -> Self {
        let world = cheap_world().await;
        let acme = Key::tenant(&"acme".into());
        // The tests let hours pass by the dozen.
        world
            .alter(&acme, |row| {
                row["policy"]["access_token_seconds"] = json!(14 * 86_400);
            })
            .await;
        let token = world.somebody("acme", "super_admin").await.access;
        let kept = [
            "KEYS",
            "CLIENT#",
            "CKEY#",
            "TENANT#nudgescribe",
            "TENANT#acme",
            "USER#super_admin-of-acme",
            "SESSION#",
        ];
        let mut rows = world.rows().await;
        rows.retain(|(pk, _), _| kept.iter().any(|kept| pk.starts_with(kept)));
        assert_eq!(rows.len(), kept.len());
        world.restore(&rows).await;
        Self { world, token }
    }

    /// Tries each fault of each call of an endpoint, but those with which all of them begin.
    async fn each_fault<A, H, F>(
        &self,
        endpoint: &str,
        handle: H,
        sent: &Sent,
        usual: u16,
        check: impl AsyncFn(&Tried),
    ) where
        A: App,
        H: Fn(&'static A, Request) -> F + Copy,
        F: Future<Output = Result<Answer, Error>>,
    {
        let calls = administration(endpoint);
        let own: Vec<_> = calls[ADMIN.len() - 1..]
            .iter()
            .map(|(call, _)| *call)
            .collect();
        let flow = Flow {
            world: &self.world,
            app: self.world.instance::<A>().await,
            handle,
            usual,
            calls: &calls,
            only: &own,
        };
        let sent = sent.clone().query("tenant_id", TENANT).bearer(&self.token);
        flow.each_fault(async || sent.clone(), check).await;
    }
}

/// The rows of clients and keys that differ.
fn touched(tried: &Tried) -> Vec<String> {
    let changed = tried.changed();
    assert!(!changed.contains("EVENT"), "{}", tried.name());
    changed.into_iter().collect()
}

#[tokio::test]
async fn a_list_of_clients_is_whole_or_503() {
    let admin = Admin::new().await;
    let check = async |tried: &Tried| {
        assert_eq!(touched(tried), Vec::<String>::new(), "{}", tried.name());
        if tried.received.status == 200 {
            let clients = tried.received.body["clients"].as_array().map(Vec::len);
            assert_eq!(clients, Some(1), "{}", tried.name());
        }
    };
    let handle = list_clients::handle;
    admin
        .each_fault::<Verifying, _, _>("list-clients", handle, &listed(), 200, check)
        .await;
}

/// That a change was made of all of these kinds of rows, or of none.
fn assert_whole(tried: &Tried, kinds: &[&str]) {
    let done = tried.received.status < 300
        || tried.may_have_done("change")
        || tried.may_have_done("update");
    let expected = if done { kinds } else { &[] };
    assert_eq!(touched(tried), expected, "{}", tried.name());
}

#[tokio::test]
async fn a_client_and_its_key_are_made_together_or_not_at_all() {
    let admin = Admin::new().await;
    let check = async |tried: &Tried| {
        assert_whole(tried, &["CKEY", "CLIENT"]);
        let again = tried.again.as_ref().map_or(201, |(again, _)| again.status);
        assert_eq!(again, 201, "{}", tried.name());
    };
    let sent = made(&json!({"name": "x"}));
    let handle = create_client::handle;
    admin
        .each_fault::<Verifying, _, _>("create-client", handle, &sent, 201, check)
        .await;
}

#[tokio::test]
async fn a_client_is_changed_once_or_not_at_all() {
    let admin = Admin::new().await;
    let check = async |tried: &Tried| {
        assert_whole(tried, &["CLIENT"]);
        let again = tried.again.as_ref().map_or(200, |(again, _)| again.status);
        assert_eq!(again, 200, "{}", tried.name());
        let rows = tried.again.as_ref().map_or(&tried.after, |(_, rows)| rows);
        let client = (format!("CLIENT#{ID}"), "PROFILE".to_owned());
        let client: Value = serde_dynamo::from_item(rows[&client].clone()).expect("a row");
        assert_eq!(
            (&client["version"], &client["epoch"]),
            (&json!(2), &json!(2))
        );
    };
    let sent = patched(ID, &json!({"status": "suspended"}));
    let handle = update_client::handle;
    admin
        .each_fault::<Verifying, _, _>("update-client", handle, &sent, 200, check)
        .await;
}

#[tokio::test]
async fn a_client_and_its_key_are_removed_together_or_not_at_all() {
    let admin = Admin::new().await;
    let check = async |tried: &Tried| {
        assert_whole(tried, &["CKEY", "CLIENT"]);
        let gone = tried.received.status == 204 || tried.may_have_done("change");
        let expected = if gone { 404 } else { 204 };
        let again = tried.again.as_ref();
        let again = again.map_or(expected, |(again, _)| again.status);
        assert_eq!(again, expected, "{}", tried.name());
    };
    let handle = delete_client::handle;
    admin
        .each_fault::<Verifying, _, _>("delete-client", handle, &removed(ID), 204, check)
        .await;
}

#[tokio::test]
async fn a_key_is_made_or_ended_in_both_of_its_rows_or_in_neither() {
    let admin = Admin::new().await;
    let check = async |tried: &Tried| assert_whole(tried, &["CKEY", "CLIENT"]);
    let handle = create_client_key::handle;
    admin
        .each_fault::<Verifying, _, _>("create-client-key", handle, &key_made(ID), 201, check)
        .await;
    let sent = key_removed(ID, KEY_ID);
    let handle = delete_client_key::handle;
    admin
        .each_fault::<Verifying, _, _>("delete-client-key", handle, &sent, 204, check)
        .await;
}

#[tokio::test]
async fn malformed_rows_of_clients_and_keys_refuse_whoever_needs_them_and_nobody_panics() {
    let admin = Admin::new().await;
    let world = &admin.world;
    let tokens = world.sign_in_client(&key()).await;
    let mut rows = world.rows().await;
    rows.retain(|(pk, _), _| !pk.starts_with("RATE#"));
    let app = world
        .instance_with::<Sessions>(|config| {
            config.credential_rate_limit = 1_000_000;
            config.address_rate_limit = 1_000_000;
        })
        .await;
    for kind in ["CKEY#", "CLIENT#", "TENANT#nudgescribe"] {
        let sent = auth(&key());
        let refused = each_wrong(world, &rows, kind, app, client_auth::handle, &sent).await;
        assert!(refused > 0, "{kind}");
    }
    for kind in ["CSESSION#", "CLIENT#", "TENANT#nudgescribe"] {
        for token in [&tokens.access, &tokens.refresh] {
            let sent = trace(token);
            each_wrong(world, &rows, kind, app, client_refresh::handle, &sent).await;
        }
    }
    let app = world
        .instance_with::<Verifying>(|config| config.address_rate_limit = 1_000_000)
        .await;
    let named = |sent: Sent| sent.query("tenant_id", TENANT).bearer(&admin.token);
    let sent = named(patched(ID, &json!({"name": "x"})));
    let refused = each_wrong(world, &rows, "CLIENT#", app, update_client::handle, &sent).await;
    assert!(refused > 0);
    let refused = each_wrong(
        world,
        &rows,
        "CLIENT#",
        app,
        list_clients::handle,
        &named(listed()),
    )
    .await;
    assert!(refused > 0);
}
