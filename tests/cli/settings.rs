//! Which deployment a command is for.

use std::collections::BTreeMap;

use super::empty;

/// What the local stack says of itself, and the command line knows by heart.
#[tokio::test]
async fn the_command_line_knows_the_settings_of_the_local_stack() {
    let (stores, _) = empty().await;
    let settings: BTreeMap<String, String> = stores.settings("").into_iter().collect();
    for (name, value) in cli::LOCAL {
        assert_eq!(settings[name], value, "{name}");
    }
    // What else there is comes with ports, credentials and the queue, which the operator has no use for.
    let mut others: Vec<&str> = settings.keys().map(String::as_str).collect();
    others.retain(|name| cli::LOCAL.iter().all(|(known, _)| known != name));
    let expected = [
        "AUDIT_QUEUE_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "AWS_ENDPOINT_URL_SQS",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "ISSUER",
    ];
    assert_eq!(others, expected);
}
