//! `POST /api/v1/users`.

mod names;

use serde_json::{Value, json};
use shared::auth::login_name::LoginName;
use shared::store::key::Key;

use crate::calls::{cost_beside_limits, events};
use crate::users::{ALICE, ALICES, Invited, Users, invite};
use crate::world::{ADDRESS, START};

/// The key of a login name's row.
fn name_key(name: &str) -> Key {
    Key::login_name(&LoginName::parse("username", name).expect("a name").hash())
}

#[tokio::test]
async fn an_invite_makes_a_user_its_names_and_a_token_that_the_table_does_not_have() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    users.world.wire.take();
    let body = json!({
        "email": "Bob@Example.com",
        "username": "Bob",
        "role": "viewer",
        "name": "Bob Martin",
        "organization": "Acme",
        "id": "chosen",
        "tenant_id": "2001",
        "status": "active",
        "email_verified": true,
        "password": "chosen",
        "is_demo": true,
    });
    let sent = invite(&body).bearer(&token).request_id("r-1");
    let received = users.invite(sent).await;
    let calls = users.world.wire.take();
    assert_eq!(received.status, 201, "{}", received.text);
    let Invited { id, token } = Invited::of(&received);
    let week = START.plus_seconds(7 * 86_400);
    let expected = json!({
        "user": {
            "id": id,
            "username": "Bob",
            "email": "Bob@Example.com",
            "email_verified": false,
            "name": "Bob Martin",
            "display_name": "Bob Martin",
            "organization": "Acme",
            "aws_region": null,
            "role": "viewer",
            "tenant_id": ALICES,
            "status": "invited",
            "is_active": false,
            "is_demo": false,
            "user_type": [],
            "created_at": START.to_string(),
            "updated_at": START.to_string(),
            "last_login": null,
        },
        "invite_token": token,
        "expires_at": week.to_string(),
    });
    assert_eq!(received.body, expected);
    assert_ne!(id, "chosen");
    assert_eq!(token.len(), 43);

    let row = users.row(&id).await;
    assert_eq!(row["invite"]["expires_at"], week.seconds());
    assert_eq!(row["tenant_pk"], format!("TENANT#{ALICES}"));
    assert_eq!(row["tenant_sk"], format!("USER#{id}"));
    assert_eq!(row["password_hash"], Value::Null);
    let owner = json!({"user_id": id, "tenant_id": ALICES});
    for name in ["bob@example.com", "bob"] {
        let row = users.world.json(&name_key(name)).await;
        assert_eq!(row["user_id"], owner["user_id"], "{name}");
        assert_eq!(row["tenant_id"], owner["tenant_id"], "{name}");
    }
    let hash = row["invite"]["hash"].as_str().expect("a hash");
    let row = users.world.json(&Key::invite(hash)).await;
    assert_eq!(row["user_id"], id.as_str());
    assert_eq!(row["expires_at"], week.seconds());
    let rows = format!("{:?}", users.world.rows().await);
    assert!(!rows.contains(&token));

    let mut recorded = events(&calls);
    assert!(recorded[0]["id"].take().is_string());
    let event = json!({
        "id": null,
        "type": "user_created",
        "outcome": "success",
        "time": START.millis().to_string(),
        "ip": ADDRESS,
        "user_agent": "test/1",
        "request_id": "r-1",
        "actor": ALICE,
        "subject": id,
        "tenant_id": ALICES,
    });
    assert_eq!(recorded, [event]);
    // Session, user and tenant; the names; user, two names and the invite, twice each, and the index.
    assert_eq!(cost_beside_limits(&calls), (3, 9.0));
}

#[tokio::test]
async fn two_tokens_have_nothing_in_common() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    let one = users.invited(&token, "one@example.com", "viewer").await;
    let two = users.invited(&token, "two@example.com", "viewer").await;
    let alike = one.token.bytes().zip(two.token.bytes());
    assert!(alike.filter(|(one, two)| one == two).count() < 12);
    assert_ne!(one.id, two.id);
}

