//! `GET /api/v1/users` and `GET /api/v1/users/{id}`.

use serde_json::{Value, json};
use shared::store::key::Key;

use crate::calls::{cost_beside_limits, events};
use crate::exchange::{Received, Sent};
use crate::users::{ALICE, ALICES, Users, list, read};
use crate::world::START;

/// The ids in a page.
fn ids(page: &Received) -> Vec<String> {
    let users = page.body["users"].as_array().expect("users");
    let ids = users.iter().map(|user| user["id"].as_str().expect("an id"));
    ids.map(str::to_owned).collect()
}

#[tokio::test]
async fn an_admin_sees_the_users_of_its_tenant_and_when_each_last_signed_in() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    let seen = json!({"last_login": START.plus_seconds(-7)});
    users.world.put_json(&Key::seen(&ALICE.into()), &seen).await;
    users.world.wire.take();
    let page = users.list(list().bearer(&token)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(page.body["next_cursor"], Value::Null);
    let alice = json!({
        "id": ALICE,
        "username": null,
        "email": "alice@acme.fr",
        "email_verified": false,
        "name": "Alice Martin",
        "display_name": "Alice Martin",
        "organization": null,
        "aws_region": null,
        "role": "admin",
        "tenant_id": ALICES,
        "status": "active",
        "is_active": true,
        "is_demo": false,
        "user_type": [],
        "created_at": START.to_string(),
        "updated_at": START.to_string(),
        // The login of the session that asks, which the record has not come to yet.
        "last_login": START.to_string(),
    });
    let listed = page.body["users"].as_array().expect("users");
    assert_eq!(listed.len(), 2);
    assert!(listed.contains(&alice), "{}", page.text);
    let victor = listed.iter().find(|user| user["id"] != ALICE).unwrap();
    assert_eq!(victor["email"], "victor@acme.fr");
    assert_eq!(victor["last_login"], Value::Null);
    let calls = users.world.wire.take();
    // Session, user and tenant; the index; users and last logins.
    assert_eq!(cost_beside_limits(&calls), (3, 0.0));
    let one = users.read(&token, ALICE).await;
    assert_eq!(one.body, json!({"user": alice}));
    assert_eq!(cost_beside_limits(&users.world.wire.take()), (2, 0.0));
    let id = victor["id"].as_str().expect("an id");
    users.world.put_json(&Key::seen(&id.into()), &seen).await;
    let recorded = json!(START.plus_seconds(-7).to_string());
    let one = users.read(&token, id).await;
    assert_eq!(one.body["user"]["last_login"], recorded);
    let page = users.list(list().bearer(&token)).await;
    let listed = page.body["users"].as_array().expect("users");
    assert!(listed.iter().any(|user| user["last_login"] == recorded));
}

