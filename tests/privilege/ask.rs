//! What a call to AWS asks for, in the words of IAM.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::template::{INDEX, QUEUE, TABLE, secret};

/// One thing that IAM decides: an action on a resource, with the partition keys that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// As in `dynamodb:GetItem`.
    pub action: String,
    /// The resource's ARN.
    pub resource: String,
    /// The partition keys of a request to the table, `dynamodb:LeadingKeys`; of others, and of a scan,
    /// there are none.
    pub keys: Vec<String>,
}

impl Ask {
    /// An action on rows of the table.
    pub fn rows(action: &str, keys: &[&str]) -> Self {
        Self {
            action: format!("dynamodb:{action}"),
            resource: TABLE.to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    /// An action on something that is no table.
    pub fn other(action: &str, resource: &str) -> Self {
        Self {
            action: action.to_owned(),
            resource: resource.to_owned(),
            keys: Vec::new(),
        }
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.keys.is_empty() {
            write!(f, "{} on {}", self.action, self.resource)
        } else {
            write!(f, "{} on {:?}", self.action, self.keys)
        }
    }
}

fn pk(key: &Value) -> &str {
    key["pk"]["S"].as_str().expect("a partition key")
}

/// What a call asks for: of a transaction the actions of its items, each with all keys that it has there.
pub fn of_call(operation: &str, body: &Value) -> Vec<Ask> {
    let secret_of = |operation: &str| {
        let named = body["SecretId"].as_str().expect("a secret");
        Ask::other(&format!("secretsmanager:{operation}"), &secret(named))
    };
    match operation {
        "PutItem" => vec![Ask::rows(operation, &[pk(&body["Item"])])],
        "GetItem" | "UpdateItem" | "DeleteItem" => vec![Ask::rows(operation, &[pk(&body["Key"])])],
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().expect("tables").values();
            let keys = tables.flat_map(|table| table["Keys"].as_array().expect("keys"));
            vec![Ask::rows(operation, &keys.map(pk).collect::<Vec<_>>())]
        }
        "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().expect("tables").values();
            let rows = tables.flat_map(|table| table.as_array().expect("rows"));
            let keys = rows.map(|row| match row.get("PutRequest") {
                Some(put) => pk(&put["Item"]),
                None => pk(&row["DeleteRequest"]["Key"]),
            });
            vec![Ask::rows(operation, &keys.collect::<Vec<_>>())]
        }
        "Query" => vec![query(body)],
        "Scan" => vec![Ask::rows(operation, &[])],
        "TransactWriteItems" => transaction(body),
        "DescribeSecret" | "GetSecretValue" | "PutSecretValue" | "UpdateSecretVersionStage" => {
            vec![secret_of(operation)]
        }
        "GetRandomPassword" => vec![Ask::other("secretsmanager:GetRandomPassword", "*")],
        "SendMessage" => {
            assert_eq!(body["QueueUrl"], local::audit_queue_url());
            vec![Ask::other("sqs:SendMessage", QUEUE)]
        }
        other => panic!("nobody knows what {other} asks for"),
    }
}

/// The partition of a query, of the table or of its index.
fn query(body: &Value) -> Ask {
    let condition = body["KeyConditionExpression"].as_str().expect("one");
    let mut words = condition.split(' ').filter(|word| word.starts_with(':'));
    let named = words.next().expect("a partition key");
    let partition = &body["ExpressionAttributeValues"][named]["S"];
    let mut ask = Ask::rows("Query", &[partition.as_str().expect("text")]);
    if let Some(index) = body["IndexName"].as_str() {
        ask.resource = format!("{INDEX}{index}");
    }
    ask
}

fn transaction(body: &Value) -> Vec<Ask> {
    let mut keys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let items = body["TransactItems"].as_array().expect("items").iter();
    for (kind, item) in items.flat_map(|item| item.as_object().expect("an item")) {
        let (action, key) = match kind.as_str() {
            "Put" => ("PutItem", &item["Item"]),
            "Update" => ("UpdateItem", &item["Key"]),
            "Delete" => ("DeleteItem", &item["Key"]),
            "ConditionCheck" => ("ConditionCheckItem", &item["Key"]),
            other => panic!("{other} in a transaction"),
        };
        keys.entry(action).or_default().push(pk(key));
    }
    let asked = keys.into_iter();
    asked
        .map(|(action, keys)| Ask::rows(action, &keys))
        .collect()
}
