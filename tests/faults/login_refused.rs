//! Logins that are refused: no fault turns a refusal into an acceptance.

use shared::app::SignIn;
use shared::id::UserId;
use shared::store::key::Key;
use shared::store::window::Window;
use shared::store::write::Change;

use super::flow::Need::{Cold, May, Must};
use super::flow::{Flow, Need, Tried};
use crate::world::{ADDRESS, Sent, World, send};

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
    let world = World::new().await;
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
    let world = World::new().await;
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
    let world = World::new().await;
    let user = Key::user(&UserId::from("user-123456"));
    let suspend = Change::update(user, "SET #s = :s");
    let _ = suspend;
    let mut row = world
        .row(&Key::user(&UserId::from("user-123456")))
        .await
        .expect("the user");
    row.insert(
        "status".to_owned(),
        aws_sdk_dynamodb::types::AttributeValue::S("suspended".to_owned()),
    );
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
    let world = World::new().await;
    let app = world
        .instance_with::<SignIn>(|config| {
            config.login_free_failures = 1;
            config.login_rate_limit = 1000;
        })
        .await;
    for _ in 0..8 {
        send(app, login::handle, Sent::login("doctor.smith", "wrong")).await;
        world.wait(60);
    }
    let refused = Sent::login("doctor.smith", "wrong");
    // The eighth failure: two minutes from here.
    assert_eq!(send(app, login::handle, refused).await.status, 401);
    let flow = Flow {
        world: &world,
        app,
        handle: login::handle,
        usual: 429,
        calls: &[
            ("window", Must),
            ("name", Must),
            ("count", Must),
            ("user", May),
        ],
        only: &["count", "user"],
    };
    let rows = world.rows().await;
    for (key, row) in &rows {
        if key.0.starts_with("FAIL#") {
            let mut row = row.clone();
            let long = aws_sdk_dynamodb::types::AttributeValue::N("1740900000000".to_owned());
            row.insert("retry_at".to_owned(), long);
            world.put(row).await;
        }
    }
    let arrange = async || Sent::login("doctor.smith", "secure-password");
    flow.each_fault(arrange, async |tried| nobody_enters(tried, 429))
        .await;
}

#[tokio::test]
async fn an_address_over_its_limit_is_refused_whatever_fails_and_its_event_is_not_lost() {
    let world = World::new().await;
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
        let counted = world.store.count(&window).await.expect("a count");
        assert!(counted.is_some());
        Sent::login("doctor.smith", "secure-password")
    };
    flow.each_fault(arrange, async |tried| {
        nobody_enters(tried, 429);
        let rows = tried.again.as_ref().map_or(&tried.after, |(_, rows)| rows);
        let events = rows.keys().filter(|(pk, _)| pk.starts_with("EVENT#login-"));
        assert_eq!(events.count(), 1, "{}", tried.name());
    })
    .await;
}
