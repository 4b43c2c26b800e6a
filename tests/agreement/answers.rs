//! Real answers of every function are as `openapi.yaml` documents them, and all that it documents
//! are given.

use std::collections::BTreeSet;

use serde_json::Value;

use super::openapi::{OpenApi, document, resolved, validator};
use super::tour::{Visit, visits};

/// The visits of routes.
async fn answered() -> impl Iterator<Item = &'static Visit> {
    let visits = visits().await.iter();
    visits.filter(|visit| !visit.route.is_empty())
}

#[tokio::test]
async fn every_answer_is_documented_and_every_documented_answer_was_given() {
    let api = OpenApi::read();
    let mut given = BTreeSet::new();
    for visit in answered().await {
        let objections = api.objections(&visit.route, &visit.answer);
        assert!(
            objections.is_empty(),
            "{} {}: {objections:#?}",
            visit.route,
            visit.answer.status
        );
        given.insert((visit.route.clone(), visit.answer.status));
    }
    let documented = api
        .responses
        .iter()
        .flat_map(|(route, responses)| responses.keys().map(|status| (route.clone(), *status)));
    assert_eq!(given, documented.collect());
}

#[tokio::test]
async fn an_answer_with_a_member_more_or_less_is_not_as_documented() {
    let api = OpenApi::read();
    let mut tried = BTreeSet::new();
    for visit in answered().await {
        let response = &api.responses[&visit.route][&visit.answer.status];
        assert!(response.takes(&visit.answer.body));
        for (place, changed) in changes(&visit.answer.body) {
            assert!(
                !response.takes(&changed),
                "{} {}: {place} makes no difference",
                visit.route,
                visit.answer.status
            );
            tried.insert(place);
        }
    }
    assert!(tried.contains("/user without /user_type"), "{tried:#?}");
    assert!(tried.contains("/keys/0 with another member"), "{tried:#?}");
    assert!(tried.contains(" without /request_id"), "{tried:#?}");
}

/// The body with one member less or more, in each of its objects, and what was done.
fn changes(body: &Value) -> Vec<(String, Value)> {
    let mut changes = Vec::new();
    let mut places = vec![String::new()];
    while let Some(place) = places.pop() {
        match body.pointer(&place).unwrap() {
            Value::Object(members) => {
                for name in members.keys() {
                    let mut less = body.clone();
                    let object = less.pointer_mut(&place).unwrap().as_object_mut();
                    object.unwrap().remove(name);
                    changes.push((format!("{place} without /{name}"), less));
                    places.push(format!("{place}/{name}"));
                }
                let mut more = body.clone();
                more.pointer_mut(&place).unwrap()["surplus"] = Value::Null;
                changes.push((format!("{place} with another member"), more));
            }
            Value::Array(values) => {
                places.extend((0..values.len()).map(|index| format!("{place}/{index}")));
            }
            _ => {}
        }
    }
    changes
}

#[test]
fn the_examples_in_the_file_are_as_their_schemas_say() {
    let document = document();
    let components = &document["components"];
    let mut tried = 0;
    for kind in ["responses", "requestBodies"] {
        for (name, described) in components[kind].as_object().unwrap() {
            for content in described["content"].as_object().into_iter().flatten() {
                let (_, content) = content;
                let judge = validator(&document, &content["schema"]);
                let several = content["examples"].as_object().into_iter().flatten();
                let several = several.map(|(_, example)| &resolved(&document, example)["value"]);
                for example in several.chain(content.get("example")) {
                    assert!(judge.is_valid(example), "{name}: {example}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 20, "{tried}");
}
