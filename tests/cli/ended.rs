//! Sessions as the operator sees and ends them, by the rules that tokens go by.

use serde_json::{Value, json};
use shared::address::Address;
use shared::app::Verifying;
use shared::auth::admin::Admin;
use shared::auth::sessions::tenant::revoke_page;
use shared::auth::sessions::{list, revoke, revoke_all};
use shared::auth::users::named::named;
use shared::call::Call;
use shared::error::Error;
use shared::store::key::Key;
use shared::store::list::Listed;
use shared::store::session::Owner;

use crate::exchange::{Sent, send};
use crate::wire::Act;
use crate::world::World;

const TENANT: &str = "2001";

fn call(world: &World) -> Call {
    let issuer = world.environment().config.issuer.clone();
    Call::new(
        "operator",
        world.clock.now(),
        Address::NONE,
        "gatehouse/1",
        issuer,
    )
}

fn operator() -> Admin {
    Admin::operator(TENANT.into())
}

fn user() -> Owner {
    Owner::User("1005".into())
}

/// Why each of an owner's sessions is dead, in the order of the list.
async fn why(
    world: &World,
    app: &Verifying,
    admin: &Admin,
    owner: &Owner,
) -> Vec<Option<&'static str>> {
    let listed = list(app, admin, owner, world.clock.now()).await;
    let (listed, malformed) = listed.expect("a list");
    assert_eq!(malformed, 0);
    listed.into_iter().map(|listed| listed.dead).collect()
}

#[tokio::test]
async fn a_session_is_listed_as_live_exactly_where_its_token_opens_something() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    let session = world.sign_in("1005").await;
    let (row, user_row) = (session.session_key(), session.user_key());
    let now = world.clock.now().millis();
    let cases: [(Option<&str>, &Key, &str, Value); 8] = [
        (None, &row, "ip", json!("192.0.2.1")),
        (Some("ended"), &row, "revoked_at", json!(now)),
        (Some("expired"), &row, "expires_at", json!(now / 1000)),
        (
            Some("everybody was signed out"),
            &Key::public_keys(),
            "not_before",
            json!(now + 1000),
        ),
        (
            Some("the user is not active"),
            &user_row,
            "status",
            json!("suspended"),
        ),
        (
            Some("the tenant is suspended"),
            &session.tenant_key(),
            "status",
            json!("suspended"),
        ),
        (
            Some("all of its owner's were ended"),
            &user_row,
            "epoch",
            json!(2),
        ),
        (
            Some("all of its owner's were ended"),
            &row,
            "epoch",
            json!(0),
        ),
    ];
    for (expected, key, member, value) in cases {
        let before = world.alter(key, |row| row[member] = value).await;
        let app: &Verifying = world.instance().await;
        assert_eq!(why(&world, app, &operator(), &user()).await, [expected]);
        let sent = Sent::get("/api/auth/me").bearer(&session.access);
        let me = send(app, me::handle, sent).await;
        let opens = if expected.is_none() { 200 } else { 401 };
        assert_eq!(me.status, opens, "{expected:?}");
        world.put_json(key, &before).await;
    }
    assert_eq!(why(&world, app, &operator(), &user()).await, [None]);
}

#[tokio::test]
async fn a_clients_session_is_listed_as_dead_with_its_key_and_with_its_client() {
    let world = World::new().await;
    let client = world.client_with_scope(TENANT, "read:users").await;
    let owner = Owner::Client(client.client.clone());
    for (expected, member, value) in [
        (None, "name", json!("renamed")),
        (Some("its API key has ended"), "keys", json!([])),
        (
            Some("the client is not active"),
            "status",
            json!("suspended"),
        ),
        (Some("all of its owner's were ended"), "epoch", json!(2)),
    ] {
        let key = client.client_key();
        let before = world.alter(&key, |row| row[member] = value).await;
        let app: &Verifying = world.instance().await;
        assert_eq!(why(&world, app, &operator(), &owner).await, [expected]);
        let sent = Sent::get("/api/v1/users").bearer(&client.access);
        let users = send(app, list_users::handle, sent).await;
        let opens = if expected.is_none() { 200 } else { 401 };
        assert_eq!(users.status, opens, "{expected:?}");
        world.put_json(&key, &before).await;
    }
}

#[tokio::test]
async fn live_sessions_come_first_and_the_youngest_of_them_first() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(world.sign_in("1005").await.session);
        world.wait(1);
    }
    let ended = revoke(app, &call(&world), &operator(), &user(), &made[2]).await;
    assert_eq!(ended, Ok(true));
    let listed = list(app, &operator(), &user(), world.clock.now()).await;
    let (listed, _) = listed.unwrap();
    let ids: Vec<_> = listed.iter().map(|listed| &listed.session.id).collect();
    assert_eq!(ids, [&made[3], &made[1], &made[0], &made[2]]);
}

