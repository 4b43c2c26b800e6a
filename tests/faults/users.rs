//! The endpoints for users: a user, its names, its invite and the count of admins together or not at
//! all.

use serde_json::{Value, json};
use shared::app::{SignIn, Verifying};
use shared::store::key::Key;

use super::flow::Need::{Cold, Must};
use super::flow::{Flow, Need, Tried, small_world};
use crate::exchange::send;
use crate::users::{Invited, PASSWORD, accept, delete, invite, list, read, update};
use crate::world::{Rows, World};

/// The calls of a list; of one user, all but the index.
pub const LIST: [(&str, Need); 6] = [
    ("address count", Must),
    ("public keys", Cold),
    ("session", Must),
    ("tenant count", Must),
    ("index", Must),
    ("user", Must),
];

/// The calls of a change, and of a removal.
pub const CHANGE: [(&str, Need); 6] = [
    ("address count", Must),
    ("public keys", Cold),
    ("session", Must),
    ("tenant count", Must),
    ("user", Must),
    ("change", Must),
];

/// The calls of a change that leaves the count of admins alone.
pub const RENAME: [(&str, Need); 6] = [
    ("address count", Must),
    ("public keys", Cold),
    ("session", Must),
    ("tenant count", Must),
    ("user", Must),
    ("update", Must),
];

/// Whom the admin does something to.
pub struct Admin {
    pub world: World,
    pub token: String,
    pub bob: Invited,
}

impl Admin {
    /// An admin who is signed in, and another who is invited.
    pub async fn new() -> Self {
        let world = small_world().await;
        let user = Key::user(&"user-123456".into());
        world.alter(&user, |row| row["role"] = json!("admin")).await;
        let count = Key::admins(&"nuxera".into());
        world.put_json(&count, &json!({"admin_count": 1})).await;
        let token = world.sign_in("user-123456").await.access;
        let body = json!({"email": "bob@example.com", "username": "bob", "role": "admin"});
        let app = world.instance::<Verifying>().await;
        let sent = invite(&body).bearer(&token);
        let invited = send(app, invite_user::handle, sent).await;
        assert_eq!(invited.status, 201, "{}", invited.body["message"]);
        let bob = Invited::of(&invited);
        Self { world, token, bob }
    }

    /// The same, who has accepted.
    pub async fn with_another() -> Self {
        let admin = Self::new().await;
        let app = admin.world.instance::<SignIn>().await;
        let sent = accept(&admin.bob.token, PASSWORD);
        let accepted = send(app, accept_invite::handle, sent).await;
        assert_eq!(accepted.status, 200, "{}", accepted.body["message"]);
        admin
    }
}

/// The row of this user.
pub fn row(rows: &Rows, id: &str) -> Value {
    let key = (format!("USER#{id}"), "PROFILE".to_owned());
    serde_dynamo::from_item(rows[&key].clone()).expect("a user's row")
}

/// Asserts that a 200 has changed all of `kinds`, anything else none of them, or all where the answer of
/// what decides was lost; whether it has.
pub fn all_or_nothing(tried: &Tried, kinds: &[&str], usual: u16) -> bool {
    let (changed, name) = (tried.changed(), tried.name());
    let done = changed.contains(kinds[0]);
    for kind in kinds {
        assert_eq!(changed.contains(*kind), done, "{kind}, by halves: {name}");
    }
    assert!(!changed.contains("EVENT"), "{name}");
    if tried.received.status == usual {
        assert!(done, "{name}");
    } else {
        assert_eq!(done, tried.may_have_done("change"), "{name}");
    }
    done
}

#[tokio::test]
async fn a_list_answers_the_users_or_503_and_writes_nothing() {
    let admin = Admin::new().await;
    let flow = Flow {
        world: &admin.world,
        app: admin.world.instance::<Verifying>().await,
        handle: list_users::handle,
        usual: 200,
        calls: &LIST,
        only: &[],
    };
    let check = async |tried: &Tried| {
        assert!(tried.changed().is_empty(), "{}", tried.name());
        let again = tried.again.as_ref().map_or(200, |(again, _)| again.status);
        assert_eq!(again, 200, "{}", tried.name());
    };
    flow.each_fault(async || list().bearer(&admin.token), check)
        .await;
    let one: Vec<_> = LIST
        .into_iter()
        .filter(|(call, _)| *call != "index")
        .collect();
    let flow = Flow {
        calls: &one,
        only: &["user"],
        ..flow
    };
    flow.each_fault(async || read(&admin.bob.id).bearer(&admin.token), check)
        .await;
}

