//! A good token from an address that its tenant does not allow: refused whatever fails, and recorded.

use serde_json::json;
use shared::app::{Changing, Sessions, Verifying};
use shared::store::key::Key;

use super::flow::Need::{self, Cold, Must};
use super::flow::{Flow, Tried};
use super::refresh::signed_in;
use crate::exchange::{Received, Sent};
use crate::world::World;

/// The calls of `me`, `validate` and `change-password`.
pub const WITH_TOKEN: [(&str, Need); 5] = [
    ("address count", Must),
    ("public keys", Cold),
    ("session", Must),
    ("tenant count", Must),
    ("event", Must),
];

/// The calls of a refresh.
pub const REFRESH: [(&str, Need); 7] = [
    ("address count", Must),
    ("key ring", Cold),
    ("public keys", Cold),
    ("user", Must),
    ("tenant count", Must),
    ("session", Must),
    ("event", Must),
];

/// A world in which somebody has signed in from where the tenant no longer allows it.
async fn signed_in_elsewhere() -> (World, Received) {
    let (world, tokens) = signed_in().await;
    let tenant = Key::tenant(&"nuxera".into());
    world
        .alter(&tenant, |row| {
            row["policy"]["allowed_cidrs"] = json!(["198.51.100.0/24"]);
        })
        .await;
    (world, tokens)
}

/// Asserts that nothing was done but recording, and that the request is refused again.
fn assert_only_recorded(tried: &Tried) {
    let name = tried.name();
    for kind in tried.changed() {
        assert_eq!(kind, "EVENT", "{name}");
    }
    let again = tried.again.as_ref().map_or(403, |(again, _)| again.status);
    assert_eq!(again, 403, "{name}");
}

#[tokio::test]
async fn me_and_validate_are_refused_and_recorded_whatever_fails() {
    let (world, tokens) = signed_in_elsewhere().await;
    let app = world.instance::<Verifying>().await;
    let sent = |path| Sent::get(path).bearer(tokens.member("token"));
    let check = async |tried: &Tried| assert_only_recorded(tried);
    let flow = Flow {
        world: &world,
        app,
        handle: me::handle,
        usual: 403,
        calls: &WITH_TOKEN,
        only: &[],
    };
    flow.each_fault(async || sent("/api/auth/me"), check).await;
    let flow = Flow {
        world: &world,
        app,
        handle: validate::handle,
        usual: 403,
        calls: &WITH_TOKEN,
        only: &["event"],
    };
    flow.each_fault(async || sent("/api/auth/validate"), check)
        .await;
}

#[tokio::test]
async fn a_password_change_is_refused_and_recorded_whatever_fails() {
    let (world, tokens) = signed_in_elsewhere().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Changing>().await,
        handle: change_password::handle,
        usual: 403,
        calls: &WITH_TOKEN,
        only: &[],
    };
    let members = json!({"currentPassword": "secure-password", "newPassword": "another-password"});
    let sent = Sent::post("/api/auth/change-password", &members).bearer(tokens.member("token"));
    flow.each_fault(
        async || sent.clone(),
        async |tried| assert_only_recorded(tried),
    )
    .await;
}

#[tokio::test]
async fn a_refresh_is_refused_and_recorded_whatever_fails() {
    let (world, tokens) = signed_in_elsewhere().await;
    let flow = Flow {
        world: &world,
        app: world.instance::<Sessions>().await,
        handle: refresh::handle,
        usual: 403,
        calls: &REFRESH,
        only: &[],
    };
    let arrange = async || Sent::refresh(tokens.member("refreshToken"));
    flow.each_fault(arrange, async |tried| assert_only_recorded(tried))
        .await;
}
