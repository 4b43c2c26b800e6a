//! Each role against the tour, which walks through every flow of every function: nothing is asked for
//! that the role does not allow, and nothing is allowed that is not asked for. And both are noticed:
//! every statement that is taken away is missed, every one that is added is idle.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ROLES;
use super::ask::{Ask, of_call};
use super::policy::Grant;
use super::roles::{Role, Roles};
use crate::agreement::template;
use crate::agreement::tour::visits;

/// What AWS itself asks for in a role's name, which shows in no call of a function's.
const BY_AWS: [(&str, &str); 6] = [
    ("logs:CreateLogStream", "Lambda, when an instance starts"),
    (
        "logs:PutLogEvents",
        "Lambda, of what the function has written",
    ),
    (
        "dynamodb:DescribeStream",
        "Lambda, of the function that reads the stream",
    ),
    (
        "dynamodb:GetRecords",
        "Lambda, of the function that reads the stream",
    ),
    (
        "dynamodb:GetShardIterator",
        "Lambda, of the function that reads the stream",
    ),
    (
        "dynamodb:ListStreams",
        "Lambda, of the function that reads the stream",
    ),
];

/// What each function has asked for on the tour.
pub async fn asked() -> BTreeMap<&'static str, Vec<Ask>> {
    let mut asked: BTreeMap<_, Vec<Ask>> = BTreeMap::new();
    for visit in visits().await {
        let of_it = asked.entry(visit.function).or_default();
        for call in visit.calls.iter().map(|done| &done.call) {
            for ask in of_call(&call.operation, &call.body) {
                if !of_it.contains(&ask) {
                    of_it.push(ask);
                }
            }
        }
    }
    asked
}

/// What of this the role does not allow.
fn refused<'a>(role: &Role, asked: &'a [Ask]) -> Vec<&'a Ask> {
    asked.iter().filter(|ask| !role.allows(ask)).collect()
}

/// What the role allows and nothing of this needs.
fn idle(role: &Role, asked: &[Ask]) -> Vec<Grant> {
    let by_aws = |grant: &Grant| BY_AWS.iter().any(|(action, _)| grant.action == *action);
    let mut grants = role.grants();
    grants.retain(|grant| !by_aws(grant) && !asked.iter().any(|ask| grant.is_for(ask)));
    grants
}

#[tokio::test]
async fn each_role_allows_what_its_function_asks_for_and_nothing_more() {
    let asked = asked().await;
    for roles in ROLES.iter() {
        for (name, role) in roles.all() {
            let asked = asked.get(name).map_or(&[][..], |asked| asked);
            let refused = refused(role, asked);
            assert!(refused.is_empty(), "{name} may not {refused:?}");
            let idle = idle(role, asked);
            assert!(idle.is_empty(), "{name} never uses {idle:#?}");
        }
    }
}

/// The statements of the role of this function in a template.
fn statements<'a>(template: &'a mut Value, function: &str) -> &'a mut Vec<Value> {
    let resources = template["Resources"].as_object().expect("resources");
    let is_it = |resource: &&Value| resource["Metadata"]["BuildProperties"]["Binary"] == function;
    let it = resources.values().find(is_it).expect("a function");
    let role = it["Properties"]["Role"]["GetAtt"].as_str().expect("a role");
    let role = role.strip_suffix(".Arn").expect("its ARN").to_owned();
    let policy = &mut template["Resources"][role]["Properties"]["Policies"][0];
    let statements = policy["PolicyDocument"]["Statement"].as_array_mut();
    statements.expect("statements")
}

fn names() -> Vec<&'static str> {
    ROLES[0].all().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn a_role_without_one_of_its_statements_is_noticed() {
    let asked = asked().await;
    let original = template::read();
    let mut taken = 0;
    for name in names() {
        let count = statements(&mut original.clone(), name).len();
        for at in 0..count {
            let mut template = original.clone();
            let statement = statements(&mut template, name).remove(at);
            let actions = statement["Action"].to_string();
            if BY_AWS.iter().any(|(action, _)| actions.contains(action)) {
                continue;
            }
            let roles = Roles::of(&template, false);
            let role = roles.role(name).expect("a role");
            assert!(
                !refused(role, &asked[name]).is_empty(),
                "{name} {statement}"
            );
            taken += 1;
        }
    }
    assert!(taken > 100, "{taken}");
}

#[tokio::test]
async fn a_role_with_a_key_or_an_action_more_is_noticed() {
    let asked = asked().await;
    let original = template::read();
    for name in names() {
        let asked = asked.get(name).map_or(&[][..], |asked| asked);
        for (action, key) in [
            ("DeleteItem", "USER#*"),
            ("GetItem", "FAIL#*"),
            ("UpdateItem", "KEYS"),
        ] {
            let mut template = original.clone();
            statements(&mut template, name).push(json!({
                "Effect": "Allow",
                "Action": format!("dynamodb:{action}"),
                "Resource": {"GetAtt": "Table.Arn"},
                "Condition": {
                    "Null": {"dynamodb:LeadingKeys": false},
                    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [key]},
                },
            }));
            let roles = Roles::of(&template, false);
            let idle = idle(roles.role(name).expect("a role"), asked);
            assert_eq!(idle.len(), 1, "{name}: {idle:?}");
            assert_eq!(idle[0].action, format!("dynamodb:{action}"));
        }
    }
}

#[test]
fn a_call_that_the_role_does_not_allow_fails_the_test_that_makes_it() {
    let role = ROLES[0].role("me").expect("a role");
    assert!(role.allows(&Ask::rows("GetItem", &["KEYS"])));
    for ask in [
        Ask::rows("PutItem", &["KEYS"]),
        Ask::rows("GetItem", &["USER#1"]),
        Ask::rows("Scan", &[]),
        Ask::other("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:x"),
    ] {
        assert!(!role.allows(&ask), "{ask}");
    }
}

#[test]
fn no_role_is_longer_than_iam_takes() {
    // Of all inline policies of a role together, white space aside (IAM quotas).
    const LONGEST: usize = 10_240;
    // A name that CloudFormation makes may be so much longer than the one in the template.
    const LONGER: usize = 255;
    for (name, role) in ROLES[1].all() {
        let length = role.text.len() + LONGER * role.text.matches("arn:").count();
        assert!(length <= LONGEST, "{name}: {length}");
    }
}
