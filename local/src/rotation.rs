//! What winterbaume does otherwise than Secrets Manager where a rotation depends on it: the conditions
//! of its calls, and `RotateSecret`, which calls a function four times.

use serde_json::{Value, json};
use shared::clock::Clock;

use crate::serving;
use crate::stores::{KEYS_SECRET, PASSWORDS_SECRET};

/// The function that rotates both secrets.
const FUNCTION: &str = "rotate-keys";
const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

/// An answer that is given in winterbaume's place: its status and its body.
pub(crate) type Answer = (u16, Value);

/// What Secrets Manager answers to a call where winterbaume would do another thing; `state` is what
/// there is.
pub(crate) fn instead(action: &str, body: &Value, state: &Value) -> Option<Answer> {
    let secret = secret(state, body)?;
    match action {
        "PutSecretValue" => put(secret, body),
        "UpdateSecretVersionStage" => moved(secret, body),
        "RotateSecret" => rotation(secret),
        _ => None,
    }
}

/// What Secrets Manager says beside what winterbaume does.
pub(crate) fn amend(action: &str, answer: &mut Value) -> Option<Answer> {
    match action {
        "DescribeSecret" => {
            let name = answer["Name"].as_str().unwrap_or_default();
            if is_rotated(name) {
                answer["RotationEnabled"] = json!(true);
            }
            None
        }
        // A version that a rotation has begun has no value yet.
        "GetSecretValue" if answer.get("ARN").is_some() => {
            let has_text = answer["SecretString"].is_string();
            (!has_text).then(|| {
                let why = "Secrets Manager can't find the specified secret value.";
                refusal("ResourceNotFoundException", why)
            })
        }
        _ => None,
    }
}

/// The secret that a call names, by its name or its ARN.
pub(crate) fn secret<'a>(state: &'a Value, body: &Value) -> Option<&'a Value> {
    let id = &body["SecretId"];
    let mut secrets = state["secrets"].as_object()?.values();
    secrets.find(|secret| secret["name"] == *id || secret["arn"] == *id)
}

/// The same id and text again is done already, another text is refused.
fn put(secret: &Value, body: &Value) -> Option<Answer> {
    let id = body["ClientRequestToken"].as_str()?;
    let version = secret["versions"].get(id)?;
    if version["secret_string"].is_null() {
        return None;
    }
    if version["secret_string"] != body["SecretString"] {
        let why = "You can't use ClientRequestToken because it is already in use.";
        return Some(refusal("ResourceExistsException", why));
    }
    let done = json!({
        "ARN": secret["arn"],
        "Name": secret["name"],
        "VersionId": id,
        "VersionStages": version["version_stages"],
    });
    Some((200, done))
}

/// A stage is moved only from the version that has it.
fn moved(secret: &Value, body: &Value) -> Option<Answer> {
    let stage = &body["VersionStage"];
    let holder = holder(secret, stage.as_str()?);
    let from = body["RemoveFromVersionId"].as_str();
    (holder != from).then(|| {
        let why = "RemoveFromVersionId is not the version that has the staging label.";
        refusal("InvalidParameterException", why)
    })
}

fn rotation(secret: &Value) -> Option<Answer> {
    if !is_rotated(secret["name"].as_str()?) {
        let why = "No Lambda rotation function ARN is associated with this secret.";
        return Some(refusal("InvalidRequestException", why));
    }
    unfinished(secret).map(|_| {
        let why = "A previous rotation isn't complete. That rotation will be reattempted.";
        refusal("InvalidRequestException", why)
    })
}

/// The token of a rotation that has not ended.
pub(crate) fn unfinished(secret: &Value) -> Option<&str> {
    let pending = holder(secret, "AWSPENDING")?;
    (holder(secret, "AWSCURRENT") != Some(pending)).then_some(pending)
}

fn holder<'a>(secret: &'a Value, stage: &str) -> Option<&'a str> {
    let mut versions = secret["versions"].as_object()?.iter();
    let has = |version: &Value| {
        let stages = version["version_stages"].as_array();
        stages.is_some_and(|stages| stages.contains(&json!(stage)))
    };
    let (id, _) = versions.find(|(_, version)| has(version))?;
    Some(id)
}

fn is_rotated(name: &str) -> bool {
    [KEYS_SECRET, PASSWORDS_SECRET].contains(&name)
}

/// A refusal in the words of the service.
pub(crate) fn refusal(code: &str, why: &str) -> Answer {
    (400, json!({"__type": code, "message": why}))
}

/// Calls the function for each step of a rotation, one after another, until one fails: as on AWS,
/// whoever has asked for the rotation is answered before.
pub(crate) fn run(functions_url: String, secret: String, token: String) {
    serving::spawn(async move {
        for step in STEPS {
            if let Err(why) = call(&functions_url, step, &secret, &token).await {
                eprintln!("the rotation of {secret} has failed: {step}: {why}");
                return;
            }
        }
    });
}

async fn call(functions_url: &str, step: &str, secret: &str, token: &str) -> Result<(), String> {
    let client = reqwest::Client::builder().no_proxy().build();
    let client = client.map_err(|error| error.to_string())?;
    let url = format!("{functions_url}/2015-03-31/functions/{FUNCTION}/invocations");
    let event = json!({"Step": step, "SecretId": secret, "ClientRequestToken": token});
    let called = client.post(url).body(event.to_string()).send();
    let answer = tokio::select! {
        answer = called => answer.map_err(|error| error.to_string())?,
        () = Clock::System.sleep(LONGEST) => return Err("no answer in time".to_owned()),
    };
    let text = answer.text().await.map_err(|error| error.to_string())?;
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Null) => Ok(()),
        Ok(failure) => Err(failure["errorMessage"].to_string()),
        Err(_) => Err("no answer of the function's".to_owned()),
    }
}

/// As long as Lambda waits for the function.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(15);