#[tokio::test]
async fn a_user_is_changed_with_the_count_of_admins_or_not_at_all() {
    let admin = Admin::with_another().await;
    let flow = Flow {
        world: &admin.world,
        app: admin.world.instance::<Verifying>().await,
        handle: update_user::handle,
        usual: 200,
        calls: &CHANGE,
        only: &[],
    };
    let body = json!({"status": "suspended"});
    let arrange = async || update(&admin.bob.id, &body).bearer(&admin.token);
    flow.each_fault(arrange, async |tried| {
        let done = all_or_nothing(tried, &["USER", "ADMINS"], 200);
        let bob = row(&tried.after, &admin.bob.id);
        assert_eq!(bob["status"] == "suspended", done, "{}", tried.name());
        let again = tried.again.as_ref().map_or(200, |(again, _)| again.status);
        assert_eq!(again, 200, "{}", tried.name());
    })
    .await;
}

#[tokio::test]
async fn a_user_is_renamed_or_not_and_the_count_of_admins_stays() {
    let admin = Admin::with_another().await;
    let flow = Flow {
        world: &admin.world,
        app: admin.world.instance::<Verifying>().await,
        handle: update_user::handle,
        usual: 200,
        calls: &RENAME,
        only: &["update"],
    };
    let body = json!({"name": "Robert"});
    let arrange = async || update(&admin.bob.id, &body).bearer(&admin.token);
    flow.each_fault(arrange, async |tried| {
        let name = tried.name();
        let done = tried.received.status == 200 || tried.may_have_done("update");
        let expected: &[&str] = if done { &["USER"] } else { &[] };
        assert!(tried.changed().iter().eq(expected), "{name}");
        let (before, after) = (&tried.before, &tried.after);
        let version = |rows: &Rows| row(rows, &admin.bob.id)["version"].as_u64().unwrap();
        assert_eq!(version(after), version(before) + u64::from(done), "{name}");
        let again = tried.again.as_ref().map_or(200, |(again, _)| again.status);
        assert_eq!(again, 200, "{name}");
    })
    .await;
}

#[tokio::test]
async fn a_user_is_removed_with_its_names_and_the_count_of_admins_or_not_at_all() {
    let admin = Admin::with_another().await;
    let flow = Flow {
        world: &admin.world,
        app: admin.world.instance::<Verifying>().await,
        handle: delete_user::handle,
        usual: 204,
        calls: &CHANGE,
        only: &[],
    };
    let arrange = async || delete(&admin.bob.id).bearer(&admin.token);
    flow.each_fault(arrange, async |tried| {
        let done = all_or_nothing(tried, &["USER", "LOGIN", "ADMINS"], 204);
        let bob = row(&tried.after, &admin.bob.id);
        assert_eq!(bob["status"] == "deleted", done, "{}", tried.name());
        if let Some((again, _)) = &tried.again {
            let expected = if done { 404 } else { 204 };
            assert_eq!(again.status, expected, "{}", tried.name());
        }
    })
    .await;
}

#[tokio::test]
async fn the_last_admin_stays_whatever_fails() {
    let admin = Admin::new().await;
    let mut calls = CHANGE.to_vec();
    calls.retain(|(call, _)| *call != "change");
    // Read once more before the refusal.
    calls.extend([("user", Must), ("event", Must)]);
    let flow = Flow {
        world: &admin.world,
        app: admin.world.instance::<Verifying>().await,
        handle: delete_user::handle,
        usual: 409,
        calls: &calls,
        only: &["user", "event"],
    };
    let arrange = async || delete("user-123456").bearer(&admin.token);
    flow.each_fault(arrange, async |tried| {
        for kind in tried.changed() {
            assert_eq!(kind, "EVENT", "{}", tried.name());
        }
        let again = tried.again.as_ref().map_or(409, |(again, _)| again.status);
        assert_eq!(again, 409, "{}", tried.name());
    })
    .await;
}
