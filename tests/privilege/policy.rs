//! Policies as IAM evaluates them (IAM User Guide, "Policy evaluation logic" and "Multivalued context
//! keys"), as far as `template.yaml` uses its language: what is not known here stops the test.

use serde_json::Value;

use super::ask::Ask;

/// A policy's statements.
#[derive(Clone, Debug, Default)]
pub struct Policy(Vec<Statement>);

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    denies: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

/// One operator on one key of a request.
#[derive(Clone, Debug)]
struct Condition {
    operator: String,
    key: String,
    values: Vec<String>,
}

/// One thing that a statement allows: an action on a resource, and where it is held to keys, on one.
#[derive(Clone, Debug)]
pub struct Grant {
    /// As in `dynamodb:GetItem`.
    pub action: String,
    /// The pattern of the resource's ARN.
    pub resource: String,
    /// The pattern of the partition key.
    pub key: Option<String>,
    statement: Statement,
}

impl Grant {
    /// Whether something that was asked for needs it.
    pub fn is_for(&self, asked: &Ask) -> bool {
        let of_key = |pattern: &String| asked.keys.iter().any(|key| is_like(pattern, key));
        self.action == asked.action
            && is_like(&self.resource, &asked.resource)
            && self.key.as_ref().is_none_or(of_key)
            && self.statement.is_of(asked, "")
    }
}

/// What a policy says of something asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it, and none denies it.
    Allowed,
    /// No statement is of it.
    Unsaid,
    /// A statement denies it, whatever others say.
    Denied,
}

/// What a policy writes as one value or as several.
pub fn several(value: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        other => panic!("no text: {other}"),
    };
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => vec![text(value)],
    }
}

impl Policy {
    /// Reads a policy document, all of whose references are resolved.
    pub fn parse(document: &Value) -> Self {
        assert_eq!(document["Version"], "2012-10-17", "variables and all");
        let statements = document["Statement"].as_array().expect("statements");
        Self(statements.iter().map(Statement::parse).collect())
    }

    /// Everything that it allows, one by one.
    pub fn grants(&self) -> Vec<Grant> {
        let mut grants = Vec::new();
        for statement in self.0.iter().filter(|statement| !statement.denies) {
            let held = statement
                .conditions
                .iter()
                .find(|condition| condition.operator == "ForAllValues:StringLike");
            let keys: Vec<Option<String>> = match held {
                Some(held) => held.values.iter().cloned().map(Some).collect(),
                None => vec![None],
            };
            for action in &statement.actions {
                for resource in &statement.resources {
                    grants.extend(keys.iter().map(|key| Grant {
                        action: action.clone(),
                        resource: resource.clone(),
                        key: key.clone(),
                        statement: statement.clone(),
                    }));
                }
            }
        }
        grants
    }

    /// What it says of something that `principal`, a role's ARN, asks for.
    pub fn says(&self, asked: &Ask, principal: &str) -> Verdict {
        let mut of_it = self.0.iter().filter(|said| said.is_of(asked, principal));
        let Some(first) = of_it.next() else {
            return Verdict::Unsaid;
        };
        if first.denies || of_it.any(|said| said.denies) {
            return Verdict::Denied;
        }
        Verdict::Allowed
    }
}

impl Statement {
    fn parse(statement: &Value) -> Self {
        let members = statement.as_object().expect("a statement");
        for (name, value) in members {
            match name.as_str() {
                "Sid" | "Effect" | "Action" | "Resource" | "Condition" => {}
                "Principal" => assert_eq!(value, "*", "of a resource's policy"),
                other => panic!("the evaluator does not know {other}"),
            }
        }
        let denies = match statement["Effect"].as_str() {
            Some("Allow") => false,
            Some("Deny") => true,
            other => panic!("the evaluator does not know the effect {other:?}"),
        };
        let mut conditions = Vec::new();
        for (operator, keys) in members
            .get("Condition")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            for (key, values) in keys.as_object().expect("keys of a request") {
                conditions.push(Condition {
                    operator: operator.clone(),
                    key: key.clone(),
                    values: several(values),
                });
            }
        }
        Self {
            denies,
            actions: several(&statement["Action"]),
            resources: several(&statement["Resource"]),
            conditions,
        }
    }

    /// Whether it speaks of this: its action, its resource, and all its conditions.
    fn is_of(&self, asked: &Ask, principal: &str) -> bool {
        let action = asked.action.to_lowercase();
        self.actions
            .iter()
            .any(|pattern| is_like(&pattern.to_lowercase(), &action))
            && self
                .resources
                .iter()
                .any(|pattern| is_like(pattern, &asked.resource))
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(asked, principal))
    }
}

impl Condition {
    fn holds(&self, asked: &Ask, principal: &str) -> bool {
        let principal = [principal.to_owned()];
        // None where the request has no such key.
        let there: &[String] = match self.key.as_str() {
            "dynamodb:LeadingKeys" => &asked.keys,
            "aws:PrincipalArn" => &principal,
            other => panic!("the evaluator does not know the key {other}"),
        };
        let any_like = |value: &String, like: fn(&str, &str) -> bool| {
            self.values.iter().any(|pattern| like(pattern, value))
        };
        match self.operator.as_str() {
            "Null" => self
                .values
                .iter()
                .any(|absent| (absent == "true") == there.is_empty()),
            // True also where there is none.
            "ForAllValues:StringLike" => there.iter().all(|value| any_like(value, is_like)),
            "ForAllValues:StringEquals" => there.iter().all(|value| any_like(value, is_equal)),
            // False where there is none.
            "ForAnyValue:StringLike" => there.iter().any(|value| any_like(value, is_like)),
            "ForAnyValue:StringEquals" => there.iter().any(|value| any_like(value, is_equal)),
            "ArnLike" => there.iter().any(|value| any_like(value, is_arn_like)),
            "ArnNotLike" => !there.iter().any(|value| any_like(value, is_arn_like)),
            other => panic!("the evaluator does not know the operator {other}"),
        }
    }
}

fn is_equal(wanted: &str, value: &str) -> bool {
    wanted == value
}

/// Whether a pattern with `*`, anything, and `?`, any one character, is of this text.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter()
                .any(|at| is_like(rest.as_str(), &text[at..]))
        }
        Some(character) => {
            let mut others = text.chars();
            let other = others.next();
            other.is_some_and(|other| character == '?' || character == other)
                && is_like(rest.as_str(), others.as_str())
        }
    }
}

/// As [`is_like`], of each of an ARN's six parts by itself: no `*` reaches over a colon.
fn is_arn_like(pattern: &str, arn: &str) -> bool {
    let (pattern, arn) = (pattern.splitn(6, ':'), arn.splitn(6, ':'));
    let (pattern, arn): (Vec<&str>, Vec<&str>) = (pattern.collect(), arn.collect());
    pattern.len() == arn.len() && pattern.iter().zip(&arn).all(|(part, of)| is_like(part, of))
}
