//! `GET /api/auth/aws-credentials`.

use serde_json::{Value, json};
use shared::credentials::Console;

use crate::calls::{cost, events};
use crate::exchange::{Received, Sent, send};
use crate::wire::Act;
use crate::world::World;

/// A request with this token.
fn aws(token: &str) -> Sent {
    Sent::get("/api/auth/aws-credentials").bearer(token)
}

/// The admin of tenant acme, whom the documents call John.
async fn john(world: &World) -> String {
    let rows = world.rows().await;
    let john = rows.iter().find(|((pk, _), row)| {
        pk.starts_with("USER#")
            && row
                .get("username")
                .is_some_and(|name| name.as_s().is_ok_and(|name| name == "john"))
    });
    let ((pk, _), _) = john.expect("John");
    let id = pk.trim_start_matches("USER#").to_owned();
    world.sign_in(&id).await.access
}

/// A tenant's secret, whole.
pub const STORED: &str = r#"{
    "aws": {
        "region": "eu-west-1",
        "access_key_id": "AKIA",
        "secret_access_key": "a-secret-of-many-characters",
        "endpoint": "https://a.example/model/m/converse"
    },
    "nvidia": {
        "api_key": "a-secret-of-many-characters",
        "base_url": "https://a.example",
        "endpoint": "https://a.example/v1/chat/completions"
    }
}"#;

/// Puts a tenant's secret.
pub async fn store(world: &World, tenant: &str, text: &str) {
    let secrets = world.environment().secrets_manager();
    let name = format!("{}{tenant}", local::CREDENTIALS_PREFIX);
    let put = secrets
        .put_secret_value()
        .secret_id(&name)
        .secret_string(text);
    if put.send().await.is_err() {
        let made = secrets.create_secret().name(&name).secret_string(text);
        made.send().await.expect("a secret");
    }
    world.wire.take();
}

#[tokio::test]
async fn an_admin_sees_the_masked_credentials_that_the_document_prints() {
    let world = World::new().await;
    let app: &Console = world.instance().await;
    let token = john(&world).await;
    world.wire.take();
    let received = send(app, aws_credentials::handle, aws(&token)).await;
    assert_eq!(received.status, 200, "{}", received.text);
    let calls = world.wire.work();
    assert_eq!(cost(&calls), (2, 0.0));
    assert!(
        calls[1]
            .call
            .body
            .to_string()
            .contains("gatehouse/credentials/acme")
    );
    let credentials = &received.body["credentials"];
    let mask = "wJal****************************KEYX";
    let endpoint = "https://bedrock-runtime.eu-north-1.amazonaws.com/model/eu.anthropic.claude-sonnet-4-6/converse";
    let expected = json!({
        "success": true,
        "credentials": {
            "region": "eu-north-1",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "secretAccessKey": mask,
            "endpoint": endpoint,
            "authMethod": "AWS Signature Version 4",
            "curlExample": credentials["curlExample"],
            "nodeExample": credentials["nodeExample"],
            "pythonExample": credentials["pythonExample"],
        },
    });
    assert_eq!(received.body, expected);
    for (language, begins) in [
        ("curlExample", "curl -X POST "),
        ("nodeExample", "// Node.js example"),
        ("pythonExample", "# Python example"),
    ] {
        let example = credentials[language].as_str().unwrap();
        assert!(example.starts_with(begins), "{example}");
        assert!(
            example.contains(mask) && example.contains("eu-north-1"),
            "{example}"
        );
    }
    assert!(
        !received.text.contains("wJalr"),
        "the secret is in the answer"
    );
}

#[tokio::test]
async fn the_example_for_curl_begins_with_a_warning_where_the_model_has_a_colon_and_only_there() {
    let world = World::new().await;
    let app: &Console = world.instance().await;
    let alice = world.sign_in("00000000-0000-0000-0000-000000000010").await;
    for (model, warns) in [
        ("amazon.nova-lite-v1:0", true),
        ("eu.anthropic.claude-sonnet-4-6", false),
    ] {
        // The colons of the scheme and of the port are none of the path's.
        let endpoint = format!("https://a.example:8443/model/{model}/converse");
        let stored = json!({"aws": {
            "region": "eu-west-1",
            "access_key_id": "AKIA",
            "secret_access_key": "a-secret-of-many-characters",
            "endpoint": endpoint,
        }});
        store(&world, alice.tenant.as_str(), &stored.to_string()).await;
        let mut received = send(app, aws_credentials::handle, aws(&alice.access)).await;
        let examples = received.body["credentials"].take();
        let curl = examples["curlExample"].as_str().expect("an example");
        let (first, rest) = curl.split_once('\n').expect("lines");
        let program = if warns { rest } else { curl };
        assert_eq!(first.starts_with("# "), warns, "{curl}");
        assert_eq!(first.contains("Node or Python"), warns, "{curl}");
        let call = format!("curl -X POST '{endpoint}' \\\n");
        assert!(program.starts_with(&call), "{curl}");
        for other in ["nodeExample", "pythonExample"] {
            let other = examples[other].as_str().expect("an example");
            assert!(!other.contains("curl") && other.contains(model), "{other}");
        }
    }
}

#[tokio::test]
async fn nobody_else_does_and_a_refused_role_is_recorded() {
    let world = World::new().await;
    let app: &Console = world.instance().await;
    for (user, status) in [("100", 403), ("1005", 403)] {
        let token = world.sign_in(user).await.access;
        world.wire.take();
        let received = send(app, aws_credentials::handle, aws(&token)).await;
        assert_eq!(received.status, status);
        let calls = world.wire.work();
        assert_eq!(events(&calls)[0]["type"], "authz_fail");
        assert!(
            calls
                .iter()
                .all(|done| done.call.operation != "GetSecretValue")
        );
    }
    let received = send(
        app,
        aws_credentials::handle,
        Sent::get("/api/auth/aws-credentials"),
    )
    .await;
    assert_eq!(received.status, 401);
}

