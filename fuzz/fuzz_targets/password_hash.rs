//! Stored password hashes of every scheme, as an import brings them: read within bounds, or refused in words
//! that quote nothing of them. None is computed: that would take all of the time.
#![no_main]

use std::sync::LazyLock;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Config};
use libfuzzer_sys::fuzz_target;
use shared::clock::Clock;
use shared::config::Argon2Cost;
use shared::keys::secret::Secret;
use shared::password::Passwords;

/// What reads them, whose secret is never asked for.
static PASSWORDS: LazyLock<Passwords> = LazyLock::new(|| {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .sleep_impl(Clock::System);
    let client = Client::from_conf(config.build());
    Passwords::new(Secret::new(client, "none"), Argon2Cost::LEAST)
});

fuzz_target!(|text: &str| {
    if let Ok(stored) = PASSWORDS.stored(text) {
        assert!(text.len() <= 512);
        assert!(stored.work() > 0, "{} costs nothing", stored.scheme());
    }
});
