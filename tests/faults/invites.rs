//! Invites: a user, its names and its invite together or not at all, and the same of what accepts it.

use serde_json::{Value, json};
use shared::app::{SignIn, Verifying};

use super::flow::Need::{Cold, Must};
use super::flow::{Flow, Need};
use super::users::{Admin, all_or_nothing, row};
use crate::users::{PASSWORD, accept, invite};

/// The calls of an invite, of a name that is nobody's.
pub const INVITE: [(&str, Need); 6] = [
    ("address count", Must),
    ("public keys", Cold),
    ("session", Must),
    ("tenant count", Must),
    ("name", Must),
    ("change", Must),
];

/// The same, of a name that an expired invite holds.
pub const TAKE_OVER: [(&str, Need); 7] = {
    let [count, keys, session, tenant, name, change] = INVITE;
    [count, keys, session, tenant, name, ("user", Must), change]
};

/// The calls of an accepted invite.
pub const ACCEPT: [(&str, Need); 7] = [
    ("window", Must),
    ("password keys", Cold),
    ("key ring", Cold),
    ("public keys", Cold),
    ("invite", Must),
    ("user", Must),
    ("change", Must),
];

#[tokio::test]
async fn a_user_is_invited_with_its_names_or_not_at_all() {
    let admin = Admin::new().await;
    let flow = Flow {
        world: &admin.world,
        app: admin.world.instance::<Verifying>().await,
        handle: invite_user::handle,
        usual: 201,
        calls: &INVITE,
        only: &[],
    };
    let body = json!({"email": "eve@example.com", "username": "eve", "role": "admin"});
    let arrange = async || invite(&body).bearer(&admin.token);
    flow.each_fault(arrange, async |tried| {
        let done = all_or_nothing(tried, &["USER", "LOGIN", "INVITE"], 201);
        assert!(!tried.changed().contains("ADMINS"), "{}", tried.name());
        if let Some((again, _)) = &tried.again {
            // An invite whose token nobody has holds the names, until it is removed or expires.
            let expected = if done { 409 } else { 201 };
            assert_eq!(again.status, expected, "{}", tried.name());
        }
    })
    .await;
}

#[tokio::test]
async fn a_name_passes_from_an_expired_invite_whose_user_is_removed_or_nothing_happens() {
    let admin = Admin::new().await;
    let expired = |row: &mut Value| row["invite"]["expires_at"] = json!(1);
    admin.world.alter(&admin.bob.key(), expired).await;
    let flow = Flow {
        world: &admin.world,
        app: admin.world.instance::<Verifying>().await,
        handle: invite_user::handle,
        usual: 201,
        calls: &TAKE_OVER,
        only: &["name", "user", "change"],
    };
    let body = json!({"email": "bob@example.com", "role": "viewer"});
    let arrange = async || invite(&body).bearer(&admin.token);
    flow.each_fault(arrange, async |tried| {
        let done = all_or_nothing(tried, &["USER", "LOGIN", "INVITE"], 201);
        let bob = row(&tried.after, &admin.bob.id);
        assert_eq!(bob["status"] == "deleted", done, "{}", tried.name());
        if let Some((again, _)) = &tried.again {
            let expected = if done { 409 } else { 201 };
            assert_eq!(again.status, expected, "{}", tried.name());
        }
    })
    .await;
}

#[tokio::test]
async fn an_invite_is_accepted_with_its_session_and_the_count_of_admins_or_not_at_all() {
    let admin = Admin::new().await;
    let flow = Flow {
        world: &admin.world,
        app: admin.world.instance::<SignIn>().await,
        handle: accept_invite::handle,
        usual: 200,
        calls: &ACCEPT,
        only: &[],
    };
    let arrange = async || accept(&admin.bob.token, PASSWORD);
    flow.each_fault(arrange, async |tried| {
        let done = all_or_nothing(tried, &["USER", "SESSION", "ADMINS"], 200);
        let bob = row(&tried.after, &admin.bob.id);
        assert_eq!(bob["status"] == "active", done, "{}", tried.name());
        if let Some((again, _)) = &tried.again {
            let expected = if done { 400 } else { 200 };
            assert_eq!(again.status, expected, "{}", tried.name());
        }
    })
    .await;
}

#[tokio::test]
async fn an_invite_that_is_none_is_refused_whatever_fails() {
    let admin = Admin::new().await;
    let mut calls = ACCEPT.to_vec();
    calls.retain(|(call, _)| !["user", "change"].contains(call));
    calls.push(("event", Must));
    let flow = Flow {
        world: &admin.world,
        app: admin.world.instance::<SignIn>().await,
        handle: accept_invite::handle,
        usual: 400,
        calls: &calls,
        only: &["invite", "event"],
    };
    let arrange = async || accept("nobody's", PASSWORD);
    flow.each_fault(arrange, async |tried| {
        let kinds: Vec<_> = tried.changed().into_iter().collect();
        for kind in &kinds {
            assert!(
                ["EVENT", "RATE"].contains(&kind.as_str()),
                "{}",
                tried.name()
            );
        }
        let again = tried.again.as_ref().map_or(400, |(again, _)| again.status);
        assert_eq!(again, 400, "{}", tried.name());
    })
    .await;
}
