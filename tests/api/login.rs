//! `POST /api/auth/login`, `POST /api/v1/auth/login`.

mod address_limit;
mod answer;
mod counted;
mod events;
mod known_addresses;
mod lookalikes;
mod names;
mod refusals;
mod rehash;
mod session;
mod tokens;
mod waits;

use serde_json::{Map, Value, json};
use shared::app::SignIn;
use shared::auth::login_name::LoginName;
use shared::config::Config;
use shared::store::failures::Failures;
use shared::store::key::Key;
use shared::store::parse;
use shared::store::tenant::Tenant;
use shared::store::user::User;
use shared::store::write::Change;

use crate::exchange::{Received, Sent, send};
use crate::wire::{Act, Call, Done};
use crate::world::World;

const NAME: &str = "doctor.smith";
const PASSWORD: &str = "secure-password";
const USER: &str = "user-123456";
const TENANT: &str = "nuxera";

/// Sends one login to an instance.
async fn post(app: &'static SignIn, sent: Sent) -> Received {
    send(app, login::handle, sent).await
}

/// The status of a login from an address.
async fn status(app: &'static SignIn, name: &str, password: &str, address: &str) -> u16 {
    let sent = Sent::login(name, password).from(address);
    post(app, sent).await.status
}

/// For tests that are not about the limit of an address.
fn without_address_limit(config: &mut Config) {
    config.login_rate_limit = 1_000_000;
}

/// A rule: the table does not do what touches rows of this prefix.
fn away(prefix: &'static str) -> impl Fn(&Call) -> Act {
    move |call| {
        if call.touches(prefix) {
            return Act::Fail(400, "ResourceNotFoundException");
        }
        Act::Pass
    }
}

/// Changes a user behind everybody's back.
async fn change_user(world: &World, id: &str, change: impl FnOnce(&mut User)) {
    let key = Key::user(&id.into());
    let row = world.row(&key).await.expect("a user");
    let mut user = parse(row, "user").expect("a user's row");
    change(&mut user);
    world.change(Change::put(key, &user).expect("a row")).await;
}

/// Changes a tenant behind everybody's back.
async fn change_tenant(world: &World, id: &str, change: impl FnOnce(&mut Tenant)) {
    let key = Key::tenant(&id.into());
    let row = world.row(&key).await.expect("a tenant");
    let mut tenant = parse(row, "tenant").expect("a tenant's row");
    change(&mut tenant);
    world
        .change(Change::put(key, &tenant).expect("a row"))
        .await;
}

/// Where the failures of a name are counted: from strangers' addresses, or from a known one.
async fn failures_key(app: &SignIn, name: &str, address: Option<&str>) -> Key {
    let keys = app.passwords.keys(app.base.clock.now()).await;
    let keys = keys.expect("keys");
    let name = LoginName::parse("username", name).expect("a name");
    let name = keys.name_mac(name.canonical());
    address.map_or_else(
        || Key::strangers(&name),
        |address| Key::known_address(&name, &keys.address_mac(address)),
    )
}

/// The failures of a name, from strangers' addresses or from a known one.
async fn failures(
    world: &World,
    app: &SignIn,
    name: &str,
    address: Option<&str>,
) -> Option<Failures> {
    let row = world.row(&failures_key(app, name, address).await).await?;
    Some(parse(row, "failures").expect("a row of failures"))
}

/// The rows that the calls have put, and the events that they carry.
fn put(calls: &[Done]) -> Vec<Value> {
    let done = calls.iter().filter(|done| done.status == 200);
    done.map(|done| &done.call.body["Item"])
        .filter(|item| !item.is_null())
        .map(|item| plain(&json!({"M": item})))
        .collect()
}

/// The events that the calls have written.
fn events(calls: &[Done]) -> Vec<Value> {
    let rows = put(calls).into_iter();
    rows.map(|mut row| row["event"].take())
        .filter(|event| !event.is_null())
        .collect()
}

/// A value as DynamoDB's JSON has it, without its types.
fn plain(value: &Value) -> Value {
    let (kind, value) = value
        .as_object()
        .and_then(|typed| typed.iter().next())
        .expect("a typed value");
    match (kind.as_str(), value) {
        ("NULL", _) => Value::Null,
        ("N", Value::String(number)) => number.parse().expect("a number"),
        ("L", Value::Array(values)) => values.iter().map(plain).collect(),
        ("M", Value::Object(members)) => {
            let members = members.iter();
            let members = members.map(|(name, value)| (name.clone(), plain(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        _ => value.clone(),
    }
}
