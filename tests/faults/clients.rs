//! API clients: what signs in, goes on or is looked after does so whole, or not at all.

use serde_json::{Value, json};
use shared::app::{App, Sessions, Verifying};
use shared::error::Error;
use shared::http::{Answer, Request};
use shared::store::key::Key;

use super::flow::Need::{Cold, Must};
use super::flow::{Flow, Need, Tried, cheap_world, claims};
use crate::client::{
    ClientTokens, ID, KEY_ID, TENANT, auth, key, key_made, key_removed, listed, made, patched,
    removed, trace,
};
use crate::exchange::{Sent, send};
use crate::world::{Rows, World};

/// The calls of `client-auth`.
pub const AUTH: [(&str, Need); 6] = [
    ("window", Must),
    ("key ring", Cold),
    ("public keys", Cold),
    ("key", Must),
    ("client", Must),
    ("new session", Must),
];
/// Those of one that is refused.
pub const AUTH_REFUSED: [(&str, Need); 6] = [
    ("window", Must),
    ("key ring", Cold),
    ("public keys", Cold),
    ("key", Must),
    ("client", Must),
    ("event", Must),
];
/// The calls of `client-refresh`.
pub const REFRESH: [(&str, Need); 6] = [
    ("address count", Must),
    ("key ring", Cold),
    ("public keys", Cold),
    ("client", Must),
    ("tenant count", Must),
    ("rotate", Must),
];
/// Those of the check of an access token.
pub const STATUS: [(&str, Need); 4] = [
    ("address count", Must),
    ("public keys", Cold),
    ("session", Must),
    ("tenant count", Must),
];

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

/// A world with the one client, and nobody else.
async fn client_world() -> World {
    let world = cheap_world().await;
    let kept = ["KEYS", "CLIENT#", "CKEY#", "TENANT#nudgescribe"];
    let mut rows = world.rows().await;
    rows.retain(|(pk, _), _| kept.iter().any(|kept| pk.starts_with(kept)));
    assert_eq!(rows.len(), kept.len());
    world.restore(&rows).await;
    world
}

fn sessions(rows: &Rows) -> Vec<Value> {
    let sessions = rows
        .iter()
        .filter(|((pk, _), _)| pk.starts_with("CSESSION#"));
    sessions
        .map(|(_, row)| serde_dynamo::from_item(row.clone()).expect("a row"))
        .collect()
}

