//! The form of every role, which keeps it narrow; whether it is as wide as it must be and no wider is
//! proven in `crate::privilege`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::template::{Function, functions};

/// One thing that a role allows: an action, and the partition keys or the secret it allows it on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    action: String,
    on: String,
}

/// What a role allows, log lines aside.
fn grants(name: &str, function: &Function) -> Vec<Vec<Grant>> {
    let role = function.role.as_object().unwrap();
    let members: Vec<&String> = role.keys().collect();
    assert_eq!(
        members,
        ["AssumeRolePolicyDocument", "Path", "Policies"],
        "{name}"
    );
    let assume = &role["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(
        assume["Principal"],
        json!({"Service": "lambda.amazonaws.com"})
    );
    let policies = role["Policies"].as_array().unwrap();
    assert_eq!(policies.len(), 1, "{name}");
    let statements = policies[0]["PolicyDocument"]["Statement"].as_array();
    let (logs, rest) = statements.unwrap().split_first().unwrap();
    let may_log = json!({
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": {"GetAtt": "LogGroup.Arn"},
    });
    assert_eq!(*logs, may_log, "{name}");
    // What Lambda does in the role's name shows in no call of ours.
    let reads_stream = json!({
        "Effect": "Allow",
        "Action": [
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ],
        "Resource": {"Sub": "${Table.Arn}/stream/*"},
    });
    let of_stream = function.properties["Events"]["Stream"]["Type"] == "DynamoDB";
    assert_eq!(rest.contains(&reads_stream), of_stream, "{name}");
    rest.iter()
        .filter(|statement| **statement != reads_stream)
        .map(|statement| grants_of(name, statement))
        .collect()
}

fn grants_of(name: &str, statement: &Value) -> Vec<Grant> {
    assert_eq!(statement["Effect"], "Allow", "{name}");
    let actions = several(&statement["Action"]);
    let of_secrets = |action: &Value| action.as_str().unwrap().starts_with("secretsmanager:");
    let on = if actions.iter().all(of_secrets) {
        assert_eq!(statement.get("Condition"), None);
        let secrets = several(&statement["Resource"]).into_iter();
        secrets
            .map(|secret| {
                let name = secret["Ref"].as_str().or(secret["Sub"].as_str());
                name.expect("a secret").to_owned()
            })
            .collect()
    } else if actions == [json!("sqs:SendMessage")] {
        assert_eq!(statement.get("Condition"), None);
        let queue = statement["Resource"]["GetAtt"].as_str().expect("a queue");
        vec![queue.strip_suffix(".Arn").expect("its ARN").to_owned()]
    } else {
        let on_index = statement.to_string().contains("TENANT#");
        let resource = if actions == [json!("dynamodb:Query")] && on_index {
            json!({"Sub": "${Table.Arn}/index/by_tenant"})
        } else {
            json!({"GetAtt": "Table.Arn"})
        };
        assert_eq!(statement["Resource"], resource, "{name}");
        let conditions = statement["Condition"].as_object().unwrap();
        assert_eq!(conditions.len(), 2, "{name}");
        // ForAllValues is true where the key is absent.
        assert_eq!(
            conditions["Null"],
            json!({"dynamodb:LeadingKeys": false}),
            "{name}"
        );
        let keys = conditions["ForAllValues:StringLike"].as_object().unwrap();
        assert_eq!(keys.len(), 1, "{name}");
        let keys = several(&keys["dynamodb:LeadingKeys"]).into_iter();
        keys.map(|key| key.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut grants = Vec::new();
    for action in actions {
        let action = action.as_str().unwrap();
        assert!(
            !action.contains('*') && action != "dynamodb:Scan",
            "{name}: {action}"
        );
        grants.extend(on.iter().map(|on| Grant {
            action: action.to_owned(),
            on: on.clone(),
        }));
    }
    grants
}

/// What a policy writes as one value or as several.
fn several(value: &Value) -> Vec<Value> {
    value
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![value.clone()])
}

/// The tenants' secrets with their credentials for others' services.
const CREDENTIALS: &str = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:\
                           ${AWS::AccountId}:secret:${AWS::StackName}/credentials/*";

#[test]
fn every_role_is_held_to_keys_secrets_and_the_queue_and_names_no_action_by_a_star() {
    for (name, function) in functions() {
        let grants = grants(&name, &function);
        let distinct: BTreeSet<&Grant> = grants.iter().flatten().collect();
        assert_eq!(distinct.len(), grants.iter().flatten().count(), "{name}");
    }
}

#[test]
fn a_function_knows_the_name_of_the_secrets_and_the_queue_that_it_may_use_and_of_no_other() {
    for (name, function) in functions() {
        let grants = grants(&name, &function);
        let may_read = grants
            .iter()
            .flatten()
            .filter(|grant| !grant.action.starts_with("dynamodb:"));
        let may_read: BTreeSet<&str> = may_read.map(|grant| grant.on.as_str()).collect();
        let knows = function.environment.iter();
        let knows = knows.filter_map(|(name, value)| match name.as_str() {
            // What comes before a tenant's id.
            "CREDENTIALS_PREFIX" => {
                let prefix = value["Sub"].as_str().unwrap();
                assert!(CREDENTIALS.ends_with(&format!(":secret:{prefix}*")));
                Some(CREDENTIALS)
            }
            _ if name.ends_with("_SECRET") || name.ends_with("_QUEUE_URL") => {
                Some(value["Ref"].as_str().unwrap())
            }
            _ => None,
        });
        let knows: BTreeSet<&str> = knows.collect();
        assert_eq!(knows, may_read, "{name}");
    }
}
