//! API keys: what is read as one is the text of it, and nothing else is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::api_key::ApiKey;

fuzz_target!(|text: &str| {
    if let Ok(key) = ApiKey::parse(text) {
        assert_eq!(key.text().as_str(), text);
        assert!(
            !format!("{key:?}").contains(&text[33..76]),
            "the secret shows"
        );
    }
    // A mutation does not find a checksum: the rest is taken for a key's id and secret.
    let made = text
        .split_at_checked(22)
        .and_then(|(id, secret)| ApiKey::of(id, secret));
    if let Some(made) = made {
        let read = ApiKey::parse(&made.text()).expect("a key of ours");
        assert_eq!(read.id(), made.id());
    }
});
