//! Events and rows that are not what they should be: never a yes, and never a panic.

use std::sync::OnceLock;

use authorizer::Authorizer;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::error::Error;
use tokio::runtime::Runtime;

use super::{Asked, ask, no};
use crate::world::World;

#[tokio::test]
async fn an_event_that_is_no_authorizers_is_a_failure_and_asks_nothing() {
    let world = World::new().await;
    let app: &Authorizer = world.instance().await;
    let token = world.sign_in("1005").await.access;
    world.wire.take();
    let good = Asked::new(&token).0;
    let with = |path: &str, value: Value| {
        let mut event = good.clone();
        *event.pointer_mut(path).unwrap() = value;
        event
    };
    let mut headerless = good.clone();
    headerless.as_object_mut().unwrap().remove("requestContext");
    for event in [
        Value::Null,
        json!({}),
        json!([]),
        json!("Bearer"),
        headerless,
        with("/requestContext", json!({})),
        with("/requestContext/http/sourceIp", json!("nowhere")),
        with("/requestContext/http/sourceIp", json!(7)),
        with("/headers", json!([1])),
        with("/headers/authorization", json!("Bearer \u{0}")),
        // Payload format 1.0.
        json!({
            "version": "1.0",
            "type": "REQUEST",
            "identitySource": format!("Bearer {token}"),
            "headers": {"Authorization": format!("Bearer {token}")},
            "requestContext": {"identity": {"sourceIp": "203.0.113.7"}},
        }),
    ] {
        let answer = ask(app, Asked(event.clone())).await;
        assert!(
            matches!(answer, Err(Error::Internal(_))),
            "{event}: {answer:?}"
        );
    }
    assert_eq!(world.wire.take().len(), 0);
}

#[tokio::test]
async fn without_an_issuer_it_can_tell_nothing() {
    let world = World::new().await;
    let token = world.sign_in("1005").await.access;
    let app: &Authorizer = world.instance_with(|config| config.issuer.clear()).await;
    let answer = ask(app, Asked::new(&token)).await;
    assert_eq!(
        answer,
        Err(Error::Internal("ISSUER must be set".to_owned()))
    );
}

#[tokio::test]
async fn a_malformed_row_is_a_failure_and_no_yes() {
    let world = World::new().await;
    let session = world.sign_in("1005").await;
    let keys = [
        session.session_key(),
        session.user_key(),
        session.tenant_key(),
    ];
    for (place, key) in keys.iter().enumerate() {
        let before = world
            .alter(key, |row| row["id"] = json!({"not": "text"}))
            .await;
        let live: &Authorizer = world.instance().await;
        let answer = ask(live, Asked::new(&session.access)).await;
        assert!(
            matches!(answer, Err(Error::Internal(_))),
            "{place}: {answer:?}"
        );
        let answer = ask(world.trusting().await, Asked::new(&session.access)).await;
        assert_eq!(answer.is_err(), place == 2, "{place}: {answer:?}");
        world.put_json(key, &before).await;
    }
}

/// Any JSON, not very deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("Bearer e30.e30.e30")),
        Just(json!("203.0.113.7")),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let name = prop_oneof![
            any::<String>(),
            Just("authorization".to_owned()),
            Just("http".to_owned()),
            Just("sourceIp".to_owned()),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The event with any JSON in one place of it.
fn almost_an_event() -> impl Strategy<Value = Value> {
    let places = [
        "",
        "/version",
        "/routeArn",
        "/identitySource",
        "/identitySource/0",
        "/routeKey",
        "/rawPath",
        "/headers",
        "/headers/authorization",
        "/headers/user-agent",
        "/requestContext",
        "/requestContext/http",
        "/requestContext/http/method",
        "/requestContext/http/sourceIp",
        "/requestContext/http/userAgent",
        "/requestContext/timeEpoch",
    ];
    (prop::sample::select(places.to_vec()), any_json()).prop_map(|(place, value)| {
        let mut event = Asked::new("e30.e30.e30").0;
        *event.pointer_mut(place).unwrap() = value;
        event
    })
}

proptest! {
    #[test]
    fn any_event_is_refused_or_a_failure_and_never_a_panic(event in almost_an_event()) {
        static STARTED: OnceLock<(Runtime, &'static Authorizer)> = OnceLock::new();
        let (runtime, app) = STARTED.get_or_init(|| {
            let runtime = Runtime::new().unwrap();
            let app = runtime.block_on(async {
                let world = World::with(|config| config.address_rate_limit = 1_000_000).await;
                let world: &'static World = Box::leak(Box::new(world));
                world.instance().await
            });
            (runtime, app)
        });
        match runtime.block_on(ask(app, Asked(event))) {
            Ok(answer) => prop_assert_eq!(answer, no()),
            Err(Error::Internal(what)) => prop_assert!(what != "panic"),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
