//! Property tests of the parsers that meet what anybody sends: they never panic, and an answer never
//! quotes what was sent.

use lambda_http::RequestExt as _;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::config::Config;
use shared::error::Error;
use shared::http::{Members, Request, bearer};

use crate::exchange::Sent;
use crate::world::START;

/// What no message of ours says by itself.
const CANARY: &str = "Zq7Xw";

fn config() -> Config {
    Config::from(|name| match name {
        "STAGE" => Some("local".to_owned()),
        "AWS_REGION" => Some("eu-north-1".to_owned()),
        "TABLE_NAME" | "AUDIENCE" => Some("gatehouse".to_owned()),
        _ => None,
    })
    .expect("settings")
}

fn assert_quotes_nothing<T>(result: Result<T, Error>) {
    if let Err(Error::BadRequest(message)) = result {
        assert!(!message.contains(CANARY), "{message}");
    }
}

/// Something like JSON, with the canary in it.
fn almost_json() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "\\u0000",
        "null",
        "true",
        "1e999",
        "-",
        " ",
        "\u{feff}",
        "\"password\"",
        "\"username\"",
        CANARY,
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_members_or_a_bad_request(body in prop::collection::vec(any::<u8>(), 0..256)) {
        match Members::parse(&body) {
            Ok(_) | Err(Error::BadRequest(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn almost_json_is_never_quoted(body in almost_json()) {
        let members = Members::parse(body.as_bytes());
        if let Ok(members) = &members {
            for name in ["password", "username"] {
                assert_quotes_nothing(members.string(name));
                assert_quotes_nothing(members.needed(name));
            }
        }
        assert_quotes_nothing(members);
    }

    #[test]
    fn members_of_any_type_are_strings_or_named(value in any::<i64>(), text in ".{0,40}") {
        for value in [json!(value), json!([text]), json!({"a": text}), json!(value % 2 == 0)] {
            let body = json!({"password": value, "username": text}).to_string();
            let members = Members::parse(body.as_bytes()).expect("an object");
            let wrong = "password must be a string".to_owned();
            prop_assert_eq!(members.string("password"), Err(Error::BadRequest(wrong)));
            prop_assert_eq!(members.string("username"), Ok(Some(text.as_str())));
        }
    }

    #[test]
    fn any_event_is_a_request_or_an_error(
        address in ".{0,40}",
        agent in ".{0,200}",
        authorization in "[ -~]{0,60}",
        body in ".{0,60}",
        base64 in any::<bool>(),
    ) {
        let mut sent = Sent::post("/api/auth/login", &Value::Null)
            .header("authorization", &authorization)
            .body(&body)
            .from(&address);
        sent.event()["requestContext"]["http"]["userAgent"] = json!(agent);
        sent.event()["isBase64Encoded"] = json!(base64 && body.is_empty());
        let request = sent.into_request();
        let sourced = request.request_context_ref().is_some();
        prop_assert!(sourced);
        let is_address = address.parse::<std::net::IpAddr>().is_ok();
        match Request::new(request, START, &config()) {
            Ok(request) => {
                prop_assert!(is_address);
                prop_assert!(request.call.user_agent.len() <= 128);
                prop_assert!(agent.starts_with(&request.call.user_agent));
                let token = bearer::token(&request);
                prop_assert!(!authorization.contains(',') || token == Err(Error::TokenInvalid));
            }
            Err(Error::Internal(_)) => prop_assert!(!is_address),
            Err(other) => panic!("{other}"),
        }
    }
}
