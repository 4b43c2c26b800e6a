//! Names that are taken, and those that an expired invite gives up.

use serde_json::{Value, json};
use shared::store::key::Key;

use super::name_key;
use crate::calls::events;
use crate::users::{ALICE, ALICES, Invited, PASSWORD, Users, invite};

#[tokio::test]
async fn a_name_that_is_taken_in_any_tenant_and_any_spelling_is_a_conflict_that_is_recorded() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    let bob = users.invited(&token, "bob@example.com", "viewer").await;
    assert_eq!(
        users
            .update(&token, &bob.id, &json!({"status": "suspended"}))
            .await
            .status,
        200
    );
    users.invited(&token, "new@example.com", "viewer").await;
    for (email, username, which) in [
        ("alice@acme.fr", None, "email"),
        ("ALICE@acme.FR", None, "email"),
        ("User@Example.com", None, "email"),
        // Invited, and not for so long that it would have expired.
        ("new@example.com", None, "email"),
        // Suspended, which ended the invite: the name is still the user's.
        ("bob@example.com", None, "email"),
        ("free@example.com", Some("john"), "username"),
        ("free@example.com", Some("DOCTOR.SMITH"), "username"),
        ("alice@acme.fr", Some("john"), "email"),
    ] {
        let before = users.world.rows().await;
        users.world.wire.take();
        let body = json!({"email": email, "username": username, "role": "viewer"});
        let received = users.invite(invite(&body).bearer(&token)).await;
        assert_eq!(received.status, 409, "{email} {}", received.text);
        assert_eq!(received.member("error"), "Conflict");
        assert_eq!(received.member("message"), format!("The {which} is taken"));
        let recorded = events(&users.world.wire.take());
        assert_eq!(recorded.len(), 1);
        assert_eq!(recorded[0]["type"], "user_created");
        assert_eq!(recorded[0]["outcome"], "failure");
        assert_eq!(recorded[0]["reason"], format!("{which}_taken"));
        assert_eq!(recorded[0]["actor"], ALICE);
        assert!(!recorded[0].to_string().contains(email));
        let mut after = users.world.rows().await;
        after.retain(|key, _| before.contains_key(key));
        after.retain(|(pk, _), _| !pk.starts_with("RATE#"));
        let mut before = before;
        before.retain(|(pk, _), _| !pk.starts_with("RATE#"));
        assert_eq!(after, before, "{email}");
    }
}

#[tokio::test]
async fn names_of_an_expired_invite_are_free_to_its_second_whatever_tenant_it_is_of() {
    let users = Users::new().await;
    for (admin, tenant) in [(ALICE, ALICES), ("1005", "2001")] {
        let admin = users.token_as(admin, "admin").await;
        let old = json!({"email": "bob@example.com", "username": "bob", "role": "admin"});
        let old = users.invite(invite(&old).bearer(&admin)).await;
        let old = Invited::of(&old);
        let hash = users.row(&old.id).await["invite"]["hash"].clone();
        users.world.wait(7 * 86_400 - 1);
        let alice = users.token(ALICE).await;
        let new = json!({"email": "bob@example.com", "role": "viewer"});
        let sent = || invite(&new).bearer(&alice);
        assert_eq!(users.invite(sent()).await.status, 409);
        users.world.wait(1);
        users.world.wire.take();
        let received = users.invite(sent()).await;
        let calls = users.world.wire.take();
        assert_eq!(received.status, 201, "{}", received.text);
        let new = Invited::of(&received);
        let owner = users.world.json(&name_key("bob@example.com")).await;
        assert_eq!(owner["user_id"], new.id.as_str());
        assert_eq!(owner["tenant_id"], ALICES);
        assert_eq!(users.world.json(&name_key("bob")).await, Value::Null);
        let row = users.row(&old.id).await;
        assert_eq!(row["status"], "deleted");
        assert_eq!((&row["email"], row.get("invite")), (&json!(""), None));
        assert_eq!(row.get("tenant_pk"), None);
        // TTL has not come to it yet.
        let invite = Key::invite(hash.as_str().unwrap());
        assert_ne!(users.world.json(&invite).await, Value::Null);
        assert_eq!(users.accept(&old.token, PASSWORD).await.status, 400);

        let recorded = events(&calls);
        assert_eq!(recorded.len(), 2);
        let of = |kind: &str| recorded.iter().find(|event| event["type"] == kind).unwrap();
        assert_eq!(of("user_created")["subject"], new.id.as_str());
        let deleted = of("user_deleted");
        assert_eq!(deleted["subject"], old.id.as_str());
        assert_eq!(deleted["tenant_id"], tenant);
        assert_eq!(deleted["reason"], "invite_expired");
        // Its tenant is not told who took the name.
        assert_eq!(deleted.get("actor"), None);
        assert_eq!(
            (&deleted["ip"], &deleted["user_agent"]),
            (&json!(""), &json!(""))
        );
        assert_eq!(users.accept(&new.token, PASSWORD).await.status, 200);
        assert_eq!(users.delete(&alice, &new.id).await.status, 204);
    }
}

#[tokio::test]
async fn two_expired_invites_give_up_a_name_each_to_one_user() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    let mut old = Vec::new();
    for (email, username) in [("a@example.com", "a"), ("b@example.com", "b")] {
        let body = json!({"email": email, "username": username, "role": "viewer"});
        let received = users.invite(invite(&body).bearer(&token)).await;
        old.push(Invited::of(&received).id);
    }
    users.world.wait(7 * 86_400);
    let token = users.token(ALICE).await;
    let body = json!({"email": "a@example.com", "username": "b", "role": "viewer"});
    let received = users.invite(invite(&body).bearer(&token)).await;
    assert_eq!(received.status, 201, "{}", received.text);
    let new = Invited::of(&received);
    for id in &old {
        assert_eq!(users.row(id).await["status"], "deleted");
    }
    for (name, owner) in [
        ("a@example.com", true),
        ("b", true),
        ("a", false),
        ("b@example.com", false),
    ] {
        let row = users.world.json(&name_key(name)).await;
        assert_eq!(row["user_id"] == new.id.as_str(), owner, "{name}");
        assert_eq!(row.is_null(), !owner, "{name}");
    }
}