#[tokio::test]
async fn pages_hold_each_user_once_in_the_order_of_ids_and_the_last_says_that_it_is() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    for n in 0..7 {
        let email = format!("user{n}@example.com");
        users.invited(&token, &email, "member").await;
    }
    let all = ids(&users.list(list().bearer(&token)).await);
    assert_eq!(all.len(), 9);
    assert!(all.is_sorted());
    for limit in [1, 2, 3, 8, 9, 200] {
        let (mut seen, mut pages) = (Vec::new(), 0);
        let mut cursor: Option<String> = None;
        loop {
            let mut sent = list().query("limit", &limit.to_string()).bearer(&token);
            if let Some(cursor) = &cursor {
                sent = sent.query("cursor", cursor);
            }
            let page = users.list(sent).await;
            assert_eq!(page.status, 200, "{}", page.text);
            seen.extend(ids(&page));
            pages += 1;
            cursor = page.body["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((seen, pages), (all.clone(), 9_usize.div_ceil(limit)));
    }
}

#[tokio::test]
async fn a_limit_or_cursor_that_is_none_is_refused_and_a_cursor_opens_no_other_tenant() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    let refused = async |name, value, what: &str| {
        let page = users.list(list().query(name, value).bearer(&token)).await;
        assert_eq!(page.status, 400, "{value}");
        assert_eq!(page.member("message"), what);
    };
    for limit in ["0", "201", "-1", "+1", "1.0", "ten", "99999999999999999999"] {
        let what = "limit must be a whole number from 1 to 200";
        refused("limit", limit, what).await;
    }
    let what = "cursor must be a next_cursor of this list";
    let long = "YWFh".repeat(101);
    let of_another_list = shared::http::page::cursor("clients", "1004");
    for cursor in ["!", "eA==", "_w", "MTAwNA", &long, &of_another_list] {
        refused("cursor", cursor, what).await;
    }
    refused("limit", "1,2", "limit is given twice").await;
    // Whatever stands in it, it is a position in the list of the caller's own tenant.
    for position in ["1004", "0", "\u{0}", "USER#1005", "zzz"] {
        let cursor = shared::http::page::cursor("users", position);
        let page = users.list(list().query("cursor", &cursor).bearer(&token));
        let page = page.await;
        assert_eq!(page.status, 200, "{}", page.text);
        for user in page.body["users"].as_array().expect("users") {
            assert_eq!(user["tenant_id"], ALICES);
        }
    }
}

#[tokio::test]
async fn a_removed_user_is_in_no_list_though_the_index_still_names_it() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    let bob = users.invited(&token, "bob@example.com", "viewer").await;
    let before = users.world.json(&bob.key()).await;
    assert_eq!(users.delete(&token, &bob.id).await.status, 204);
    let index = |row: &mut Value| {
        row["tenant_pk"] = before["tenant_pk"].clone();
        row["tenant_sk"] = before["tenant_sk"].clone();
    };
    users.world.alter(&bob.key(), index).await;
    assert!(!ids(&users.list(list().bearer(&token)).await).contains(&bob.id));
    // Nor one that the index alone knows.
    users
        .world
        .alter(&bob.key(), |row| *row = Value::Null)
        .await;
    assert!(!ids(&users.list(list().bearer(&token)).await).contains(&bob.id));
}

#[tokio::test]
async fn a_user_that_is_not_there_is_answered_as_one_removed_and_one_of_another_tenant() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    let bob = users.invited(&token, "bob@example.com", "viewer").await;
    assert_eq!(users.delete(&token, &bob.id).await.status, 204);
    let what = "There is no such user";
    let words = ["Not found", what, "Not found"];
    let long = "x".repeat(5000);
    for id in ["nobody", "1005", &bob.id, "", "%00", "..", &long] {
        let calls: [Received; 3] = [
            users.read(&token, id).await,
            users.update(&token, id, &json!({"role": "viewer"})).await,
            users.delete(&token, id).await,
        ];
        for received in &calls {
            assert_eq!(received.status, 404, "{id}");
            received.assert_refusal(404, words, &[]);
        }
    }
}

#[tokio::test]
async fn a_super_admin_names_another_tenant_and_for_an_admin_there_is_none() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    let of = |tenant: &str, token: &str| list().query("tenant_id", tenant).bearer(token);
    let what = ["Not found", "There is no such tenant", "Not found"];
    for tenant in ["2001", "nowhere", &"x".repeat(5000)] {
        let received = users.list(of(tenant, &token)).await;
        received.assert_refusal(404, what, &[]);
    }
    assert_eq!(users.list(of(ALICES, &token)).await.status, 200);
    let token = users.token_as(ALICE, "super_admin").await;
    let page = users.list(of("2001", &token)).await;
    assert_eq!(ids(&page), ["1005"]);
    let one = users.list(read("1005").query("tenant_id", "2001").bearer(&token));
    assert_eq!(one.await.status, 200);
    assert_eq!(users.read(&token, "1005").await.status, 404);
    for tenant in ["nowhere", &"x".repeat(5000)] {
        let received = users.list(of(tenant, &token)).await;
        received.assert_refusal(404, what, &[]);
    }
}

