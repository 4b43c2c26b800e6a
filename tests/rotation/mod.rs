//! Rotation of the keys: what becomes of a ring, the four steps however they come, races with a
//! revocation, and the operator's commands.

mod command_line;
mod kills;
mod operator;
mod races;
mod ring;
mod steps;
mod verifiers;

use jsonwebtoken::jwk::Jwk;
use local::{KEYS_SECRET, PASSWORDS_SECRET};
use rotate_keys::{RotateKeys, Rotation};
use serde_json::{Value, json};
use shared::app::{App, Sessions};
use shared::error::Error;
use shared::keys::SigningAlgorithm;
use shared::keys::published::KeysRow;
use shared::keys::ring::Ring;
use shared::keys::secret::{CURRENT, PENDING, Secret};
use shared::lambda::answer_event;
use shared::random;
use shared::store::key::Key;

use crate::privilege::under_role_of;
use crate::world::World;

pub const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];
/// Longer than a key is published before it signs.
pub const HOURS: u64 = 3600;

/// A rotation that Secrets Manager has begun: a version without a value, which is AWSPENDING.
#[derive(Clone)]
pub struct Begun {
    pub app: &'static RotateKeys,
    pub secret: &'static str,
    pub token: String,
}

impl Begun {
    /// Of the secret with the keys.
    pub async fn keys(world: &World) -> Self {
        Self::new(world, KEYS_SECRET).await
    }

    /// Of the secret that seals password hashes.
    pub async fn passwords(world: &World) -> Self {
        Self::new(world, PASSWORDS_SECRET).await
    }

    async fn new(world: &World, secret: &'static str) -> Self {
        let token = random::uuid();
        let client = world.environment().secrets_manager();
        let begun = client.put_secret_value().secret_id(secret);
        let begun = begun.client_request_token(&token).version_stages(PENDING);
        begun.send().await.expect("it begins");
        let app = world.cold_instance();
        world.wire.take();
        Self { app, secret, token }
    }

    /// Does a step.
    pub async fn step(&self, step: &str) -> Result<(), Error> {
        step_of(self.app, step, self.secret, &self.token).await
    }

    /// Does all of them.
    pub async fn run(&self) -> Result<(), Error> {
        for step in STEPS {
            self.step(step).await?;
        }
        Ok(())
    }

    /// Whether this is the current version.
    pub async fn is_current(&self, world: &World) -> bool {
        let described = secret(world, self.secret).describe().await.expect("it is");
        described.has(&self.token, CURRENT) == Some(true)
    }

    /// Whether this is pending still.
    pub async fn is_pending(&self, world: &World) -> bool {
        let described = secret(world, self.secret).describe().await.expect("it is");
        described.has(&self.token, PENDING) == Some(true)
    }

    /// How many events of this rotation there are.
    pub async fn events(&self, world: &World) -> Vec<Value> {
        let key = Key::event(&format!("rotation-{}", self.token).as_str().into());
        let row = world.json(&key).await;
        (!row.is_null())
            .then(|| row["event"].clone())
            .into_iter()
            .collect()
    }
}

/// Does a step with this token.
pub async fn step_of(
    app: &'static RotateKeys,
    step: &str,
    secret: &str,
    token: &str,
) -> Result<(), Error> {
    let event = Rotation {
        step: step.to_owned(),
        secret_id: secret.to_owned(),
        token: token.to_owned(),
    };
    let answered = answer_event(app, rotate_keys::handle, event, "request");
    Box::pin(under_role_of("rotate_keys::handle", answered)).await
}

/// Rotates the keys, from begin to end.
pub async fn rotate(world: &World) -> Begun {
    let begun = Begun::keys(world).await;
    begun.run().await.expect("it rotates");
    begun
}

/// A world whose new keys take no time to be made.
pub async fn quick_world() -> World {
    World::with(|config| config.signing_algorithm = SigningAlgorithm::Es256).await
}

/// A secret.
pub fn secret(world: &World, id: &str) -> Secret {
    Secret::new(world.environment().secrets_manager(), id)
}

/// The current ring of the keys.
pub async fn ring(world: &World) -> Value {
    ring_of(world, KEYS_SECRET).await
}

/// The current ring of a secret.
pub async fn ring_of(world: &World, id: &str) -> Value {
    let current = secret(world, id).current().await.expect("it is there");
    let mut text: Value = serde_json::from_str(&current.text).expect("JSON");
    text["ring"].take()
}

/// The kids of the keys of a sort in a state.
pub fn kids(ring: &Value, sort: &str, state: &str) -> Vec<String> {
    let keys = ring[sort].as_array().expect("a list").iter();
    let keys = keys.filter(|key| key["state"] == state);
    keys.map(|key| key["kid"].as_str().expect("a kid").to_owned())
        .collect()
}

/// The one kid.
pub fn kid(ring: &Value, sort: &str, state: &str) -> String {
    let kids = kids(ring, sort, state);
    let [kid] = &kids[..] else {
        panic!("{sort} {state}: {kids:?}");
    };
    kid.clone()
}

/// The `KEYS` row.
pub async fn row(world: &World) -> KeysRow {
    world.store.public_keys().await.expect("a row")
}

/// The kids that it has.
pub fn published(row: &KeysRow) -> Vec<&str> {
    let kid = |jwk: &'_ Jwk| jwk.common.key_id.is_some();
    assert!(row.keys.iter().all(|key| kid(&key.jwk)));
    row.keys.iter().filter_map(|key| key.kid()).collect()
}

/// Everything is as it must be at any time: the current ring is fit for use, has one active and one
/// next key of each sort, is published whole, once each, and signs.
pub async fn is_sound(world: &World) -> Result<(), String> {
    let ring = ring(world).await;
    let text = json!({ "ring": ring }).to_string();
    Ring::from_secret(&text).map_err(|error| error.to_string())?;
    let row = row(world).await;
    let mut published = published(&row);
    let count = published.len();
    published.sort_unstable();
    published.dedup();
    if published.len() != count {
        return Err("a key is published twice".to_owned());
    }
    for sort in ["signing", "refresh"] {
        for state in ["active", "next"] {
            let kids = kids(&ring, sort, state);
            if kids.len() != 1 {
                return Err(format!("{sort} {state}: {kids:?}"));
            }
        }
        for key in ring[sort].as_array().expect("a list") {
            let kid = key["kid"].as_str().expect("a kid");
            if row.revoked.iter().any(|gone| gone == kid) {
                return Err(format!("{sort} {} is revoked", key["state"]));
            }
            // One that leaves by age may leave the row first.
            let retired_at = key["retired_at"].as_i64().unwrap_or(i64::MAX);
            let is_over = retired_at <= world.clock.now().millis() - 16 * 24 * 3_600_000;
            if sort == "signing" && !is_over && !published.contains(&kid) {
                return Err(format!("{} is not published", key["state"]));
            }
        }
    }
    let app: &Sessions = world.cold_instance();
    app.warm(world.clock.now()).await;
    let signing = shared::app::Signing::load(&app.base, &app.keys, world.clock.now()).await;
    signing.map(|_| ()).map_err(|error| error.to_string())
}
