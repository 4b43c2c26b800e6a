//! Logins that are refused: no fault turns a refusal into an acceptance.

use aws_sdk_dynamodb::types::AttributeValue;
use shared::app::SignIn;
use shared::id::UserId;
use shared::store::key::Key;
use shared::store::window::{Taken, Window};

use super::flow::Need::{Cold, May, Must};
use super::flow::{Flow, Need, Tried, small_world};
use crate::exchange::{Sent, send};
use crate::world::{ADDRESS, START};

const REFUSED: [(&str, Need); 8] = [
    ("password keys", Cold),
    ("key ring", Cold),
    ("public keys", Cold),
    ("window", Must),
    ("name", Must),
    ("count", Must),
    ("user", Must),
    ("event", Must),
];

/// Nobody is let in, neither now nor when all is well again.
fn nobody_enters(tried: &Tried, usual: u16) {
    let name = tried.name();
    for kind in tried.changed() {
        assert!(
            ["RATE", "FAIL", "EVENT"].contains(&kind.as_str()),
            "{kind}: {name}"
        );
    }
    if let Some((again, rows)) = &tried.again {
        assert_eq!(again.status, usual, "afterwards: {name}");
        let kinds = super::flow::changed(&tried.before, rows);
        assert!(!kinds.contains("SESSION"), "{name}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_whatever_fails() {
    let world = small_world().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<SignIn>().await,
        handle: login::handle,
        usual: 401,
        calls: &REFUSED,
        only: &[],
    };
    let arrange = async || Sent::login("doctor.smith", "wrong");
    flow.each_fault(arrange, async |tried| nobody_enters(tried, 401))
        .await;
}

#[tokio::test]
async fn an_unknown_name_is_refused_whatever_fails() {
    let world = small_world().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<SignIn>().await,
        handle: login::handle,
        usual: 401,
        calls: &REFUSED,
        only: &["name", "count", "user"],
    };
    let arrange = async || Sent::login("nobody", "secure-password");
    flow.each_fault(arrange, async |tried| nobody_enters(tried, 401))
        .await;
}

#[tokio::test]
async fn a_suspended_user_is_refused_whatever_fails() {
    let world = small_world().await;
    let user = Key::user(&UserId::from("user-123456"));
    let mut row = world.row(&user).await.expect("the user");
    let suspended = AttributeValue::S("suspended".to_owned());
    row.insert("status".to_owned(), suspended);
    world.put(row).await;
    let flow = Flow {
        world: &world,
        app: world.instance::<SignIn>().await,
        handle: login::handle,
        usual: 401,
        calls: &REFUSED,
        only: &["user", "event"],
    };
    let arrange = async || Sent::login("doctor.smith", "secure-password");
    flow.each_fault(arrange, async |tried| nobody_enters(tried, 401))
        .await;
}

#[tokio::test]
async fn a_name_that_has_to_wait_waits_whatever_fails() {
    let world = small_world().await;
    let app = world
        .instance_with::<SignIn>(|config| config.login_free_failures = 1)
        .await;
    for _ in 0..2 {
        let refused = send(app, login::handle, Sent::login("doctor.smith", "wrong")).await;
        assert_eq!(refused.status, 401, "{}", refused.body["message"]);
    }
    for ((pk, _), mut row) in world.rows().await {
        if pk.starts_with("FAIL#") {
            let later = START.plus_seconds(80_000).millis().to_string();
            row.insert("retry_at".to_owned(), AttributeValue::N(later));
            world.put(row).await;
        }
    }
    let flow = Flow {
        world: &world,
        app,
        handle: login::handle,
        usual: 429,
        calls: &[&REFUSED[..6], &[("user", May)]].concat(),
        only: &["count", "user"],
    };
    let arrange = async || Sent::login("doctor.smith", "secure-password");
    flow.each_fault(arrange, async |tried| nobody_enters(tried, 429))
        .await;
}

#[tokio::test]
async fn an_address_over_its_limit_is_refused_whatever_fails_and_its_event_is_not_lost() {
    let world = small_world().await;
    let app = world
        .instance_with::<SignIn>(|config| config.login_rate_limit = 1)
        .await;
    let flow = Flow {
        world: &world,
        app,
        handle: login::handle,
        usual: 429,
        calls: &[("window", Must), ("name", May), ("event", Must)],
        only: &[],
    };
    let arrange = async || {
        // The beginning of a window that no other case has used up.
        world.wait(60 - u64::try_from(world.clock.now().seconds() % 60).expect("a time"));
        app.passwords.keys(world.clock.now()).await.expect("keys");
        app.keys.get(world.clock.now()).await.expect("keys");
        app.base.published(world.clock.now()).await.expect("keys");
        let window = Window::open("login", ADDRESS.to_owned(), 1, world.clock.now());
        let taken = world.store.take(&window, 1, "another").await;
        assert_eq!(taken, Ok(Taken::Some { uses: 1, count: 1 }));
        Sent::login("doctor.smith", "secure-password")
    };
    flow.each_fault(arrange, async |tried| {
        nobody_enters(tried, 429);
        let rows = tried.again.as_ref().map_or(&tried.after, |(_, rows)| rows);
        if tried.received.status == 503 && tried.again.is_none() {
            return;
        }
        let events = rows.keys().filter(|(pk, _)| pk.starts_with("EVENT#login-"));
        assert_eq!(events.count(), 1, "{}", tried.name());
    })
    .await;
}
