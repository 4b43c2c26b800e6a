//! A `super_admin` who names another tenant: whether there is that tenant is asked first, and where
//! nobody can say so, nothing is shown and nothing is done. Of the endpoints for clients,
//! `client_admin` has it, and of the audit log, `audit`.

use serde_json::json;
use shared::app::{App, Verifying};
use shared::credentials::Console;
use shared::error::Error;
use shared::http::{Answer, Request};
use shared::store::key::Key;

use super::flow::Need::{self, Must};
use super::flow::{Flow, Tried, cheap_world};
use super::{credentials, invites, users};
use crate::api::aws_credentials::{STORED, store};
use crate::exchange::Sent;
use crate::users::{ALICES, delete, invite, list, update};
use crate::world::World;

/// The call that there is only where a tenant is named.
pub const NAMED: [(&str, Need); 1] = [("tenant", Must)];

/// The endpoints that are tried so, beside those for clients.
pub const ENDPOINTS: [&str; 7] = [
    "list-users",
    "invite-user",
    "update-user",
    "delete-user",
    "aws-credentials",
    "nvidia-credentials",
    "list-audit-log",
];

/// A `super_admin` of another tenant than Alice's, and a viewer of hers.
struct Visitor {
    world: World,
    token: String,
    victor: String,
}

impl Visitor {
    async fn new() -> Self {
        let world = cheap_world().await;
        let acme = Key::tenant(&"acme".into());
        // The tests let hours pass by the dozen.
        world
            .alter(&acme, |row| {
                row["policy"]["access_token_seconds"] = json!(14 * 86_400);
            })
            .await;
        let token = world.somebody("acme", "super_admin").await.access;
        store(&world, ALICES, STORED).await;
        let rows = world.rows().await;
        let victor = rows.into_values().find_map(|row| {
            let is_victor = row.get("email")?.as_s().ok()? == "victor@acme.fr";
            is_victor.then(|| row["id"].as_s().ok().cloned())?
        });
        let victor = victor.expect("Victor");
        Self {
            world,
            token,
            victor,
        }
    }

    /// Tries each fault of the call on a request that names Alice's tenant, and makes these calls beside
    /// it.
    async fn each_fault<A, H, F>(
        &self,
        handle: H,
        calls: &[(&'static str, Need)],
        sent: &Sent,
        usual: u16,
    ) where
        A: App,
        H: Fn(&'static A, Request) -> F + Copy,
        F: Future<Output = Result<Answer, Error>>,
    {
        let calls = [calls, &NAMED].concat();
        let flow = Flow {
            world: &self.world,
            app: self.world.instance::<A>().await,
            handle,
            usual,
            calls: &calls,
            only: &["tenant"],
        };
        let sent = sent.clone().query("tenant_id", ALICES).bearer(&self.token);
        let check = async |tried: &Tried| {
            let name = tried.name();
            if tried.received.status != usual {
                assert!(tried.changed().is_empty(), "{name}");
            }
            let again = tried.again.as_ref();
            let again = again.map_or(usual, |(again, _)| again.status);
            // What was done cannot be done once more.
            if tried.received.status != usual {
                assert_eq!(again, usual, "{name}");
            }
        };
        flow.each_fault(async || sent.clone(), check).await;
    }
}

#[tokio::test]
async fn users_of_a_named_tenant_are_shown_and_changed_only_where_it_is_sure_that_there_is_one() {
    let visitor = Visitor::new().await;
    let calls = &users::LIST;
    visitor
        .each_fault::<Verifying, _, _>(list_users::handle, calls, &list(), 200)
        .await;
    let body = json!({"email": "eve@example.com", "role": "viewer"});
    let (sent, calls) = (invite(&body), &invites::INVITE);
    visitor
        .each_fault::<Verifying, _, _>(invite_user::handle, calls, &sent, 201)
        .await;
    let sent = update(&visitor.victor, &json!({"status": "suspended"}));
    let calls = &users::RENAME;
    visitor
        .each_fault::<Verifying, _, _>(update_user::handle, calls, &sent, 200)
        .await;
    let calls = &users::CHANGE;
    let sent = delete(&visitor.victor);
    visitor
        .each_fault::<Verifying, _, _>(delete_user::handle, calls, &sent, 204)
        .await;
}

#[tokio::test]
async fn credentials_of_a_named_tenant_are_shown_only_where_it_is_sure_that_there_is_one() {
    let visitor = Visitor::new().await;
    let calls = &credentials::CALLS;
    let sent = Sent::get("/api/auth/aws-credentials");
    visitor
        .each_fault::<Console, _, _>(aws_credentials::handle, calls, &sent, 200)
        .await;
    let sent = Sent::get("/api/auth/nvidia-credentials");
    visitor
        .each_fault::<Console, _, _>(nvidia_credentials::handle, calls, &sent, 200)
        .await;
}
