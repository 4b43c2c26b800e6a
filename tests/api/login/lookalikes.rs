//! Whatever is wrong, the answer, its cost and its traces are the same.

use shared::app::SignIn;
use shared::auth::login_name::LoginName;
use shared::store::key::Key;
use shared::store::login_name::LoginNameRow;
use shared::store::tenant::TenantStatus;
use shared::store::user::UserStatus;
use shared::store::write::Change;

use super::{change_tenant, change_user, post, without_address_limit};
use crate::exchange::{Received, Sent};
use crate::world::World;

/// A login that has to fail, by what is wrong with it.
const CASES: [(&str, &str, &str); 9] = [
    ("wrong password", "john", "another-password"),
    ("unknown name", "nobody", "securePassword123"),
    ("unknown address", "nobody@example.com", "securePassword123"),
    ("nobody's name", "do\u{212a}tor", "secure-password"),
    ("suspended user", "doctor.smith", "secure-password"),
    ("invited user", "doc@nuxera.ai", "Abcd1234"),
    ("suspended tenant", "user@example.com", "password"),
    ("address not allowed", "alice@acme.fr", "your-password"),
    ("name without a user", "dangling", "secure-password"),
];

async fn lookalikes() -> World {
    let world = World::new().await;
    change_user(&world, "user-123456", |user| {
        user.status = UserStatus::Suspended;
    })
    .await;
    change_user(&world, "100", |user| {
        user.status = UserStatus::Invited;
        user.password_hash = None;
    })
    .await;
    change_tenant(&world, "2001", |tenant| {
        tenant.status = TenantStatus::Suspended;
    })
    .await;
    change_tenant(&world, "00000000-0000-0000-0000-000000000001", |tenant| {
        tenant.policy.allowed_cidrs = vec!["192.0.2.0/24".parse().expect("a network")];
    })
    .await;
    let owner = LoginNameRow {
        user_id: "gone".into(),
        tenant_id: "gone".into(),
    };
    let name = LoginName::parse("username", "dangling").expect("a name");
    let key = Key::login_name(&name.hash());
    world.change(Change::put(key, &owner).expect("a row")).await;
    world
}

/// Everything that can be seen of a reply.
fn seen(reply: Received) -> (u16, String, Vec<(String, String)>) {
    (reply.status, reply.text, reply.headers)
}

#[tokio::test]
async fn every_failed_login_has_the_same_bytes_headers_requests_and_hashes() {
    let world = lookalikes().await;
    let app = world.instance::<SignIn>().await;
    let mut first = None;
    for (number, (case, name, password)) in CASES.into_iter().enumerate() {
        let sent = Sent::login(name, password)
            .request_id("request-1")
            .from(&format!("198.51.100.{number}"));
        let hashes = app.passwords.hashes();
        let reply = post(app, sent).await;
        let hashes = app.passwords.hashes() - hashes;
        let calls = world.wire.take().into_iter().map(|done| {
            let kind = ["RATE#", "LOGIN#", "FAIL#", "USER#", "TENANT#", "EVENT#"]
                .into_iter()
                .filter(|prefix| done.call.touches(prefix))
                .collect::<Vec<_>>();
            let sent = (done.call.operation, done.call.round, kind);
            (sent, done.status)
        });
        let mut calls: Vec<_> = calls.collect();
        calls.sort();
        assert_eq!(
            (reply.status, hashes, calls.len()),
            (401, 1, 5),
            "{case} {calls:?}"
        );
        let this = (seen(reply), calls);
        assert_eq!(&this, first.get_or_insert_with(|| this.clone()), "{case}");
    }
}

#[tokio::test]
async fn every_name_waits_alike() {
    let world = lookalikes().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    let attempt = async |name: &str, password: &str| {
        let reply = post(app, Sent::login(name, password)).await;
        // Each request has an id of its own: by it a count knows its own work.
        let id = reply.member("request_id").to_owned();
        let (status, text, mut headers) = seen(reply);
        headers.retain(|(name, _)| name != "x-ratelimit-remaining");
        (status, text.replace(&id, ""), headers)
    };
    let mut first = None;
    for (case, name, password) in CASES {
        let mut row = Vec::new();
        for number in 1..=8 {
            world.wire.take();
            let reply = attempt(name, password).await;
            let mut calls: Vec<_> = world
                .wire
                .take()
                .into_iter()
                .map(|done| done.call.operation)
                .collect();
            calls.sort();
            assert_eq!(
                reply.0,
                if number <= 6 { 401 } else { 429 },
                "{case} {number}"
            );
            row.push((reply, calls));
        }
        assert_eq!(&row, first.get_or_insert_with(|| row.clone()), "{case}");
    }
}
