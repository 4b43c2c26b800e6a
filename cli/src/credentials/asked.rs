//! Credentials as the operator gives them: typed at a terminal, or in a file of JSON.

use std::fs;

use serde_json::{Map, Value, json};
use shared::credentials::Stored;
use zeroize::Zeroizing;

use crate::ask;
use crate::failure::Failure;

const NVIDIA: &str = "https://integrate.api.nvidia.com";

/// Asks for them.
pub async fn at_terminal(aws: bool, nvidia: bool) -> Result<Map<String, Value>, Failure> {
    if !ask::at_terminal() {
        return Err(Failure::usage(
            "credentials are asked for at a terminal; --file - reads them from standard input",
        ));
    }
    let mut given = Map::new();
    if aws {
        given.insert("aws".to_owned(), self::aws().await?);
    }
    if nvidia {
        given.insert("nvidia".to_owned(), self::nvidia().await?);
    }
    Ok(given)
}

async fn aws() -> Result<Value, Failure> {
    let region = text("AWS region, as in eu-north-1", region)?;
    let id = text("AWS access key id, as in AKIA…", plain)?;
    let secret = secret("AWS secret access key (it is not shown)").await?;
    let endpoint = text(
        "Endpoint, https://bedrock-runtime.…/model/<model id>/converse",
        endpoint,
    )?;
    Ok(json!({
        "region": region,
        "access_key_id": id,
        "secret_access_key": secret.as_str(),
        "endpoint": endpoint,
    }))
}

async fn nvidia() -> Result<Value, Failure> {
    let key = secret("NVIDIA API key (it is not shown)").await?;
    let question = format!("Base URL, if it is not {NVIDIA}");
    let base = ask::optional(&question, base)?;
    let base = base.unwrap_or_else(|| NVIDIA.to_owned());
    Ok(json!({
        "api_key": key.as_str(),
        "base_url": base,
        "endpoint": format!("{base}/v1/chat/completions"),
    }))
}

fn text(question: &str, parse: impl Fn(&str) -> Result<String, String>) -> Result<String, Failure> {
    ask::needed(None, question, "", parse)
}

async fn secret(question: &str) -> Result<Zeroizing<String>, Failure> {
    let secret = ask::hidden(question).await?;
    if plain(&secret).is_err() {
        return Err(Failure::new(
            "that is no key: it has spaces or other characters that keys have not. Nothing was stored",
        ));
    }
    Ok(secret)
}

/// What stands unchanged between the quotes of every language.
fn plain(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/:%+=*@".contains(&byte);
    if text.is_empty() || !text.bytes().all(plain) {
        return Err("it has letters, digits and -_.~/:%+=*@, and nothing else".to_owned());
    }
    Ok(text.to_owned())
}

fn region(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !text.bytes().all(fits) || text.matches('-').count() < 2 {
        return Err("a region, as in eu-north-1".to_owned());
    }
    Ok(text.to_owned())
}

fn endpoint(text: &str) -> Result<String, String> {
    let path = text
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once("/model/"));
    let model = path.and_then(|(_, model)| model.strip_suffix("/converse"));
    if model.is_none_or(str::is_empty) {
        return Err("https://…/model/<model id>/converse, of Bedrock's Converse API".to_owned());
    }
    plain(text)
}

fn base(text: &str) -> Result<String, String> {
    if !text.starts_with("https://") || text.ends_with('/') {
        return Err("https://…, without a / at its end".to_owned());
    }
    plain(text)
}

/// Reads them from a file, or from standard input.
pub fn from_file(path: &str) -> Result<Map<String, Value>, Failure> {
    let text = match path {
        "-" => ask::piped()?,
        path => fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|error| Failure::new(format!("cannot read {path}: {error}")))?,
    };
    // serde's own message would quote the value that is wrong.
    let given: Map<String, Value> = serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure::new(format!("no JSON object: line {line}, column {column}"))
    })?;
    if let Some(unknown) = given
        .keys()
        .find(|name| !["aws", "nvidia"].contains(&name.as_str()))
    {
        return Err(Failure::new(format!(
            "there are credentials for aws and nvidia, and none for {}",
            unknown.escape_debug()
        )));
    }
    if given.is_empty() || given.values().any(Value::is_null) {
        return Err(Failure::new(
            "there is neither an object aws nor an object nvidia",
        ));
    }
    Ok(given)
}

/// What the functions would read and show of this text, which has these members.
pub fn checked(members: &Map<String, Value>, text: &str) -> Result<Stored, Failure> {
    let refused = |what: &str| Failure::new(format!("nothing was stored: {what}"));
    let stored = Stored::parse(text).map_err(|_| {
        refused(
            "aws has region, access_key_id, secret_access_key and endpoint, nvidia has api_key, \
             base_url and endpoint, and each is a text",
        )
    })?;
    // What is read of a secret is its mask, which may hide what it is made of.
    for (whose, name) in [("aws", "secret_access_key"), ("nvidia", "api_key")] {
        let secret = members
            .get(whose)
            .and_then(|members| members[name].as_str());
        let checked = secret.map_or(Ok(()), |secret| plain(secret).map(|_| ()));
        checked.map_err(|what| refused(&format!("{name} of {whose} is no key: {what}")))?;
    }
    if let Some(aws) = &stored.aws {
        for (name, checked) in [
            ("region", region(&aws.region)),
            ("access_key_id", plain(&aws.access_key_id)),
            ("endpoint", endpoint(&aws.endpoint)),
        ] {
            checked.map_err(|what| refused(&format!("{name} of aws: {what}")))?;
        }
        let what = "the functions could not show what aws has";
        aws.examples().map_err(|_| refused(what))?;
    }
    if let Some(nvidia) = &stored.nvidia {
        let checked = base(&nvidia.base_url);
        checked.map_err(|what| refused(&format!("base_url of nvidia: {what}")))?;
        let what = "endpoint of nvidia is its base_url and /v1/chat/completions";
        nvidia.examples().map_err(|_| refused(what))?;
    }
    Ok(stored)
}