#[tokio::test]
async fn one_row_that_cannot_be_read_is_counted_and_hides_no_other() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    let session = world.sign_in("1005").await;
    let other = world.sign_in("1005").await;
    world
        .alter(&other.session_key(), |row| row["epoch"] = json!("one"))
        .await;
    let listed = list(app, &operator(), &user(), world.clock.now()).await;
    let (listed, malformed) = listed.unwrap();
    assert_eq!((listed.len(), malformed), (1, 1));
    assert_eq!(listed[0].session.id, session.session);
}

#[tokio::test]
async fn all_sessions_of_a_user_end_in_one_write_that_says_who_has_ended_them() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    for _ in 0..3 {
        world.sign_in("1005").await;
    }
    world.wire.take();
    let ended = revoke_all(app, &call(&world), &operator(), &user()).await;
    assert_eq!(ended, Ok(()));
    let done = world.wire.take();
    let operations: Vec<_> = done.iter().map(|done| &*done.call.operation).collect();
    assert_eq!(operations, ["BatchGetItem", "UpdateItem"]);
    let dead = Some("all of its owner's were ended");
    assert_eq!(why(&world, app, &operator(), &user()).await, [dead; 3]);
    let row = world.json(&Key::user(&"1005".into())).await;
    assert_eq!((&row["epoch"], &row["version"]), (&json!(2), &json!(2)));
    let event = &row["event"];
    for (name, value) in [
        ("type", "session_expired"),
        ("outcome", "success"),
        ("reason", "operator"),
        ("actor", "operator"),
        ("subject", "1005"),
        ("tenant_id", TENANT),
        ("user_agent", "gatehouse/1"),
    ] {
        assert_eq!(event[name], value, "{name}");
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_ends_them_once_and_a_change_of_others_is_not_undone() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    let row = Key::user(&"1005".into());
    let lost = |call: &crate::wire::Call| {
        let first = call.operation == "UpdateItem" && call.attempt == 1;
        if first { Act::Lose } else { Act::Pass }
    };
    world.wire.rule(lost);
    let ended = revoke_all(app, &call(&world), &operator(), &user()).await;
    assert_eq!(ended, Ok(()));
    assert_eq!(world.json(&row).await["epoch"], 2);
    // Read before somebody else's change: it does not hold any more.
    world.wire.heal();
    let stale = world.json(&row).await;
    let seen = serde_dynamo::to_item::<_, shared::store::Item>(&stale).unwrap();
    world
        .alter(&row, |row| {
            row["version"] = json!(3);
            row["role"] = json!("viewer");
        })
        .await;
    let answer = json!({"Responses": {"gatehouse": [wire_item(&seen)]}});
    world.wire.first_reads(answer, 1);
    let ended = revoke_all(app, &call(&world), &operator(), &user()).await;
    assert_eq!(ended, Ok(()));
    let after = world.json(&row).await;
    assert_eq!(
        (&after["role"], &after["epoch"], &after["version"]),
        (&json!("viewer"), &json!(3), &json!(4))
    );
}

/// A row as the wire has it.
fn wire_item(item: &shared::store::Item) -> Value {
    use aws_sdk_dynamodb::types::AttributeValue;
    fn value(of: &AttributeValue) -> Value {
        match of {
            AttributeValue::S(text) => json!({"S": text}),
            AttributeValue::N(number) => json!({"N": number}),
            AttributeValue::Bool(truth) => json!({"BOOL": truth}),
            AttributeValue::Null(_) => json!({"NULL": true}),
            AttributeValue::L(list) => json!({"L": list.iter().map(value).collect::<Vec<_>>()}),
            AttributeValue::M(map) => {
                let members = map
                    .iter()
                    .map(|(name, member)| (name.clone(), value(member)));
                json!({"M": members.collect::<serde_json::Map<_, _>>()})
            }
            other => panic!("{other:?}"),
        }
    }
    let members = item
        .iter()
        .map(|(name, member)| (name.clone(), value(member)));
    Value::Object(members.collect())
}

