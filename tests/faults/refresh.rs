//! Refresh: the session moves on once, however often it has to be asked.

use serde_json::Value;
use shared::app::{Sessions, SignIn, Verifying};

use super::flow::Need::{Cold, Must};
use super::flow::{Flow, Need, claims, small_world};
use crate::exchange::{Received, Sent, send};
use crate::world::{Rows, World};

/// The calls of a refresh.
pub const CALLS: [(&str, Need); 6] = [
    ("address count", Must),
    ("key ring", Cold),
    ("public keys", Cold),
    ("user", Must),
    ("tenant count", Must),
    ("rotate", Must),
];

/// A world in which somebody has signed in, and what they got.
pub async fn signed_in() -> (World, Received) {
    let world = small_world().await;
    let app = world.instance::<SignIn>().await;
    let sent = Sent::login("doctor.smith", "secure-password");
    let tokens = send(app, login::handle, sent).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body["message"]);
    (world, tokens)
}

/// The one session's row.
pub fn session(rows: &Rows) -> Value {
    let mut sessions = rows
        .iter()
        .filter(|((pk, _), _)| pk.starts_with("SESSION#"));
    let (_, row) = sessions.next().expect("a session");
    assert!(sessions.next().is_none(), "two sessions");
    serde_dynamo::from_item(row.clone()).expect("a session's row")
}

async fn opens(checker: &'static Verifying, token: &str) -> u16 {
    let sent = Sent::get("/api/auth/me").bearer(token);
    send(checker, me::handle, sent).await.status
}

#[tokio::test]
async fn a_refresh_moves_the_session_on_once_or_answers_503() {
    let (world, tokens) = signed_in().await;
    let checker = world.instance::<Verifying>().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Sessions>().await,
        handle: refresh::handle,
        usual: 200,
        calls: &CALLS,
        only: &[],
    };
    let arrange = async || Sent::refresh(tokens.member("refreshToken"));
    flow.each_fault(arrange, async |tried| {
        let name = tried.name();
        // A repeat by the SDK is no answer given again, which would be an event.
        let changed = tried.changed();
        assert!(!changed.contains("EVENT"), "{changed:?}: {name}");
        let moved = session(&tried.after)["generation"] == 2;
        match tried.received.status {
            200 => {
                assert!(moved, "{name}");
                let next = claims(tried.received.member("refreshToken"));
                assert_eq!(next["generation"], 2, "{name}");
                assert_eq!(opens(checker, tried.received.member("token")).await, 200);
            }
            _ => assert_eq!(moved, tried.may_have_done("rotate"), "{name}"),
        }
        if let Some((again, rows)) = &tried.again {
            // The client's repeat: the same generation, whether or not the first made it.
            assert_eq!(again.status, 200, "{name}");
            assert_eq!(session(rows)["generation"], 2, "{name}");
            let next = claims(again.member("refreshToken"));
            assert_eq!(next["generation"], 2, "{name}");
            assert_eq!(opens(checker, again.member("token")).await, 200);
            if tried.received.status == 200 {
                let first = tried.received.member("refreshToken");
                assert_eq!(again.member("refreshToken"), first, "{name}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_repeated_refresh_gets_the_same_token_again_or_503() {
    let (world, tokens) = signed_in().await;
    let other = world.instance::<Sessions>().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Sessions>().await,
        handle: refresh::handle,
        usual: 200,
        calls: &[&CALLS[..], &[("event", Must)]].concat(),
        only: &["rotate", "event"],
    };
    let sent = Sent::refresh(tokens.member("refreshToken"));
    let arrange = async || {
        let first = send(other, refresh::handle, sent.clone()).await;
        assert_eq!(first.status, 200);
        sent.clone()
    };
    flow.each_fault(arrange, async |tried| {
        assert_eq!(session(&tried.before), session(&tried.after));
        if tried.received.status == 200 {
            let next = claims(tried.received.member("refreshToken"));
            assert_eq!(next["generation"], 2, "{}", tried.name());
        }
        let again = tried.again.as_ref().map_or(200, |(again, _)| again.status);
        assert_eq!(again, 200, "{}", tried.name());
    })
    .await;
}

#[tokio::test]
async fn a_replayed_refresh_token_is_never_accepted_and_ends_its_session() {
    let (world, tokens) = signed_in().await;
    let other = world.instance::<Sessions>().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Sessions>().await,
        handle: refresh::handle,
        usual: 401,
        calls: &[&CALLS[..], &[("revoke", Must)]].concat(),
        only: &["user", "rotate", "revoke"],
    };
    let sent = Sent::refresh(tokens.member("refreshToken"));
    let arrange = async || {
        let first = send(other, refresh::handle, sent.clone()).await;
        assert_eq!(first.status, 200);
        world.wait(31);
        sent.clone()
    };
    flow.each_fault(arrange, async |tried| {
        let name = tried.name();
        let ended = |rows| !session(rows)["revoked_at"].is_null();
        if tried.received.status == 401 || tried.may_have_done("revoke") {
            assert!(ended(&tried.after), "{name}");
        } else {
            assert!(!ended(&tried.after), "{name}");
        }
        if let Some((again, rows)) = &tried.again {
            assert_eq!(again.status, 401, "{name}");
            assert!(ended(rows), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_of_an_ended_session_is_never_accepted() {
    let (world, tokens) = signed_in().await;
    let other = world.instance::<Sessions>().await;
    let sent = Sent::new("POST", "/api/auth/logout").bearer(tokens.member("token"));
    assert_eq!(send(other, logout::handle, sent).await.status, 200);
    let flow = Flow {
        world: &world,
        app: world.instance::<Sessions>().await,
        handle: refresh::handle,
        usual: 401,
        calls: &CALLS,
        only: &[],
    };
    let arrange = async || Sent::refresh(tokens.member("refreshToken"));
    flow.each_fault(arrange, async |tried| {
        assert!(tried.changed().is_empty(), "{}", tried.name());
        let again = tried.again.as_ref().map_or(401, |(again, _)| again.status);
        assert_eq!(again, 401, "{}", tried.name());
    })
    .await;
}
