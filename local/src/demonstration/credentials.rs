//! The credentials of tenant acme for others' services, which give the masks that document 001 prints.
//! Neither key opens anything.

use serde_json::json;
use shared::aws::Environment;

use crate::StackError;

/// Makes the secret of tenant acme, if it is not there.
pub(super) async fn make(environment: &Environment) -> Result<(), StackError> {
    let secret = json!({
        "aws": {
            "region": "eu-north-1",
            "access_key_id": "AKIAIOSFODNN7EXAMPLE",
            "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXKEYX",
            "endpoint": "https://bedrock-runtime.eu-north-1.amazonaws.com/model/eu.anthropic.claude-sonnet-4-6/converse",
        },
        "nvidia": {
            "api_key": "nvapi-demonstration-key-that-opens-none-xxxx",
            "base_url": "https://integrate.api.nvidia.com",
            "endpoint": "https://integrate.api.nvidia.com/v1/chat/completions",
        },
    });
    let name = format!("{}acme", environment.config.credentials_prefix);
    let secrets = environment.secrets_manager();
    if secrets
        .describe_secret()
        .secret_id(&name)
        .send()
        .await
        .is_ok()
    {
        return Ok(());
    }
    let made = secrets.create_secret().name(&name);
    let made = made.secret_string(secret.to_string()).send().await;
    // What the SDK says may quote the request.
    let failed = |_| StackError(format!("the secret {name} cannot be made"));
    made.map(|_| ()).map_err(failed)
}
