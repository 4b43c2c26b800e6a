//! Tokens and keys: `shared::token` and `shared::keys`.

mod access;
mod algorithms;
mod api_key;
mod cache;
mod curves;
mod form;
mod mutation;
mod published;
mod refresh;
mod ring;
mod vectors;

use std::cell::Cell;
use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::JwtSigner;
use serde_json::{Value, json};
use shared::clock::Timestamp;
use shared::keys::SigningAlgorithm;
use shared::keys::generate::new_ring;
use shared::keys::published::{KeysRow, Published};
use shared::keys::ring::Ring;

/// When the keys were made and the tests' tokens are: 2025-03-01T05:28:42Z.
const NOW: Timestamp = Timestamp::from_seconds(1_740_806_922);

struct Keys {
    secret: String,
    row: KeysRow,
    ring: Ring,
    published: Published,
}

thread_local! {
    /// What the tests' keys sign by: the default, but where the tests are repeated by each.
    static BY: Cell<SigningAlgorithm> = const { Cell::new(SigningAlgorithm::Rs256) };
}

/// One set of keys for all tests, since RSA keys take long to make.
fn keys() -> &'static Keys {
    static KEYS: [OnceLock<Keys>; 3] = [const { OnceLock::new() }; 3];
    let by = BY.get();
    KEYS[by as usize].get_or_init(|| {
        let (secret, row) = new_ring(by, NOW).expect("keys can be made");
        Keys {
            ring: Ring::from_secret(&secret).expect("the ring is fit for use"),
            published: Published::from_row(row.clone()).expect("the row is fit for use"),
            secret: secret.to_string(),
            row,
        }
    })
}

/// The secret's ring as JSON, to be changed and loaded again.
fn stored_ring() -> Value {
    serde_json::from_str::<Value>(&keys().secret).expect("the secret is JSON")["ring"].take()
}

fn load_ring(ring: &Value) -> Result<Ring, shared::keys::KeyError> {
    Ring::from_secret(&json!({ "ring": ring }).to_string())
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A token with any header and payload, well signed.
fn forge(header: &str, payload: &str, key: &impl JwtSigner) -> String {
    let signed = format!("{}.{}", base64url(header), base64url(payload));
    let signature = key.try_sign(signed.as_bytes()).expect("the key signs");
    format!("{signed}.{}", base64url(signature))
}
