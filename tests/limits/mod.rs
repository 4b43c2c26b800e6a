//! Limits over a fleet: never more than the limit, never much less, few writes, and what is answered.

mod answers;
mod edges;
mod fleets;
mod memory;
mod races;
mod refusals;
mod tenants;

use serde_json::json;
use shared::address::Address;
use shared::app::Verifying;
use shared::auth::limit::{admit_address, admit_tenant};
use shared::call::Call;
use shared::config::Config;
use shared::store::tenant::{Policy, Tenant, TenantStatus};
use shared::store::window::Window;

use crate::wire::Done;
use crate::world::{ADDRESS, World};

/// A call from an address, now.
fn call_from(world: &World, address: &str) -> Call {
    let address = Address::parse(address).expect("an address");
    Call::new(
        "request",
        world.clock.now(),
        address,
        "test/1",
        "https://issuer".to_owned(),
    )
}

/// Whether one more call from [`ADDRESS`] is let through.
async fn is_let_through(world: &World, app: &Verifying) -> bool {
    admit_address(app, &call_from(world, ADDRESS)).await.is_ok()
}

/// Whether one more call with a token of this tenant is let through.
async fn is_let_through_for(world: &World, app: &Verifying, tenant: &Tenant) -> bool {
    let call = call_from(world, ADDRESS);
    admit_tenant(app, &call, tenant).await.is_ok()
}

/// A tenant with this limit of its own.
fn tenant(id: &str, limit: u32) -> Tenant {
    Tenant {
        id: id.into(),
        status: TenantStatus::Active,
        policy: Policy {
            rate_limit: Some(limit),
            ..Policy::default()
        },
    }
}

/// Instances that let so many calls a minute through from an address.
async fn fleet(world: &World, instances: usize, limit: u32) -> Vec<&'static Verifying> {
    let set = |config: &mut Config| config.address_rate_limit = limit;
    let mut fleet = Vec::new();
    for _ in 0..instances {
        fleet.push(world.instance_with(set).await);
    }
    fleet
}

/// Has somebody else take so many uses of the window that is open for [`ADDRESS`].
async fn take(world: &World, limit: u32, uses: u32) {
    let window = Window::open("address", ADDRESS.to_owned(), limit, world.clock.now());
    let taken = world.store.take(&window, uses, "another").await;
    taken.expect("the table answers");
}

/// How many of the calls were writes that counted, how many such that were refused, and how many put
/// events.
fn writes(calls: &[Done]) -> [usize; 3] {
    let with = |operation: &str, status| {
        let of = calls.iter().filter(|done| done.call.operation == operation);
        of.filter(|done| done.status == status).count()
    };
    assert_eq!(with("PutItem", 400), 0, "nobody puts an event in vain");
    [
        with("UpdateItem", 200),
        with("UpdateItem", 400),
        with("PutItem", 200),
    ]
}

/// The body of a refusal with so many seconds to wait, from the answer that has its `request_id`.
fn refused_for(seconds: i64, request_id: &str) -> serde_json::Value {
    let message = format!("Rate limit exceeded. Please retry after {seconds} seconds.");
    json!({
        "success": false,
        "error": message,
        "message": message,
        "detail": "Rate limit exceeded",
        "request_id": request_id,
    })
}