#[tokio::test]
async fn a_client_reads_users_by_scope_as_far_as_it_still_has_it_and_only_its_tenants() {
    let users = Users::new().await;
    for scope in ["read:users", "admin:all", "a:b read:users"] {
        let client = users.world.client_with_scope(ALICES, scope).await;
        let page = users.list(list().bearer(&client.access)).await;
        assert_eq!(ids(&page).len(), 2, "{scope}");
        assert_eq!(users.read(&client.access, ALICE).await.status, 200);
        assert_eq!(users.read(&client.access, "1005").await.status, 404);
        for (tenant, status) in [(ALICES, 200), ("2001", 404), ("nowhere", 404)] {
            let sent = list().query("tenant_id", tenant).bearer(&client.access);
            assert_eq!(users.list(sent).await.status, status, "{tenant}");
        }
        let key = client.client_key();
        let narrower = |row: &mut Value| row["scope"] = json!("read:interactions");
        users.world.alter(&key, narrower).await;
        assert_eq!(users.list(list().bearer(&client.access)).await.status, 403);
    }
}

#[tokio::test]
async fn a_client_without_the_scope_is_told_which_and_recorded() {
    let users = Users::new().await;
    for scope in ["", "read:user", "write:users", "admin"] {
        let client = users.world.client_with_scope(ALICES, scope).await;
        for sent in [list(), read(ALICE)] {
            users.world.wire.take();
            let received = users.list(sent.bearer(&client.access)).await;
            let what = "The scope read:users is needed";
            let words = ["Insufficient permissions", what, "Forbidden"];
            received.assert_refusal(403, words, &[]);
            let recorded = events(&users.world.wire.take());
            assert_eq!(recorded.len(), 1);
            assert_eq!(recorded[0]["type"], "authz_fail");
            assert_eq!(recorded[0]["reason"], "scope");
            assert_eq!(recorded[0]["actor"], client.client.as_str());
            assert_eq!(recorded[0]["tenant_id"], ALICES);
        }
    }
}

#[tokio::test]
async fn an_admin_who_is_one_no_more_is_refused_at_once_and_recorded() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    assert_eq!(users.list(list().bearer(&token)).await.status, 200);
    for role in ["viewer", "member", "administrator"] {
        let key = Key::user(&ALICE.into());
        users
            .world
            .alter(&key, |row| row["role"] = json!(role))
            .await;
        users.world.wire.take();
        let received = users.list(list().bearer(&token)).await;
        let what = "Insufficient permissions. This action requires admin role.";
        received.assert_refusal(403, [what, what, "Forbidden"], &[]);
        let recorded = events(&users.world.wire.take());
        assert_eq!(recorded[0]["type"], "authz_fail");
        assert_eq!(recorded[0]["reason"], "role");
        assert_eq!(recorded[0]["actor"], ALICE);
    }
}

#[tokio::test]
async fn each_of_the_five_serves_its_methods_alone() {
    let users = Users::new().await;
    let token = users.token(ALICE).await;
    for method in ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "TRACE"] {
        let sent = |path: &str| Sent::new(method, path).bearer(&token);
        let one = || sent("/api/v1/users/{id}").parameter("id", "nobody");
        let answers = [
            ("GET", users.list(sent("/api/v1/users")).await),
            ("POST", users.invite(sent("/api/v1/users")).await),
            (
                "PATCH",
                crate::exchange::send(users.update, update_user::handle, one()).await,
            ),
            (
                "DELETE",
                crate::exchange::send(users.delete, delete_user::handle, one()).await,
            ),
            (
                "POST",
                crate::exchange::send(
                    users.accept,
                    accept_invite::handle,
                    sent("/api/v1/auth/accept-invite"),
                )
                .await,
            ),
        ];
        for (served, received) in &answers {
            assert_eq!(
                received.status == 405,
                served != &method,
                "{served} {method}"
            );
            if received.status == 405 {
                assert_eq!(received.header("allow"), Some(*served));
            }
        }
    }
}
