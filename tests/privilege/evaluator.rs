//! The evaluator itself, against what IAM's documentation says.

use serde_json::{Value, json};

use super::ask::{Ask, of_call};
use super::policy::{Policy, Verdict, is_like};
use super::template::{INDEX, TABLE};

const ROLE: &str = "arn:aws:iam::123456789012:role/gatehouse/functions/Login";

/// A policy of one statement on the table.
fn policy(effect: &str, actions: &Value, condition: &Value) -> Policy {
    Policy::parse(&json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": effect, "Action": actions, "Resource": TABLE, "Condition": condition,
        }],
    }))
}

/// As every statement of the template has it.
fn held_to(keys: &Value) -> Value {
    json!({
        "Null": {"dynamodb:LeadingKeys": false},
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys},
    })
}

fn allows(policy: &Policy, action: &str, keys: &[&str]) -> bool {
    policy.says(&Ask::rows(action, keys), ROLE) == Verdict::Allowed
}

#[test]
fn a_statement_allows_its_actions_on_its_prefixes_alone() {
    let policy = policy(
        "Allow",
        &json!("dynamodb:GetItem"),
        &held_to(&json!(["USER#*", "KEYS"])),
    );
    assert!(allows(&policy, "GetItem", &["USER#1"]));
    assert!(
        allows(&policy, "getitem", &["USER#"]),
        "actions have no case"
    );
    assert!(allows(&policy, "GetItem", &["KEYS"]));
    for key in ["user#1", "USER", "XUSER#1", "KEYS1", "KEY", "CLIENT#1", ""] {
        assert!(!allows(&policy, "GetItem", &[key]), "{key}");
    }
    for action in ["BatchGetItem", "PutItem", "Scan", "GetItems"] {
        assert!(!allows(&policy, action, &["USER#1"]), "{action}");
    }
}

#[test]
fn all_keys_of_a_batch_have_to_be_within_one_statement() {
    let held = held_to(&json!(["USER#*", "TENANT#*"]));
    let policy = policy("Allow", &json!(["dynamodb:BatchGetItem"]), &held);
    assert!(allows(
        &policy,
        "BatchGetItem",
        &["USER#1", "TENANT#1", "USER#2"]
    ));
    assert!(!allows(&policy, "BatchGetItem", &["USER#1", "CLIENT#1"]));
    assert!(!allows(&policy, "BatchGetItem", &["CLIENT#1", "USER#1"]));
    let statement = |keys: &str| {
        json!({
            "Effect": "Allow", "Action": "dynamodb:BatchGetItem", "Resource": TABLE,
            "Condition": held_to(&json!(keys)),
        })
    };
    let apart = Policy::parse(&json!({
        "Version": "2012-10-17",
        "Statement": [statement("USER#*"), statement("CLIENT#*")],
    }));
    assert!(allows(&apart, "BatchGetItem", &["USER#1"]));
    assert!(allows(&apart, "BatchGetItem", &["CLIENT#1"]));
    assert!(!allows(&apart, "BatchGetItem", &["USER#1", "CLIENT#1"]));
}

#[test]
fn for_all_values_is_true_where_there_is_no_key_and_null_makes_it_false() {
    let all = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "USER#*"}});
    let lax = policy("Allow", &json!("dynamodb:*"), &all);
    assert!(allows(&lax, "Scan", &[]), "the trap");
    let held = policy("Allow", &json!("dynamodb:*"), &held_to(&json!("USER#*")));
    assert!(!allows(&held, "Scan", &[]));
    assert!(allows(&held, "Query", &["USER#1"]));
    let absent = json!({"Null": {"dynamodb:LeadingKeys": "true"}});
    let absent = policy("Allow", &json!("dynamodb:*"), &absent);
    assert!(allows(&absent, "Scan", &[]));
    assert!(!allows(&absent, "Query", &["USER#1"]));
}

#[test]
fn for_any_value_is_true_of_one_key_among_several_and_false_of_none() {
    let any = json!({"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": "KEYS"}});
    let policy = policy("Deny", &json!("dynamodb:PutItem"), &any);
    let says = |keys: &[&str]| policy.says(&Ask::rows("PutItem", keys), ROLE);
    assert_eq!(says(&["KEYS"]), Verdict::Denied);
    assert_eq!(says(&["USER#1", "KEYS"]), Verdict::Denied);
    assert_eq!(says(&["USER#1"]), Verdict::Unsaid);
    assert_eq!(says(&[]), Verdict::Unsaid);
}

