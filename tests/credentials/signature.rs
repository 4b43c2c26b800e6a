//! AWS Signature Version 4, as the service checks it ("Create a signed AWS API request", IAM user
//! guide): the request is put in its canonical form and signed anew.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use axum::http::request::Parts;

use super::stand_in::{KEY_ID, REGION, SECRET};

/// The name under which Bedrock's runtime is signed for.
const SERVICE: &str = "bedrock";

/// Whether a request is signed with [`SECRET`]; if not, why.
pub fn is_signed(parts: &Parts, body: &[u8]) -> Result<(), &'static str> {
    let header = |name: &str| {
        let values = parts.headers.get_all(name).iter();
        let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        (!values.is_empty()).then(|| values.join(","))
    };
    let authorization = header("authorization").ok_or("no authorization")?;
    let rest = authorization
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .ok_or("another algorithm")?;
    let part = |name: &str| {
        let mut parts = rest.split(',').map(str::trim);
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let time = header("x-amz-date").ok_or("no x-amz-date")?;
    let date = time.get(..8).ok_or("no date")?;
    let scope = format!("{date}/{REGION}/{SERVICE}/aws4_request");
    if part("Credential") != Some(&format!("{KEY_ID}/{scope}")) {
        return Err("another credential");
    }
    let signed = part("SignedHeaders").ok_or("no signed headers")?;
    // As HTTP/2 calls it, or HTTP/1.1.
    if !signed
        .split(';')
        .any(|name| [":authority", "host"].contains(&name))
    {
        return Err("the host is not signed");
    }
    let payload = hex(digest(&SHA256, body).as_ref());
    if header("x-amz-content-sha256").is_some_and(|given| given != payload) {
        return Err("another payload");
    }
    let mut canonical = format!("{}\n{}\n", parts.method, again(parts.uri.path()));
    assert_eq!(parts.uri.query(), None, "no example has a query");
    canonical.push('\n');
    for name in signed.split(';') {
        let value = match (name, parts.uri.authority()) {
            (":authority" | "host", Some(host)) => Some(host.to_string()),
            _ => header(name),
        };
        let value = value.ok_or("a signed header is missing")?;
        let words: Vec<&str> = value.split_whitespace().collect();
        let _ = writeln!(canonical, "{name}:{}", words.join(" "));
    }
    let _ = write!(canonical, "\n{signed}\n{payload}");
    let canonical = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{canonical}");

    let mut key = format!("AWS4{SECRET}").into_bytes();
    for step in [date, REGION, SERVICE, "aws4_request"] {
        key = sign(&Key::new(HMAC_SHA256, &key), step.as_bytes())
            .as_ref()
            .to_vec();
    }
    let signature = hex(sign(&Key::new(HMAC_SHA256, &key), to_sign.as_bytes()).as_ref());
    if part("Signature") == Some(&signature) {
        return Ok(());
    }
    Err("another signature")
}

/// The path encoded once more, as every service but S3 wants it.
fn again(path: &str) -> String {
    let mut encoded = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
