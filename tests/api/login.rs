//! `POST /api/auth/login`, `POST /api/v1/auth/login`.

use shared::app::SignIn;

use crate::world::{Sent, World, send};

#[tokio::test]
async fn a_login_takes_six_requests_and_four_write_units() {
    let world = World::new().await;
    let app = world.instance::<SignIn>().await;
    let first = send(
        app,
        login::handle,
        Sent::login("doctor.smith", "secure-password"),
    )
    .await;
    assert_eq!(first.status, 200, "{}", first.text);
    world.wire.take();
    let reply = send(
        app,
        login::handle,
        Sent::login("doctor.smith", "secure-password"),
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let calls = world.wire.take();
    let writes = calls
        .iter()
        .filter(|done| done.call.operation != "BatchGetItem");
    let units: f64 = writes.map(|done| done.units).sum();
    assert_eq!((calls.len(), units), (6, 4.0), "{calls:#?}");
}
