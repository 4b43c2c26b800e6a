//! A password change: user and session together or neither, and never without the current password.

use serde_json::json;
use shared::app::{Changing, Verifying};

use super::flow::Need::{Cold, May, Must};
use super::flow::{Flow, Need};
use super::refresh::signed_in;
use crate::exchange::{Received, Sent, send};

/// The calls of a password change.
pub const CALLS: [(&str, Need); 8] = [
    ("address count", Must),
    ("public keys", Cold),
    ("password keys", Cold),
    ("session", Must),
    ("tenant count", Must),
    ("count", Must),
    ("change", Must),
    ("clear", May),
];

fn change(tokens: &Received, current: &str, new: &str) -> Sent {
    let body = json!({"currentPassword": current, "newPassword": new});
    Sent::post("/api/auth/change-password", &body).bearer(tokens.member("token"))
}

#[tokio::test]
async fn a_password_is_changed_with_its_session_or_not_at_all() {
    let (world, tokens) = signed_in().await;
    let checker = world.instance::<Verifying>().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Changing>().await,
        handle: change_password::handle,
        usual: 200,
        calls: &CALLS,
        only: &[],
    };
    let arrange = async || change(&tokens, "secure-password", "another-password");
    flow.each_fault(arrange, async |tried| {
        let name = tried.name();
        let changed = tried.changed();
        let done = changed.contains("USER");
        assert_eq!(done, changed.contains("SESSION"), "by halves: {name}");
        assert!(!changed.contains("EVENT"), "{name}");
        match tried.received.status {
            200 => assert!(done, "{name}"),
            _ => assert_eq!(done, tried.may_have_done("change"), "{name}"),
        }
        // Either way the caller's own session goes on.
        let sent = Sent::get("/api/auth/me").bearer(tokens.member("token"));
        assert_eq!(send(checker, me::handle, sent).await.status, 200, "{name}");
        if let Some((again, _)) = &tried.again {
            // What was the current password is wrong, if the change was made.
            let expected = if done { 400 } else { 200 };
            assert_eq!(again.status, expected, "{name} {}", again.body["message"]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_wrong_current_password_is_refused_whatever_fails() {
    let (world, tokens) = signed_in().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Changing>().await,
        handle: change_password::handle,
        usual: 400,
        calls: &[&CALLS[..6], &[("event", Must)]].concat(),
        only: &["session", "count", "event"],
    };
    let arrange = async || change(&tokens, "wrong", "another-password");
    flow.each_fault(arrange, async |tried| {
        let name = tried.name();
        let changed = tried.changed();
        assert!(!changed.contains("USER"), "{name}");
        assert!(!changed.contains("SESSION"), "{name}");
        let again = tried.again.as_ref().map_or(400, |(again, _)| again.status);
        assert_eq!(again, 400, "{name}");
    })
    .await;
}

#[tokio::test]
async fn a_new_password_that_will_not_do_is_refused_whatever_fails() {
    let (world, tokens) = signed_in().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Changing>().await,
        handle: change_password::handle,
        usual: 400,
        calls: &super::address::WITH_TOKEN,
        only: &[],
    };
    let arrange = async || change(&tokens, "secure-password", "short");
    flow.each_fault(arrange, async |tried| {
        let name = tried.name();
        for kind in tried.changed() {
            assert_eq!(kind, "EVENT", "{name}");
        }
        let again = tried.again.as_ref().map_or(400, |(again, _)| again.status);
        assert_eq!(again, 400, "{name}");
    })
    .await;
}