#[tokio::test]
async fn a_super_admin_names_another_tenant_and_an_admin_does_not() {
    let world = World::new().await;
    let app: &Console = world.instance().await;
    let of_acme = |token: &str| aws(token).query("tenant_id", "acme");
    let alice = world.sign_in("00000000-0000-0000-0000-000000000010").await;
    let received = send(app, aws_credentials::handle, of_acme(&alice.access)).await;
    assert_eq!(received.status, 404);
    world
        .alter(&alice.user_key(), |row| row["role"] = json!("super_admin"))
        .await;
    let received = send(app, aws_credentials::handle, of_acme(&alice.access)).await;
    assert_eq!(received.body["credentials"]["region"], "eu-north-1");
}

#[tokio::test]
async fn where_none_are_stored_or_not_of_this_kind_it_is_404() {
    let world = World::new().await;
    let app: &Console = world.instance().await;
    let alice = world.sign_in("00000000-0000-0000-0000-000000000010").await;
    let tenant = alice.tenant.to_string();
    let ask = async || send(app, aws_credentials::handle, aws(&alice.access)).await;
    let none = ["Not found", "No credentials are stored", "Not found"];
    ask().await.assert_refusal(404, none, &[]);
    for stored in [json!({}), json!({"aws": null}), json!({"nvidia": nvidia()})] {
        store(&world, &tenant, &stored.to_string()).await;
        ask().await.assert_refusal(404, none, &[]);
    }
}

fn nvidia() -> Value {
    json!({"api_key": "nvapi-1234567890", "base_url": "https://a.example", "endpoint": "https://a.example/v1/chat/completions"})
}

#[tokio::test]
async fn a_secret_that_is_not_as_it_should_be_is_500_and_told_nowhere() {
    let world = World::new().await;
    let app: &Console = world.instance().await;
    let alice = world.sign_in("00000000-0000-0000-0000-000000000010").await;
    let tenant = alice.tenant.to_string();
    let whole = json!({
        "region": "eu-west-1",
        "access_key_id": "AKIA",
        "secret_access_key": "a secret of many characters",
        "endpoint": "https://a.example/model/m/converse",
    });
    let with = |name: &str, value: Value| {
        let mut aws = whole.clone();
        aws[name] = value;
        json!({"aws": aws}).to_string()
    };
    let texts = [
        "a secret that is no JSON".to_owned(),
        json!({"aws": "a secret"}).to_string(),
        with("secret_access_key", json!(7)),
        with("secret_access_key", Value::Null),
        // What would end a quote of a program.
        with("region", json!("eu'; rm -rf / #")),
        with("access_key_id", json!("\"); process.exit(); (\"")),
        with(
            "secret_access_key",
            json!("'$(a secret of many characters)'"),
        ),
        with("endpoint", json!("https://a.example/model/m/converse\n")),
        with("endpoint", json!("https://a.example/model/m/invoke")),
        with("endpoint", json!("https://a.example")),
    ];
    for text in texts {
        store(&world, &tenant, &text).await;
        let received: Received = send(app, aws_credentials::handle, aws(&alice.access)).await;
        assert_eq!(received.status, 500, "{text}");
        assert!(!received.text.contains("secret"), "{}", received.text);
    }
}

#[tokio::test]
async fn a_mask_shows_eight_characters_of_sixteen_and_of_fewer_none() {
    let world = World::new().await;
    let app: &Console = world.instance().await;
    let alice = world.sign_in("00000000-0000-0000-0000-000000000010").await;
    for (secret, mask) in [
        ("abcd********wxyz", "abcd********wxyz"),
        ("abcdefghijklmnop", "abcd********mnop"),
        ("abcdefghijklmnopq", "abcd*********nopq"),
        ("abcdefghijklmno", "***************"),
        ("abcdefghi", "*********"),
        ("a", "*"),
    ] {
        let stored = json!({"aws": {
            "region": "eu-west-1",
            "access_key_id": "AKIA",
            "secret_access_key": secret,
            "endpoint": "https://a.example/model/m/converse",
        }});
        store(&world, alice.tenant.as_str(), &stored.to_string()).await;
        let received = send(app, aws_credentials::handle, aws(&alice.access)).await;
        assert_eq!(received.body["credentials"]["secretAccessKey"], mask);
    }
}

#[tokio::test]
async fn the_credentials_are_503_where_secrets_manager_is_away() {
    let world = World::new().await;
    let app: &Console = world.instance().await;
    let token = john(&world).await;
    for act in [
        Act::Fail(500, "InternalServiceError"),
        Act::Fail(400, "AccessDeniedException"),
        Act::Fail(400, "ThrottlingException"),
        Act::Refuse,
    ] {
        world.wire.rule(move |call| match call.operation.as_str() {
            "GetSecretValue" => act.clone(),
            _ => Act::Pass,
        });
        let received = send(app, aws_credentials::handle, aws(&token)).await;
        received.assert_unavailable();
    }
    world.wire.heal();
    let sent = Sent::new("POST", "/api/auth/aws-credentials").bearer(&token);
    let received = send(app, aws_credentials::handle, sent).await;
    received.assert_refusal(
        405,
        ["Method not allowed", "GET", "GET"],
        &[("allow", "GET")],
    );
}
