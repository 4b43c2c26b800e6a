//! `GET /metrics`.

use metrics::Metrics;

use crate::calls::cost;
use crate::exchange::{Received, Sent, send};
use crate::stream::Stream;
use crate::wire::Act;
use crate::world::World;

const HEADERS: [(&str, &str); 1] = [("content-type", "text/plain; version=0.0.4")];

async fn get(app: &'static Metrics) -> Received {
    send(app, metrics::handle, Sent::get("/metrics")).await
}

/// The lines of counters that do not stand at zero.
fn counted(received: &Received) -> Vec<&str> {
    assert_eq!(received.status, 200, "{}", received.text);
    received.assert_headers(&HEADERS);
    let lines = received.text.lines().filter(|line| !line.starts_with('#'));
    lines.filter(|line| !line.ends_with(" 0")).collect()
}

#[tokio::test]
async fn events_are_counted_by_type_and_outcome_and_the_answer_is_remembered_for_ten_seconds() {
    let world = World::new().await;
    let app: &Metrics = world.instance().await;
    assert_eq!(counted(&get(app).await), Vec::<&str>::new());
    for _ in 0..2 {
        world.sign_in("1005").await;
    }
    let mut stream = Stream::new(&world).await;
    stream.drain().await;
    world.wire.take();
    world.wait_ms(9_999);
    assert_eq!(counted(&get(app).await), Vec::<&str>::new());
    assert_eq!(world.wire.take().len(), 0);
    world.wait_ms(1);
    let line = r#"gatehouse_events_total{type="authn_login_success",outcome="success"} 2"#;
    let received = get(app).await;
    assert_eq!(counted(&received), [line]);
    // One request for each partition of the counters, and no write.
    let calls = world.wire.take();
    assert_eq!(cost(&calls), (4, 0.0));
    assert!(calls.iter().all(|done| done.call.operation == "Query"));
    // A series for each type and outcome, and nothing of whom or why.
    let series = received.text.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(series.count(), 42);
    for secret in ["1005", "2001", "user@example.com", "password\""] {
        assert!(!received.text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_table_that_is_away_is_a_503_which_is_remembered_until_it_says_to_come_back() {
    let world = World::new().await;
    let app: &Metrics = world.instance().await;
    world.wire.rule(|_| Act::Refuse);
    get(app).await.assert_unavailable();
    world.wire.heal();
    world.wire.take();
    world.wait_ms(4_999);
    get(app).await.assert_unavailable();
    assert_eq!(world.wire.take().len(), 0);
    world.wait_ms(1);
    assert_eq!(get(app).await.status, 200);
}

#[tokio::test]
async fn metrics_are_served_to_get_alone() {
    let world = World::new().await;
    let app: &Metrics = world.instance().await;
    for method in ["POST", "HEAD"] {
        let received = send(app, metrics::handle, Sent::new(method, "/metrics")).await;
        let words = ["Method not allowed", "GET", "GET"];
        received.assert_refusal(405, words, &[("allow", "GET")]);
    }
    assert_eq!(world.wire.take().len(), 0);
}
