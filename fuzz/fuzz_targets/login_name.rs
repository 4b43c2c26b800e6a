//! Login names: a canonical name is its own, and a new name is one that whoever signs in finds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::auth::login_name::LoginName;

fuzz_target!(|text: &str| {
    let parsed = LoginName::parse("username", text);
    for new in [LoginName::new_email(text), LoginName::new_username(text)] {
        if let Ok(name) = new {
            assert!(parsed.as_ref().is_ok_and(|parsed| *parsed == name));
            let again = LoginName::parse("username", name.canonical());
            assert!(again.is_ok_and(|again| again == name));
        }
    }
});