#[tokio::test]
async fn a_bad_invitee_is_refused_and_nothing_is_written() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    let before = users.world.rows().await;
    let long = format!("{}@example.com", "x".repeat(243));
    let spaces = "must have no spaces and no control characters";
    let line = "must have from 1 to 200 bytes and no control characters";
    let one_at = "must have one @, and something on either side of it";
    let ascii = "must have no characters that turn into ASCII ones";
    let role = "must be a small letter and up to 31 of a-z, 0-9, _ and -";
    for (name, value, what) in [
        ("email", json!(null), "is required"),
        ("email", json!(""), "is required"),
        ("email", json!(7), "must be a string"),
        ("email", json!("bob"), one_at),
        ("email", json!("@example.com"), one_at),
        ("email", json!("bob@"), one_at),
        ("email", json!("a@b@c"), "must have at most one @"),
        ("email", json!(long), "must be at most 254 bytes long"),
        ("email", json!(" bob@example.com"), spaces),
        ("email", json!("bob@example.com\u{a0}"), spaces),
        ("email", json!("bob\u{0}@example.com"), spaces),
        ("email", json!("bob\u{ff20}example.com"), ascii),
        ("email", json!("bo\u{212a}@example.com"), ascii),
        ("username", json!(""), "must not be empty"),
        ("username", json!("bob@example.com"), "must have no @"),
        ("username", json!("b ob"), spaces),
        ("username", json!("\u{fb01}sh"), ascii),
        ("username", json!("bob\u{ff20}x"), ascii),
        ("username", json!(["bob"]), "must be a string"),
        ("role", json!(null), "is required"),
        ("role", json!(""), "is required"),
        ("role", json!("Admin"), role),
        ("role", json!("1st"), role),
        ("role", json!("a b"), role),
        ("role", json!("a".repeat(33)), role),
        ("name", json!(""), line),
        ("name", json!("x".repeat(201)), line),
        ("name", json!("a\u{7}b"), line),
        ("name", json!("a\nb"), line),
        ("organization", json!("x".repeat(201)), line),
        ("organization", json!("\u{85}"), line),
        ("organization", json!(true), "must be a string"),
    ] {
        let mut body = json!({"email": "new@example.com", "role": "viewer", "username": "new"});
        body[name] = value.clone();
        let received = users.invite(invite(&body).bearer(&token)).await;
        let what = format!("{name} {what}");
        assert_eq!(received.status, 400, "{value}: {}", received.text);
        assert_eq!(received.member("message"), what, "{value}");
        let text = value.as_str().unwrap_or_default();
        assert!(text.len() < 4 || !received.text.contains(text), "{value}");
    }
    let mut after = users.world.rows().await;
    after.retain(|(pk, _), _| !pk.starts_with("RATE#"));
    let mut before = before;
    before.retain(|(pk, _), _| !pk.starts_with("RATE#"));
    assert_eq!(after, before);
    // What just fits.
    let body = json!({
        "email": format!("{}@example.com", "x".repeat(242)),
        "username": "\u{e9}".repeat(127),
        "role": format!("a{}", "-".repeat(31)),
        "name": "x".repeat(200),
        "organization": " Acme ",
    });
    let received = users.invite(invite(&body).bearer(&token)).await;
    assert_eq!(received.status, 201, "{}", received.text);
    assert_eq!(received.body["user"]["organization"], " Acme ");
}

#[tokio::test]
async fn nobody_invites_above_their_own_role_and_only_the_command_line_makes_a_super_admin() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    let body = json!({"email": "eve@example.com", "role": "super_admin"});
    users.world.wire.take();
    let received = users.invite(invite(&body).bearer(&token)).await;
    assert_eq!(received.status, 403);
    assert_eq!(received.member("error"), "Insufficient permissions");
    assert_eq!(received.member("message"), "The role is above your own");
    let recorded = events(&users.world.wire.take());
    assert_eq!(recorded[0]["type"], "authz_fail");
    assert_eq!(recorded[0]["reason"], "role_above_own");
    let token = users.token_as(ALICE, "super_admin").await;
    let received = users.invite(invite(&body).bearer(&token)).await;
    assert_eq!(received.status, 400);
    let what = "role cannot be super_admin, which only the command line gives";
    assert_eq!(received.member("message"), what);
    // In whichever tenant, an admin at most.
    let body = json!({"email": "eve@example.com", "role": "admin"});
    let sent = invite(&body).query("tenant_id", "2001").bearer(&token);
    let received = users.invite(sent).await;
    assert_eq!(received.body["user"]["tenant_id"], "2001");
    // An admin that has yet to accept is none.
    assert_eq!(users.admin_count("2001").await, 0);
}
