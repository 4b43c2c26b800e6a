//! API clients: what signs in, goes on or is looked after does so whole, or not at all.

use serde_json::{Value, json};
use shared::app::Sessions;
use shared::store::key::Key;

use super::flow::Need::{Cold, Must};
use super::flow::{Flow, Need, Tried, cheap_world, claims};
use crate::client::{ClientTokens, KEY_ID, TENANT, auth, key, trace};
use crate::exchange::send;
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
