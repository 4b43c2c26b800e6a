//! Names for the calls that a function makes, by what they are for.

use crate::wire::Call;

/// The name of a call, as `docs/failures.md` has it.
pub fn place(call: &Call) -> &'static str {
    let update = call.body["UpdateExpression"].as_str().unwrap_or_default();
    match call.operation.as_str() {
        "GetItem" => "public keys",
        "GetSecretValue" if call.body["SecretId"] == local::KEYS_SECRET => "key ring",
        "GetSecretValue" if call.body["SecretId"] == local::PASSWORDS_SECRET => "password keys",
        "GetSecretValue" => "credentials",
        "BatchGetItem" if call.touches("LOGIN#") => "name",
        "BatchGetItem" if call.touches("SESSION#") => "session",
        "BatchGetItem" if call.touches("USER#") => "user",
        "BatchGetItem" => "tenant",
        "UpdateItem" if call.touches("RATE#address#") => "address count",
        "UpdateItem" if call.touches("RATE#tenant#") => "tenant count",
        "UpdateItem" if call.touches("RATE#") => "window",
        "UpdateItem" if call.touches("USER#") => "rehash",
        "UpdateItem" if call.touches("SESSION#") && update.starts_with("SET revoked_at") => {
            "revoke"
        }
        "UpdateItem" if call.touches("SESSION#") => "rotate",
        "UpdateItem" if update.starts_with("SET failures = :zero") => "clear",
        "UpdateItem" if update.starts_with("SET failures = :failures") => "count with a wait",
        "UpdateItem" => "count",
        "PutItem" if call.touches("SESSION#") => "new session",
        "PutItem" if call.touches("FAIL#") => "known address",
        "PutItem" => "event",
        "TransactWriteItems" => "change",
        other => panic!("{other} is in no function's flow"),
    }
}
