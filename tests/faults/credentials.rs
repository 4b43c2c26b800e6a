//! A tenant's credentials for others' services: shown whole, with all that an admin may see, or not.

use serde_json::json;
use shared::credentials::Console;

use super::flow::Need::{Cold, Must};
use super::flow::{Flow, Need};
use super::refresh::signed_in;
use crate::api::aws_credentials::{STORED, store};
use crate::exchange::Sent;

/// The calls of both endpoints.
pub const CALLS: [(&str, Need); 5] = [
    ("address count", Must),
    ("public keys", Cold),
    ("session", Must),
    ("tenant count", Must),
    ("credentials", Must),
];

#[tokio::test]
async fn the_credentials_are_shown_masked_or_503_is_answered() {
    let (world, tokens) = signed_in().await;
    let user = shared::store::key::Key::user(&"user-123456".into());
    world.alter(&user, |row| row["role"] = json!("admin")).await;
    store(&world, "nuxera", STORED).await;
    let app = world.instance::<Console>().await;
    let check = async |tried: &super::flow::Tried| {
        let name = tried.name();
        assert!(tried.changed().is_empty(), "{name}");
        assert!(!tried.received.text.contains("secret-of"), "{name}");
        let again = tried.again.as_ref().map_or(200, |(again, _)| again.status);
        assert_eq!(again, 200, "{name}");
    };
    let sent = |path| Sent::get(path).bearer(tokens.member("token"));
    let flow = Flow {
        world: &world,
        app,
        handle: aws_credentials::handle,
        usual: 200,
        calls: &CALLS,
        only: &[],
    };
    flow.each_fault(async || sent("/api/auth/aws-credentials"), check)
        .await;
    let flow = Flow {
        world: &world,
        app,
        handle: nvidia_credentials::handle,
        usual: 200,
        calls: &CALLS,
        only: &["credentials"],
    };
    flow.each_fault(async || sent("/api/auth/nvidia-credentials"), check)
        .await;
}

#[tokio::test]
async fn whoever_is_no_admin_is_refused_and_recorded_whatever_fails() {
    let (world, tokens) = signed_in().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Console>().await,
        handle: nvidia_credentials::handle,
        usual: 403,
        calls: &[&CALLS[..4], &[("event", Must)]].concat(),
        only: &["event"],
    };
    let sent = Sent::get("/api/auth/nvidia-credentials").bearer(tokens.member("token"));
    flow.each_fault(
        async || sent.clone(),
        async |tried| {
            for kind in tried.changed() {
                assert_eq!(kind, "EVENT", "{}", tried.name());
            }
        },
    )
    .await;
}
