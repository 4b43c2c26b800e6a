//! The table is the one that `template.yaml` deploys.

use local::Stores;
use serde_json::{Value, json};

/// Asks a store as an SDK does; neither checks the signature.
pub async fn ask(url: &str, target: &str, body: Value) -> (u16, Value) {
    let credential = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, \
                      SignedHeaders=host, Signature=0";
    let request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(url);
    let request = request
        .header("x-amz-target", target)
        .header("authorization", credential);
    let request = request.header("x-amz-date", "20260101T000000Z");
    let request = request.header("content-type", "application/x-amz-json-1.0");
    let answer = request.body(body.to_string()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

pub async fn dynamodb(stores: &Stores, operation: &str, mut body: Value) -> Value {
    body["TableName"] = local::TABLE_NAME.into();
    let target = format!("DynamoDB_20120810.{operation}");
    let (status, answer) = ask(stores.dynamodb_url(), &target, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn the_table_is_as_the_template_defines_it() {
    let template = local::template::workspace().join("template.yaml");
    let template = std::fs::read_to_string(template).unwrap();
    let template: yaml_serde::Value = yaml_serde::from_str(&template).unwrap();
    let wanted = &template["Resources"]["Table"]["Properties"];
    let wanted = |member: &str| serde_json::to_value(&wanted[member]).unwrap();

    let stores = Stores::in_memory().await.unwrap();
    let table = dynamodb(&stores, "DescribeTable", json!({})).await["Table"].clone();
    assert_eq!(table["KeySchema"], wanted("KeySchema"));
    assert_eq!(
        by_name(&table["AttributeDefinitions"]),
        by_name(&wanted("AttributeDefinitions"))
    );
    let stream = json!({
        "StreamEnabled": true,
        "StreamViewType": wanted("StreamSpecification")["StreamViewType"],
    });
    assert_eq!(table["StreamSpecification"], stream);
    let indexes = wanted("GlobalSecondaryIndexes");
    let indexes = indexes.as_array().unwrap();
    assert_eq!(
        table["GlobalSecondaryIndexes"].as_array().unwrap().len(),
        indexes.len()
    );
    for (made, wanted) in table["GlobalSecondaryIndexes"]
        .as_array()
        .unwrap()
        .iter()
        .zip(indexes)
    {
        for member in ["IndexName", "KeySchema", "Projection"] {
            assert_eq!(made[member], wanted[member]);
        }
    }
    let expiry = dynamodb(&stores, "DescribeTimeToLive", json!({})).await;
    let expiry = &expiry["TimeToLiveDescription"];
    assert_eq!(expiry["TimeToLiveStatus"], "ENABLED");
    assert_eq!(
        expiry["AttributeName"],
        wanted("TimeToLiveSpecification")["AttributeName"]
    );
}

fn by_name(definitions: &Value) -> Vec<String> {
    let mut definitions: Vec<String> = definitions
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect();
    definitions.sort();
    definitions
}
