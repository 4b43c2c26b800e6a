//! `examples/protected-api`: what its function makes of what an authorizer has said, and its templates.

use std::fs;

use local::template::workspace;
use serde_json::{Value, json};

/// What the function answers: status and body.
fn call(route: &str, query: &Value, authorizer: &Value) -> (u16, Value) {
    let event = json!({
        "version": "2.0",
        "routeKey": route,
        "headers": {"authorization": "Bearer e30.e30.e30"},
        "queryStringParameters": query,
        "requestContext": {"authorizer": authorizer},
    });
    let event = serde_json::from_value(event).expect("an event");
    let answer = serde_json::to_value(protected_api::handle(&event)).unwrap();
    assert_eq!(answer["headers"]["content-type"], "application/json");
    assert_eq!(answer["headers"]["cache-control"], "no-store");
    let status = answer["statusCode"].as_u64().unwrap();
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    (u16::try_from(status).unwrap(), body)
}

const INTERACTIONS: &str = "GET /api/v1/interactions";

fn user() -> Value {
    json!({"sub": "1005", "tenant_id": "2001", "client_id": "gatehouse", "role": "viewer"})
}

#[test]
fn both_authorizers_are_understood_and_without_one_nothing_is_answered() {
    // API Gateway's own hands over every claim as text.
    let mut claims = user();
    claims["exp"] = json!("1740806940");
    for authorizer in [
        json!({"lambda": user()}),
        json!({"jwt": {"claims": claims, "scopes": null}}),
    ] {
        let (status, body) = call("GET /api/transcribe", &json!({}), &authorizer);
        assert_eq!((status, &body["user"]), (200, &json!("1005")));
        let (status, body) = call(INTERACTIONS, &json!({}), &authorizer);
        assert_eq!((status, &body["next_cursor"]), (200, &json!("50")));
    }
    for none in [json!({}), json!({"lambda": null})] {
        assert_eq!(call("GET /api/transcribe", &json!({}), &none).0, 500);
    }
    let yes = json!({"lambda": user()});
    assert_eq!(call("GET /other", &json!({}), &yes).0, 404);
}

#[test]
fn a_client_reads_interactions_by_its_scope_alone() {
    for (scope, status) in [
        (Some("read:interactions"), 200),
        (Some("notes:read read:interactions"), 200),
        (Some("admin:all"), 200),
        (Some("notes:read"), 403),
        (Some("read:interactions2"), 403),
        (Some(""), 403),
        (None, 403),
    ] {
        let mut client = json!({"sub": "c", "tenant_id": "2001", "client_id": "c"});
        if let Some(scope) = scope {
            client["scope"] = json!(scope);
        }
        let answer = call(INTERACTIONS, &json!({}), &json!({"lambda": client}));
        assert_eq!(answer.0, status, "{scope:?}");
        let answer = call(
            "GET /api/transcribe",
            &json!({}),
            &json!({"lambda": client}),
        );
        assert_eq!(answer.0, 200);
    }
}

#[test]
fn a_page_is_as_long_as_is_asked_and_the_last_one_has_no_next() {
    let yes = json!({"lambda": user()});
    for (query, length, next) in [
        (json!({"limit": "1"}), 1, json!("1")),
        (json!({"limit": "200"}), 120, Value::Null),
        (json!({"limit": "60", "cursor": "60"}), 60, Value::Null),
        (json!({"limit": "60", "cursor": "59"}), 60, json!("119")),
        (json!({"cursor": "119"}), 1, Value::Null),
        (json!({"cursor": "18446744073709551615"}), 0, Value::Null),
    ] {
        let (status, body) = call(INTERACTIONS, &query, &yes);
        assert_eq!(status, 200, "{query}");
        let page = body["interactions"].as_array().unwrap();
        assert_eq!(
            (page.len(), &body["next_cursor"]),
            (length, &next),
            "{query}"
        );
    }
}

fn template(path: &str) -> Value {
    let text = fs::read_to_string(workspace().join(path)).unwrap();
    let yaml: yaml_serde::Value = yaml_serde::from_str(&text).expect("YAML");
    crate::agreement::template::plain(yaml)
}

#[test]
fn its_templates_differ_in_their_authorizers_alone_and_take_what_ours_gives_out() {
    let ours = template("template.yaml");
    let lambda = template("examples/protected-api/template.yaml");
    let jwt = template("examples/protected-api/jwt.yaml");
    let function = "ProtectedApiFunction";
    assert_eq!(lambda["Resources"][function], jwt["Resources"][function]);
    assert_eq!(lambda["Outputs"], jwt["Outputs"]);
    assert!(ours["Outputs"].get("AuthorizerArn").is_some());
    assert!(ours["Outputs"].get("Issuer").is_some());
    assert!(ours["Parameters"].get("Audience").is_some());
    let of = |template: &Value| {
        let auth = &template["Resources"]["Api"]["Properties"]["Auth"];
        let name = auth["DefaultAuthorizer"].as_str().expect("a default");
        auth["Authorizers"][name].clone()
    };
    assert_eq!(
        of(&lambda),
        json!({
            "FunctionArn": {"Ref": "AuthorizerArn"},
            "AuthorizerPayloadFormatVersion": "2.0",
            "EnableSimpleResponses": true,
            "EnableFunctionDefaultPermissions": true,
            "Identity": {"Headers": ["Authorization"], "ReauthorizeEvery": 0},
        })
    );
    assert_eq!(
        of(&jwt),
        json!({
            "IdentitySource": "$request.header.Authorization",
            "JwtConfiguration": {"issuer": {"Ref": "Issuer"}, "audience": [{"Ref": "Audience"}]},
        })
    );
}
