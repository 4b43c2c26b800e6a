//! Events of an HTTP API, as the runtime hands them over, and all that handlers take from one. No refusal
//! quotes a body.
#![no_main]

use fuzz::{CONFIG, NOW};
use lambda_http::{Context, RequestExt as _};
use libfuzzer_sys::fuzz_target;
use shared::error::Error;
use shared::http::{Page, Request, bearer};

/// What handlers read of a body.
const MEMBERS: [&str; 8] = [
    "username",
    "email",
    "password",
    "refreshToken",
    "currentPassword",
    "scope",
    "name",
    "status",
];

fuzz_target!(|text: &str| {
    let Ok(request) = lambda_http::request::from_str(text) else {
        return;
    };
    let request = request.with_lambda_context(Context::default());
    let Ok(request) = Request::new(request, NOW, &CONFIG) else {
        return;
    };
    assert!(request.call.user_agent.len() <= 128);
    let _ = request.route();
    let _ = request.only("POST");
    let _ = request.path_parameter("id");
    let _ = request.tenant();
    let _ = bearer::token(&request);
    for name in ["limit", "cursor", "type", "actor", "from", "to"] {
        quotes_nothing(request.query(name));
    }
    quotes_nothing(Page::of(&request, "users"));
    let members = request.optional_members();
    for (name, members) in MEMBERS.iter().zip(members.iter().cycle()) {
        quotes_nothing(members.string(name));
        quotes_nothing(members.needed(name));
        quotes_nothing(members.line(name));
    }
    quotes_nothing(members);
});

/// What bodies of the seeds have for a value, and no message of ours says by itself.
const CANARY: &str = "Zq7Xw";

fn quotes_nothing<T>(result: Result<T, Error>) {
    if let Err(Error::BadRequest(message)) = result {
        assert!(!message.contains(CANARY), "{message}");
    }
}
