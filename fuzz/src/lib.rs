//! What several targets share: keys, made anew for each process, and the settings of a function.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::JwtSigner;
use shared::clock::Timestamp;
use shared::config::Config;
use shared::keys::SigningAlgorithm;
use shared::keys::generate::new_ring;
use shared::keys::published::Published;
use shared::keys::ring::Ring;

/// The time of every call: 2025-03-01T05:28:42Z.
pub const NOW: Timestamp = Timestamp::from_seconds(1_740_806_922);
/// The `iss` of our tokens.
pub const ISSUER: &str = "https://auth.example.com";
/// The `aud` of our access tokens.
pub const AUDIENCE: &str = "gatehouse";

/// Keys that nobody else has.
pub struct Keys {
    /// Those that sign.
    pub ring: Ring,
    /// Those that verify.
    pub published: Published,
}

/// The keys of this process.
pub static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let (secret, row) = new_ring(SigningAlgorithm::EdDsa, NOW).expect("keys can be made");
    Keys {
        ring: Ring::from_secret(&secret).expect("the ring is fit for use"),
        published: Published::from_row(row).expect("the row is fit for use"),
    }
});

/// The settings of a function whose API is its own issuer.
pub static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    Config::from(|name| match name {
        "STAGE" => Some("dev".to_owned()),
        "AWS_REGION" => Some("eu-north-1".to_owned()),
        "TABLE_NAME" | "AUDIENCE" => Some(AUDIENCE.to_owned()),
        _ => None,
    })
    .expect("settings")
});

/// A token with this header and payload, well signed.
pub fn forged(header: &[u8], payload: &[u8], key: &impl JwtSigner) -> String {
    let part = |bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", part(header), part(payload));
    let signature = key.try_sign(signed.as_bytes()).expect("the key signs");
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// What comes before the first line break, and what comes after it.
pub fn two_parts(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    end.map_or((data, &[]), |end| (&data[..end], &data[end + 1..]))
}
