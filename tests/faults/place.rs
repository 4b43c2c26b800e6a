//! Names for the calls that a function makes, by what they are for.

use crate::wire::Call;

/// The name of a call, as `docs/failures.md` has it.
pub fn place(call: &Call) -> &'static str {
    let session = call.touches("SESSION#") || call.touches("CSESSION#");
    let update = call.body["UpdateExpression"].as_str().unwrap_or_default();
    match call.operation.as_str() {
        "GetItem" => "public keys",
        "DescribeSecret" => "description",
        "PutSecretValue" => "new ring",
        "UpdateSecretVersionStage" => "promote",
        "GetSecretValue" if call.body["VersionId"].is_string() => "pending ring",
        "GetSecretValue" if call.body["SecretId"] == local::KEYS_SECRET => "key ring",
        "GetSecretValue" if call.body["SecretId"] == local::PASSWORDS_SECRET => "password keys",
        "GetSecretValue" => "credentials",
        "BatchGetItem" if call.touches("LOGIN#") => "name",
        "BatchGetItem" if session => "session",
        "BatchGetItem" if call.touches("INVITE#") => "invite",
        "BatchGetItem" if call.touches("CKEY#") => "key",
        "BatchGetItem" if call.touches("CLIENT#") => "client",
        "BatchGetItem" if call.touches("USER#") => "user",
        "BatchGetItem" if call.touches("SEEN#") => "last use",
        "BatchGetItem" => "tenant",
        "UpdateItem" if call.touches("RATE#address#") => "address count",
        "UpdateItem" if call.touches("RATE#tenant#") => "tenant count",
        "UpdateItem" if call.touches("RATE#") => "window",
        "UpdateItem" if call.touches("USER#") && update.starts_with("SET version") => "update",
        "UpdateItem" if call.touches("USER#") => "rehash",
        "UpdateItem" if call.touches("CLIENT#") => "update",
        "UpdateItem" if session && update.starts_with("SET revoked_at") => "revoke",
        "UpdateItem" if session => "rotate",
        "UpdateItem" if update.starts_with("SET failures = :zero") => "clear",
        "UpdateItem" if update.starts_with("SET failures = :failures") => "count with a wait",
        "UpdateItem" => "count",
        "PutItem" if session => "new session",
        "PutItem" if call.touches("KEYS") => "publish",
        "PutItem" if call.touches("FAIL#") => "known address",
        "PutItem" => "event",
        "TransactWriteItems" => "change",
        "Query" if call.touches("AUDIT#") => "log",
        "Query" if call.touches("COUNT#") => "counters",
        "Query" => "index",
        other => panic!("{other} is in no function's flow"),
    }
}
