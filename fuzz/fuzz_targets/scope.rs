//! Scopes: two lines, what there is and what is wanted; nothing beyond the first is ever granted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::scope::Scope;

fuzz_target!(|text: &str| {
    let (has, wanted) = text.split_once('\n').unwrap_or((text, ""));
    let (Some(has), Some(wanted)) = (Scope::parse(has), Scope::parse(wanted)) else {
        return;
    };
    assert_eq!(Scope::parse(&has.to_string()), Some(has.clone()));
    assert_eq!(has.first_beyond(&has.narrowed(&wanted)), None);
    if has.first_beyond(&wanted).is_none() {
        for word in wanted
            .to_string()
            .split(' ')
            .filter(|word| !word.is_empty())
        {
            assert!(has.allows(word));
        }
    }
});
