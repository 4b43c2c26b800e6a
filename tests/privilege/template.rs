//! `template.yaml` with its references resolved, as CloudFormation would resolve them in some account.

use serde_json::{Map, Value, json};

/// Before the resource of an ARN in that account: partition, service to be put in, region, account.
const ACCOUNT: &str = "123456789012";
const STACK: &str = "gatehouse";
/// The table.
pub const TABLE: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/Table";
/// What comes before an index's name.
pub const INDEX: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/Table/index/";
/// The queue of records that `audit` could not process.
pub const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:AuditQueue";

/// The ARN of the secret that the local stack calls so.
pub fn secret(named: &str) -> String {
    let name = match named {
        local::KEYS_SECRET => "KeysSecret".to_owned(),
        local::PASSWORDS_SECRET => "PasswordsSecret".to_owned(),
        other => match other.strip_prefix(local::CREDENTIALS_PREFIX) {
            // Secrets Manager puts six characters of its own behind.
            Some(tenant) => format!("{STACK}/credentials/{tenant}-AbCdEf"),
            None => other.to_owned(),
        },
    };
    format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{name}")
}

/// A template's values in an account.
pub struct Resolver<'a> {
    /// The template.
    pub template: &'a Value,
    /// Whether the deployment names its operators.
    pub operators: bool,
}

impl Resolver<'_> {
    /// The value with all its references resolved.
    pub fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => match members.iter().next() {
                Some((name, argument)) if members.len() == 1 => self.call(name, argument),
                _ => self.members(members),
            },
            Value::Array(values) => {
                let values = values.iter().map(|value| self.resolve(value));
                Value::Array(values.filter(|value| !value.is_null()).collect())
            }
            other => other.clone(),
        }
    }

    fn members(&self, members: &Map<String, Value>) -> Value {
        let members = members.iter();
        let members = members.map(|(name, value)| (name.clone(), self.resolve(value)));
        Value::Object(members.filter(|(_, value)| !value.is_null()).collect())
    }

    fn call(&self, name: &str, argument: &Value) -> Value {
        match name {
            "Ref" => self.reference(argument.as_str().expect("a name")),
            "GetAtt" => {
                let named = argument.as_str().expect("an attribute");
                let named = named.strip_suffix(".Arn").expect("an ARN");
                json!(self.arn(named))
            }
            "Sub" => self.sub(argument),
            "If" => {
                let taken = match argument[0].as_str() {
                    Some("HasOperators") => self.operators,
                    other => panic!("the roles do not depend on {other:?}"),
                };
                self.resolve(&argument[if taken { 1 } else { 2 }])
            }
            "Join" => {
                let parts = self.resolve(&argument[1]);
                let parts = super::policy::several(&parts);
                json!(parts.join(argument[0].as_str().expect("text")))
            }
            "Split" => {
                let whole = self.resolve(&argument[1]);
                let by = argument[0].as_str().expect("text");
                let parts = whole.as_str().expect("text").split(by);
                json!(parts.collect::<Vec<_>>())
            }
            _ => json!({name: self.resolve(argument)}),
        }
    }

    fn reference(&self, name: &str) -> Value {
        match name {
            "AWS::NoValue" => Value::Null,
            "AWS::Partition" => json!("aws"),
            "AWS::Region" => json!("us-east-1"),
            "AWS::AccountId" => json!(ACCOUNT),
            "AWS::StackName" => json!(STACK),
            "OperatorArns" => json!([operator()]),
            // Of a secret, a reference is its ARN.
            name if self.kind(name) == "AWS::SecretsManager::Secret" => json!(self.arn(name)),
            name => panic!("the roles do not name {name}"),
        }
    }

    fn sub(&self, argument: &Value) -> Value {
        let own = argument[1].as_object();
        let text = argument.as_str().or(argument[0].as_str()).expect("text");
        let mut parts = text.split("${");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').expect("a name");
            let value = match own.and_then(|own| own.get(name)) {
                Some(value) => self.resolve(value),
                None => match name.strip_suffix(".Arn") {
                    Some(named) => json!(self.arn(named)),
                    None => self.reference(name),
                },
            };
            whole.push_str(value.as_str().expect("text"));
            whole.push_str(rest);
        }
        json!(whole)
    }

    fn kind(&self, name: &str) -> &str {
        let kind = self.template["Resources"][name]["Type"].as_str();
        kind.unwrap_or_default()
    }

    fn arn(&self, name: &str) -> String {
        let place = format!("us-east-1:{ACCOUNT}");
        match self.kind(name) {
            "AWS::DynamoDB::Table" => format!("arn:aws:dynamodb:{place}:table/{name}"),
            "AWS::SQS::Queue" => format!("arn:aws:sqs:{place}:{name}"),
            "AWS::Logs::LogGroup" => format!("arn:aws:logs:{place}:log-group:{name}:*"),
            "AWS::SecretsManager::Secret" => {
                format!("arn:aws:secretsmanager:{place}:secret:{name}")
            }
            other => panic!("the roles do not name {name}, an {other}"),
        }
    }
}

/// The operator that a deployment names where it names any.
pub fn operator() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/operators/admin")
}

/// The ARN of a role with this path and name, as `aws:PrincipalArn` has it in a function's calls.
pub fn role(path: &str, name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role{path}{name}")
}
