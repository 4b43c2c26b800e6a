//! Programs that call with a tenant's credentials: complete, and right for their region and endpoint.
//! They hold the masked secret, in whose place a reader puts the real one.

use serde::Serialize;

use super::{Aws, Nvidia, malformed};
use crate::error::Error;

/// One call of the service, in three languages.
#[derive(Debug, Serialize)]
pub struct Examples {
    #[serde(rename = "curlExample")]
    curl: String,
    #[serde(rename = "nodeExample")]
    node: String,
    #[serde(rename = "pythonExample")]
    python: String,
}

/// A model that every account of NVIDIA's API has.
const NVIDIA_MODEL: &str = "meta/llama-3.1-8b-instruct";

const AWS_CURL: &str = r#"curl -X POST '{endpoint}' \
  --aws-sigv4 'aws:amz:{region}:bedrock' \
  --user '{key}:{secret}' \
  -H 'content-type: application/json' \
  -d '{"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}'
"#;

/// What curl's example begins with where the path has a colon: AWS wants `%253A` for it in what is signed
/// (Signature Version 4, canonical URI), and curl up to 8 signs it as it is.
const AWS_CURL_COLON: &str = "# AWS refuses what curl signs for a path with a colon: use Node or Python, or an inference profile's id without one\n";

const AWS_NODE: &str = r#"// Node.js example, an ES module; npm install @aws-sdk/client-bedrock-runtime
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";

const client = new BedrockRuntimeClient({
  region: "{region}",
  endpoint: "{base}",
  credentials: {
    accessKeyId: "{key}",
    secretAccessKey: "{secret}",
  },
});
const answer = await client.send(
  new ConverseCommand({
    modelId: "{model}",
    messages: [{ role: "user", content: [{ text: "Hello" }] }],
  }),
);
console.log(answer.output.message.content[0].text);
"#;

const AWS_PYTHON: &str = r#"# Python example; pip install boto3
import boto3

client = boto3.client(
    "bedrock-runtime",
    region_name="{region}",
    endpoint_url="{base}",
    aws_access_key_id="{key}",
    aws_secret_access_key="{secret}",
)
answer = client.converse(
    modelId="{model}",
    messages=[{"role": "user", "content": [{"text": "Hello"}]}],
)
print(answer["output"]["message"]["content"][0]["text"])
"#;

const NVIDIA_CURL: &str = r#"curl -X POST '{endpoint}' \
  -H 'authorization: Bearer {secret}' \
  -H 'content-type: application/json' \
  -d '{"model": "{model}", "messages": [{"role": "user", "content": "Hello"}]}'
"#;

const NVIDIA_NODE: &str = r#"// Node.js example, an ES module; npm install openai
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "{base}",
  apiKey: "{secret}",
});
const answer = await client.chat.completions.create({
  model: "{model}",
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.choices[0].message.content);
"#;

const NVIDIA_PYTHON: &str = r#"# Python example; pip install openai
from openai import OpenAI

client = OpenAI(
    base_url="{base}",
    api_key="{secret}",
)
answer = client.chat.completions.create(
    model="{model}",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)
"#;

impl Aws {
    /// How to call with them.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when the endpoint is none of Bedrock's Converse API, or a member has what
    /// would not stay within the quotes of a program.
    pub fn examples(&self) -> Result<Examples, Error> {
        let model = self.endpoint.split_once("/model/");
        let (base, rest) = model.ok_or_else(malformed)?;
        let model = rest.strip_suffix("/converse").ok_or_else(malformed)?;
        let secret = self.secret_access_key.masked();
        let mut examples = filled(
            [AWS_CURL, AWS_NODE, AWS_PYTHON],
            &[
                ("{region}", &self.region),
                ("{endpoint}", &self.endpoint),
                ("{base}", base),
                ("{model}", model),
                ("{key}", &self.access_key_id),
                ("{secret}", &secret),
            ],
        )?;
        if model.contains(':') {
            examples.curl.insert_str(0, AWS_CURL_COLON);
        }
        Ok(examples)
    }
}

impl Nvidia {
    /// How to call with them.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when the endpoint is not that of chats at the base URL, or a member has
    /// what would not stay within the quotes of a program.
    pub fn examples(&self) -> Result<Examples, Error> {
        let base = format!("{}/v1", self.base_url);
        if self.endpoint != format!("{base}/chat/completions") {
            return Err(malformed());
        }
        let secret = self.api_key.masked();
        filled(
            [NVIDIA_CURL, NVIDIA_NODE, NVIDIA_PYTHON],
            &[
                ("{endpoint}", &self.endpoint),
                ("{base}", &base),
                ("{model}", NVIDIA_MODEL),
                ("{secret}", &secret),
            ],
        )
    }
}

/// The programs with the values in their places.
fn filled(programs: [&str; 3], values: &[(&str, &str)]) -> Result<Examples, Error> {
    if !values.iter().all(|(_, value)| is_plain(value)) {
        return Err(malformed());
    }
    let [curl, node, python] = programs.map(|program| {
        let places = values.iter();
        places.fold(program.to_owned(), |program, (place, value)| {
            program.replace(place, value)
        })
    });
    Ok(Examples { curl, node, python })
}

/// Whether a value means nothing to a shell or a program, between quotes of any kind.
fn is_plain(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/:%+=*@".contains(&byte);
    !value.is_empty() && value.bytes().all(plain)
}