#[tokio::test]
async fn a_client_signs_in_once_or_is_answered_503() {
    let world = client_world().await;
    let checker = world.instance::<Sessions>().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Sessions>().await,
        handle: client_auth::handle,
        usual: 200,
        calls: &AUTH,
        only: &[],
    };
    flow.each_fault(
        async || auth(&key()),
        async |tried| {
            let name = tried.name();
            let (made, changed) = (sessions(&tried.after).len(), tried.changed());
            assert!(!changed.contains("EVENT"), "{name}");
            if tried.received.status == 200 {
                assert_eq!(made, 1, "{name}");
                let tokens = ClientTokens::of(&tried.received);
                let status = send(checker, client_refresh::handle, trace(&tokens.access)).await;
                assert_eq!(status.status, 200, "{name}");
            } else {
                let expected = usize::from(tried.may_have_done("new session"));
                assert_eq!(made, expected, "{name}");
            }
            let again = tried.again.as_ref().map_or(200, |(again, _)| again.status);
            assert_eq!(again, 200, "{name}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_wrong_key_is_never_taken_for_a_right_one() {
    let world = client_world().await;
    let wrong = shared::api_key::ApiKey::of(KEY_ID, &"0".repeat(43)).expect("a key");
    let wrong = wrong.text().to_string();
    let flow = Flow {
        world: &world,
        app: world.instance::<Sessions>().await,
        handle: client_auth::handle,
        usual: 401,
        calls: &AUTH_REFUSED,
        only: &["key", "client", "event"],
    };
    flow.each_fault(
        async || auth(&wrong),
        async |tried| {
            assert!(sessions(&tried.after).is_empty(), "{}", tried.name());
            let again = tried.again.as_ref().map_or(401, |(again, _)| again.status);
            assert_eq!(again, 401, "{}", tried.name());
        },
    )
    .await;
}

#[tokio::test]
async fn a_clients_session_moves_on_once_or_the_answer_is_503() {
    let world = client_world().await;
    let tokens = world.sign_in_client(&key()).await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Sessions>().await,
        handle: client_refresh::handle,
        usual: 200,
        calls: &REFRESH,
        only: &[],
    };
    flow.each_fault(
        async || trace(&tokens.refresh),
        async |tried| {
            let name = tried.name();
            assert!(!tried.changed().contains("EVENT"), "{name}");
            let moved = sessions(&tried.after)[0]["generation"] == 2;
            if tried.received.status == 200 {
                let next = claims(tried.received.member("refresh_token"));
                assert_eq!((moved, &next["generation"]), (true, &json!(2)), "{name}");
            } else {
                assert_eq!(moved, tried.may_have_done("rotate"), "{name}");
            }
            if let Some((again, rows)) = &tried.again {
                assert_eq!(again.status, 200, "{name}");
                assert_eq!(sessions(rows)[0]["generation"], 2, "{name}");
                let next = claims(again.member("refresh_token"));
                assert_eq!(next["generation"], 2, "{name}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_replayed_token_of_a_client_is_never_accepted_and_ends_its_session() {
    let world = client_world().await;
    let tokens = world.sign_in_client(&key()).await;
    let other = world.instance::<Sessions>().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Sessions>().await,
        handle: client_refresh::handle,
        usual: 401,
        calls: &[&REFRESH[..], &[("revoke", Must)]].concat(),
        only: &["client", "rotate", "revoke"],
    };
    let arrange = async || {
        let first = send(other, client_refresh::handle, trace(&tokens.refresh)).await;
        assert_eq!(first.status, 200);
        world.wait(31);
        trace(&tokens.refresh)
    };
    flow.each_fault(arrange, async |tried| {
        let name = tried.name();
        let ended = |rows| !sessions(rows)[0]["revoked_at"].is_null();
        let refused = tried.received.status == 401 || tried.may_have_done("revoke");
        assert_eq!(ended(&tried.after), refused, "{name}");
        if let Some((again, rows)) = &tried.again {
            assert_eq!((again.status, ended(rows)), (401, true), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_repeated_refresh_of_a_client_gets_the_same_token_again_or_503() {
    let world = client_world().await;
    let tokens = world.sign_in_client(&key()).await;
    let other = world.instance::<Sessions>().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Sessions>().await,
        handle: client_refresh::handle,
        usual: 200,
        calls: &[&REFRESH[..], &[("event", Must)]].concat(),
        only: &["rotate", "event"],
    };
    let arrange = async || {
        let first = send(other, client_refresh::handle, trace(&tokens.refresh)).await;
        assert_eq!(first.status, 200);
        trace(&tokens.refresh)
    };
    flow.each_fault(arrange, async |tried| {
        assert_eq!(sessions(&tried.before), sessions(&tried.after));
        let again = tried.again.as_ref().map(|(again, _)| again);
        for answer in [&tried.received].into_iter().chain(again) {
            if answer.status == 200 {
                let next = claims(answer.member("refresh_token"));
                assert_eq!(next["generation"], 2, "{}", tried.name());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_check_of_an_access_token_is_answered_or_503_and_writes_nothing() {
    let world = client_world().await;
    let tokens = world.sign_in_client(&key()).await;
    let calls = |more: &[(&'static str, Need)]| [&STATUS[..], more].concat();
    let check = async |tried: &Tried| {
        for kind in tried.changed() {
            assert_eq!(kind, "EVENT", "{}", tried.name());
        }
    };
    let app = world.instance::<Sessions>().await;
    let mut flow = Flow {
        world: &world,
        app,
        handle: client_refresh::handle,
        usual: 200,
        calls: &STATUS,
        only: &[],
    };
    flow.each_fault(async || trace(&tokens.access), check).await;
    // From an address that is not allowed.
    let tenant = Key::tenant(&TENANT.into());
    world
        .alter(&tenant, |row| {
            row["policy"]["allowed_cidrs"] = json!(["192.0.2.0/24"]);
        })
        .await;
    let refused = calls(&[("event", Must)]);
    flow.calls = &refused;
    flow.usual = 403;
    flow.only = &["session", "event"];
    flow.each_fault(async || trace(&tokens.access), check).await;
    // A refresh from there asks for the session too.
    let refused = [&REFRESH[..5], &[("session", Must), ("event", Must)]].concat();
    flow.calls = &refused;
    flow.each_fault(async || trace(&tokens.refresh), check)
        .await;
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