#[test]
fn what_one_statement_denies_no_other_allows() {
    let both = Policy::parse(&json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": TABLE},
        ],
    }));
    let says = |action: &str| both.says(&Ask::rows(action, &["KEYS"]), ROLE);
    assert_eq!(says("PutItem"), Verdict::Denied);
    assert_eq!(says("GetItem"), Verdict::Allowed);
    let elsewhere = Ask::other(
        "dynamodb:PutItem",
        "arn:aws:dynamodb:us-east-1:123456789012:table/X",
    );
    assert_eq!(both.says(&elsewhere, ROLE), Verdict::Allowed);
    let secret = Ask::other("secretsmanager:GetSecretValue", "s");
    assert_eq!(both.says(&secret, ROLE), Verdict::Unsaid);
}

#[test]
fn several_values_are_either_and_several_conditions_are_all() {
    let one = |arn: &str| json!({"ArnLike": {"aws:PrincipalArn": arn}});
    let not = |arns: Value| json!({"ArnNotLike": {"aws:PrincipalArn": arns}});
    let other = "arn:aws:iam::123456789012:role/other";
    let holds = |condition: &Value| {
        let policy = policy("Allow", &json!("dynamodb:GetItem"), condition);
        allows(&policy, "GetItem", &["USER#1"])
    };
    assert!(holds(&one(ROLE)));
    assert!(holds(&one(
        "arn:aws:iam::123456789012:role/gatehouse/functions/*"
    )));
    assert!(!holds(&one(other)));
    // No star reaches over a colon of an ARN's first five.
    assert!(!holds(&one("arn:aws:*/Login")));
    assert!(holds(&one("arn:aws:iam::*:role/gatehouse/*")));
    assert!(holds(&not(json!(other))));
    assert!(!holds(&not(json!([other, ROLE]))), "like neither");
    let mut both = held_to(&json!("USER#*"));
    both["ArnLike"] = json!({"aws:PrincipalArn": ROLE});
    assert!(holds(&both));
    both["ArnLike"] = json!({"aws:PrincipalArn": other});
    assert!(!holds(&both));
}

#[test]
fn a_star_is_anything_and_a_question_mark_one_character() {
    for (pattern, text, is) in [
        ("*", "", true),
        ("*", "a#b", true),
        ("a*", "a", true),
        ("a*c", "abbc", true),
        ("a*c", "abcd", false),
        ("*a*a*", "baab", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("a?", "aü", true),
        ("", "", true),
        ("", "a", false),
        ("USER#*", "USER#a*b", true),
        ("USER#1", "USER#*", false),
    ] {
        assert_eq!(is_like(pattern, text), is, "{pattern} {text}");
    }
}

#[test]
#[should_panic(expected = "does not know the operator StringLikeIfExists")]
fn what_the_evaluator_does_not_know_is_no_permission() {
    let condition = json!({"StringLikeIfExists": {"dynamodb:LeadingKeys": "USER#*"}});
    let policy = policy("Allow", &json!("dynamodb:GetItem"), &condition);
    allows(&policy, "GetItem", &["USER#1"]);
}

#[test]
fn calls_ask_for_what_their_bodies_name() {
    let key = |pk: &str| json!({"pk": {"S": pk}, "sk": {"S": "ROW"}});
    let item = |pk: &str| json!({"Key": key(pk)});
    let batch = json!({"RequestItems": {"Table": {"Keys": [key("USER#1"), key("KEYS")]}}});
    assert_eq!(
        of_call("BatchGetItem", &batch),
        [Ask::rows("BatchGetItem", &["USER#1", "KEYS"])]
    );
    // A transaction asks for each of its actions, with all keys that it has there.
    let transaction = json!({"TransactItems": [
        {"Update": item("USER#1")}, {"Put": {"Item": key("LOGIN#1")}}, {"Update": item("ADMINS#1")},
        {"ConditionCheck": item("TENANT#1")}, {"Delete": item("LOGIN#2")},
    ]});
    let mut asked = of_call("TransactWriteItems", &transaction);
    asked.sort_by(|one, other| one.action.cmp(&other.action));
    let expected = [
        Ask::rows("ConditionCheckItem", &["TENANT#1"]),
        Ask::rows("DeleteItem", &["LOGIN#2"]),
        Ask::rows("PutItem", &["LOGIN#1"]),
        Ask::rows("UpdateItem", &["USER#1", "ADMINS#1"]),
    ];
    assert_eq!(asked, expected);
    let query = json!({
        "IndexName": "by_tenant",
        "KeyConditionExpression": "tenant_pk = :tenant AND begins_with(tenant_sk, :kind)",
        "ExpressionAttributeValues": {":kind": {"S": "USER#"}, ":tenant": {"S": "TENANT#1"}},
    });
    let [asked] = &of_call("Query", &query)[..] else {
        panic!("one thing");
    };
    assert_eq!(asked.resource, format!("{INDEX}by_tenant"));
    assert_eq!(asked.keys, ["TENANT#1"]);
    assert_eq!(of_call("Scan", &json!({})), [Ask::rows("Scan", &[])]);
}