#[tokio::test]
async fn one_session_ends_and_no_other_and_only_its_owners() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    let (one, other) = (world.sign_in("1005").await, world.sign_in("1005").await);
    let call = call(&world);
    let lost = |call: &crate::wire::Call| {
        let first = call.operation == "UpdateItem" && call.attempt == 1;
        if first { Act::Lose } else { Act::Pass }
    };
    world.wire.rule(lost);
    let ended = revoke(app, &call, &operator(), &user(), &one.session).await;
    assert_eq!(ended, Ok(true), "an answer was lost, and it is ours");
    world.wire.heal();
    let again = revoke(app, &call, &operator(), &user(), &one.session).await;
    assert_eq!(again, Ok(false));
    let event = &world.json(&one.session_key()).await["event"];
    assert_eq!(
        (&event["type"], &event["reason"], &event["actor"]),
        (
            &json!("session_expired"),
            &json!("operator"),
            &json!("operator")
        )
    );
    for (access, status) in [(&one.access, 401), (&other.access, 200)] {
        let me = send(app, me::handle, Sent::get("/api/auth/me").bearer(access)).await;
        assert_eq!(me.status, status);
    }
    let foreign = Owner::User("100".into());
    let missing = Err(Error::NotFound("There is no such session"));
    let ended = revoke(app, &call, &operator(), &foreign, &other.session).await;
    assert_eq!(ended, missing);
    assert_eq!(
        world.json(&other.session_key()).await["revoked_at"],
        Value::Null
    );
}

#[tokio::test]
async fn all_of_a_tenant_are_gone_through_page_by_page_and_no_other_tenants() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    let like = world.json(&Key::user(&"1005".into())).await;
    for number in 0..230 {
        let id = format!("user-{number:03}");
        let mut row = like.clone();
        row["id"] = json!(id);
        row["status"] = json!(if number == 7 { "suspended" } else { "active" });
        row["pk"] = json!(format!("USER#{id}"));
        row["tenant_sk"] = row["pk"].clone();
        world.put_json(&Key::user(&id.as_str().into()), &row).await;
    }
    let session = world.sign_in("user-150").await;
    let client = world.client_with_scope(TENANT, "read:users").await;
    let stranger = world.sign_in("100").await;
    // One of them is changed by somebody else between read and write.
    let raced = std::sync::atomic::AtomicBool::new(false);
    let refused = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
    });
    world.wire.rule(move |call| {
        let first = call.operation == "UpdateItem" && call.touches("USER#user-160");
        if first && !raced.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return Act::Refusal(refused.clone());
        }
        Act::Pass
    });
    let (mut ended, mut after, mut pages) = (0, None, 0);
    loop {
        let call = call(&world);
        let page = revoke_page(app, &call, &operator(), Listed::Users, after.as_deref()).await;
        let (count, next) = page.expect("a page");
        ended += count;
        pages += 1;
        after = next;
        if after.is_none() {
            break;
        }
    }
    // 1005 and the others, the suspended one aside.
    assert_eq!((ended, pages), (230, 3));
    let page = revoke_page(app, &call(&world), &operator(), Listed::Clients, None).await;
    assert_eq!(page, Ok((1, None)));
    for (key, epoch) in [
        (session.user_key(), 2),
        (Key::user(&"user-160".into()), 2),
        (Key::user(&"user-007".into()), 1),
        (client.client_key(), 2),
        (stranger.user_key(), 1),
    ] {
        assert_eq!(world.json(&key).await["epoch"], epoch, "{key:?}");
    }
    let app: &Verifying = world.instance().await;
    let sent = Sent::get("/api/auth/me").bearer(&session.access);
    assert_eq!(send(app, me::handle, sent).await.status, 401);
    let sent = Sent::get("/api/v1/users").bearer(&client.access);
    assert_eq!(send(app, list_users::handle, sent).await.status, 401);
    let event = &world.json(&client.client_key()).await["event"];
    assert_eq!(event["subject"], client.client.as_str());
}

#[tokio::test]
async fn a_user_is_found_by_id_and_by_each_name_and_never_by_half_of_two() {
    let world = World::new().await;
    let app: &Verifying = world.instance().await;
    for text in ["user-123456", "doctor.smith", "Doctor.Smith@Example.com"] {
        let user = named(app, text).await.expect("a user");
        assert_eq!(user.id.as_str(), "user-123456", "{text}");
    }
    let missing = "There is no such user";
    for text in ["nobody", "", "a b", "doctor.smith@"] {
        let refused = named(app, text).await.expect_err("nobody");
        assert_eq!(refused, Error::NotFound(missing), "{text}");
    }
    // Somebody takes another's id for a name.
    let name = shared::auth::login_name::LoginName::parse("name", "1005").unwrap();
    let owner = json!({"user_id": "100", "tenant_id": "nuxera"});
    world.put_json(&Key::login_name(&name.hash()), &owner).await;
    let refused = named(app, "1005").await.expect_err("two");
    assert!(matches!(refused, Error::Conflict(_)), "{refused:?}");
    world
        .alter(&Key::user(&"1005".into()), |row| {
            row["status"] = json!("deleted");
        })
        .await;
    assert_eq!(
        named(app, "1005").await.expect("the other").id.as_str(),
        "100"
    );
}
