//! `gatehouse credentials`: a tenant's credentials for AWS and NVIDIA, as the console then shows them.

use std::fs;

use local::Stores;
use serde_json::{Value, json};
use shared::app::App as _;
use shared::clock::Clock;
use shared::credentials::Console;

use super::{demonstration, events, hidden, press, typed};
use crate::stack::Folder;

const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYzzzzzzzzzzzz";
const API_KEY: &str = "nvapi-abcdefghijklmnopqrstuvwxyz0123456789";
const ENDPOINT: &str = "https://bedrock-runtime.eu-north-1.amazonaws.com/model/m.n-1/converse";
const TENANT: &str = "2001";

fn both() -> Value {
    json!({
        "aws": {
            "region": "eu-north-1",
            "access_key_id": "AKIAIOSFODNN7EXAMPLE",
            "secret_access_key": SECRET,
            "endpoint": ENDPOINT,
        },
        "nvidia": {
            "api_key": API_KEY,
            "base_url": "https://integrate.api.nvidia.com",
            "endpoint": "https://integrate.api.nvidia.com/v1/chat/completions",
        },
    })
}

/// What the functions read: whether there are credentials for AWS and NVIDIA, which they can show.
async fn read(stores: &Stores) -> (bool, bool) {
    let console = Console::new(&stores.environment(Clock::System).unwrap());
    let tenant = TENANT.into();
    let aws = console.aws(&tenant).await;
    let nvidia = console.nvidia(&tenant).await;
    (
        aws.is_ok_and(|aws| aws.examples().is_ok()),
        nvidia.is_ok_and(|nvidia| nvidia.examples().is_ok()),
    )
}

#[tokio::test]
async fn they_are_stored_from_json_shown_masked_and_removed() {
    let (stores, gatehouse) = demonstration().await;
    let set = ["credentials", "set", TENANT, "--file", "-"];
    let ran = gatehouse.run_with(&set, &both().to_string()).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(read(&stores).await, (true, true));
    let shown = gatehouse.run(&["credentials", "show", TENANT]).await;
    assert_eq!(shown.stdout, ran.stdout);
    let programs = gatehouse.json(&["credentials", "show", TENANT]).await;
    let masked = programs["aws"]["secret_access_key"].as_str().unwrap();
    assert_eq!(masked, format!("wJal{}zzzz", "*".repeat(SECRET.len() - 8)));
    for printed in [
        format!("{ran:?}"),
        format!("{shown:?}"),
        programs.to_string(),
    ] {
        assert!(
            !printed.contains(SECRET) && !printed.contains(API_KEY),
            "{printed}"
        );
    }

    // One of the two, from a file; the other stays.
    let folder = Folder::new();
    fs::create_dir_all(&folder.0).unwrap();
    let file = folder.0.join("aws.json");
    let mut aws = both();
    aws.as_object_mut().unwrap().remove("nvidia");
    aws["aws"]["region"] = json!("eu-west-1");
    fs::write(&file, aws.to_string()).unwrap();
    gatehouse
        .done(&[
            "credentials",
            "set",
            TENANT,
            "--file",
            file.to_str().unwrap(),
        ])
        .await;
    let programs = gatehouse.json(&["credentials", "show", TENANT]).await;
    assert_eq!(programs["aws"]["region"], "eu-west-1");
    assert_eq!(
        programs["nvidia"]["base_url"],
        "https://integrate.api.nvidia.com"
    );

    gatehouse
        .done(&["credentials", "remove", TENANT, "--aws", "--yes"])
        .await;
    assert_eq!(read(&stores).await, (false, true));
    gatehouse
        .done(&["credentials", "remove", TENANT, "--yes"])
        .await;
    assert_eq!(read(&stores).await, (false, false));
    let ran = gatehouse
        .run(&["credentials", "remove", TENANT, "--yes"])
        .await;
    ran.assert_failed(1, "tenant 2001 has no such credentials");
    // What waits for its deletion is taken up again.
    assert_eq!(gatehouse.run_with(&set, &both().to_string()).await.code, 0);
    assert_eq!(read(&stores).await, (true, true));

    let events = events(&stores).await;
    let reasons: Vec<_> = events
        .iter()
        .filter_map(|event| event["reason"].as_str())
        .collect();
    let expected = [
        "credentials stored: aws nvidia",
        "credentials stored: aws",
        "credentials removed: aws",
        "credentials removed: all",
        "credentials stored: aws nvidia",
    ];
    assert_eq!(reasons, expected);
}

