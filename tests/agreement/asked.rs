//! What a call to AWS asks for, in the words of IAM.

use serde_json::Value;

use crate::wire::Done;

/// The actions of a call, and the partition keys or the secret that each names: several of a
/// transaction.
pub fn asked(done: &Done) -> Vec<(String, Vec<String>)> {
    let body = &done.call.body;
    let pk = |key: &Value| key["pk"]["S"].as_str().expect("a partition key").to_owned();
    match done.call.operation.as_str() {
        "PutItem" => vec![("dynamodb:PutItem".to_owned(), vec![pk(&body["Item"])])],
        operation @ ("GetItem" | "UpdateItem" | "DeleteItem") => {
            vec![(format!("dynamodb:{operation}"), vec![pk(&body["Key"])])]
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().unwrap().values();
            let keys = tables.flat_map(|table| table["Keys"].as_array().unwrap());
            vec![("dynamodb:BatchGetItem".to_owned(), keys.map(pk).collect())]
        }
        "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().unwrap().values();
            let rows = tables.flat_map(|table| table.as_array().unwrap());
            let keys = rows.map(|row| pk(&row["PutRequest"]["Item"]));
            vec![("dynamodb:BatchWriteItem".to_owned(), keys.collect())]
        }
        // The partition key of the index, or of the table.
        "Query" => {
            let values = &body["ExpressionAttributeValues"];
            let partition = values[":tenant"]["S"]
                .as_str()
                .or(values[":pk"]["S"].as_str());
            let partition = partition.expect("a partition key").to_owned();
            vec![("dynamodb:Query".to_owned(), vec![partition])]
        }
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().unwrap().iter();
            let items = items.flat_map(|item| item.as_object().unwrap());
            items
                .map(|(kind, item)| {
                    let (action, key) = match kind.as_str() {
                        "Put" => ("PutItem", &item["Item"]),
                        "Update" => ("UpdateItem", &item["Key"]),
                        "Delete" => ("DeleteItem", &item["Key"]),
                        "ConditionCheck" => ("ConditionCheckItem", &item["Key"]),
                        other => panic!("{other} in a transaction"),
                    };
                    (format!("dynamodb:{action}"), vec![pk(key)])
                })
                .collect()
        }
        operation @ ("DescribeSecret"
        | "GetSecretValue"
        | "PutSecretValue"
        | "UpdateSecretVersionStage") => {
            let id = body["SecretId"].as_str().expect("a secret").to_owned();
            vec![(format!("secretsmanager:{operation}"), vec![id])]
        }
        "SendMessage" => {
            let url = body["QueueUrl"].as_str().expect("a queue").to_owned();
            vec![("sqs:SendMessage".to_owned(), vec![url])]
        }
        other => panic!("the tour does not know {other}"),
    }
}