#[tokio::test]
async fn at_a_terminal_no_key_is_seen() {
    let (stores, gatehouse) = demonstration().await;
    let set = ["credentials", "set", TENANT, "--aws", "--nvidia"];
    let steps = [
        typed("AWS region", "stockholm"),
        typed("as in eu-north-1\n", "eu-north-1"),
        typed("AWS access key id", "AKIAIOSFODNN7EXAMPLE"),
        hidden("AWS secret access key", SECRET),
        typed("Endpoint", "https://example.com"),
        typed("Converse API\n", ENDPOINT),
        hidden("NVIDIA API key", API_KEY),
        typed("Base URL", ""),
    ];
    let shown = gatehouse.at_terminal(&set, &steps).await;
    assert_eq!((shown.code, shown.sane), (0, true), "{shown:?}");
    assert!(
        !shown.screen.contains(SECRET) && !shown.screen.contains(API_KEY),
        "{shown:?}"
    );
    assert_eq!(read(&stores).await, (true, true));
    let last = [steps[..3].to_vec(), vec![press("AWS secret", "\0\x03")]].concat();
    let shown = gatehouse.at_terminal(&set, &last).await;
    assert_eq!((shown.code, shown.sane), (130, true), "{shown:?}");
}

#[tokio::test]
async fn what_the_functions_could_not_show_is_refused_and_nothing_is_stored() {
    let (stores, gatehouse) = demonstration().await;
    let set = ["credentials", "set", TENANT, "--file", "-"];
    let changed = |pointer: &str, value: Value| {
        let mut both = both();
        *both.pointer_mut(pointer).unwrap() = value;
        both.to_string()
    };
    let shape = "nothing was stored: aws has region, access_key_id, secret_access_key and endpoint, \
                 nvidia has api_key, base_url and endpoint, and each is a text";
    for (text, said) in [
        (String::new(), "no JSON object: line 1, column 0"),
        ("[]".to_owned(), "no JSON object: line 1, column 0"),
        (
            "{\"aws\": \"secret".to_owned(),
            "no JSON object: line 1, column 15",
        ),
        (
            "{}".to_owned(),
            "there is neither an object aws nor an object nvidia",
        ),
        (
            json!({"azure": {}}).to_string(),
            "there are credentials for aws and nvidia, and none for azure",
        ),
        (json!({"aws": {}}).to_string(), shape),
        (changed("/nvidia/api_key", json!(1)), shape),
        (
            changed("/aws/region", json!("Stockholm")),
            "nothing was stored: region of aws: a region, as in eu-north-1",
        ),
        (
            changed("/aws/endpoint", json!("http://example.com")),
            "nothing was stored: endpoint of aws: https://…/model/<model id>/converse, of Bedrock's \
             Converse API",
        ),
        (
            changed("/aws/secret_access_key", json!("' or 1")),
            "nothing was stored: secret_access_key of aws is no key: it has letters, digits and \
             -_.~/:%+=*@, and nothing else",
        ),
        (
            changed("/nvidia/endpoint", json!("https://example.com")),
            "nothing was stored: endpoint of nvidia is its base_url and /v1/chat/completions",
        ),
    ] {
        let ran = gatehouse.run_with(&set, &text).await;
        ran.assert_failed(1, said);
        assert_eq!(read(&stores).await, (false, false), "{text}");
    }
    let ran = gatehouse.run(&["credentials", "set", TENANT]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = gatehouse
        .run(&["credentials", "set", TENANT, "--aws"])
        .await;
    let said = "credentials are asked for at a terminal; --file - reads them from standard input";
    ran.assert_failed(2, said);
}
