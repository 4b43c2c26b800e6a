//! What calls to DynamoDB cost and said, and what they would be answered.

use serde_json::{Value, json};

use crate::wire::Done;

/// What calls cost: how many there were, and the units of those that write. A refused write reports
/// none, and DynamoDB takes one for it.
pub fn cost(calls: &[Done]) -> (usize, f64) {
    let reads = ["BatchGetItem", "GetItem", "GetSecretValue", "Query"];
    let writes = calls
        .iter()
        .filter(|done| !reads.contains(&done.call.operation.as_str()));
    let units = writes.map(|done| if done.status == 400 { 1.0 } else { done.units });
    (calls.len(), units.sum())
}

/// What calls cost, as [`cost`], without those that count limits.
pub fn cost_beside_limits(calls: &[Done]) -> (usize, f64) {
    let others = calls.iter().filter(|done| !done.call.touches("RATE#"));
    cost(&others.cloned().collect::<Vec<_>>())
}

/// The audit events that calls have written, each as its members and their texts.
pub fn events(calls: &[Done]) -> Vec<Value> {
    let mut found = Vec::new();
    for done in calls.iter().filter(|done| done.status == 200) {
        collect_events(&done.call.body, &mut found);
    }
    found
}

fn collect_events(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.get("M") {
                    Some(Value::Object(event)) if name.trim_start_matches(':') == "event" => {
                        let members = event.iter().filter_map(|(name, value)| {
                            let text = value.get("S").or(value.get("N"))?;
                            Some((name.clone(), text.clone()))
                        });
                        found.push(Value::Object(members.collect()));
                    }
                    _ => collect_events(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect_events(value, found)),
        _ => {}
    }
}

/// What `BatchGetItem` answers where it finds these rows and leaves `unprocessed` for later.
pub fn batch(table: &str, rows: &[Value], unprocessed: &[Value]) -> Value {
    let rows: Vec<Value> = rows.iter().map(|row| attribute(row)["M"].take()).collect();
    let mut body = json!({"Responses": {}, "UnprocessedKeys": {}});
    body["Responses"][table] = json!(rows);
    if !unprocessed.is_empty() {
        body["UnprocessedKeys"][table] = json!({"Keys": unprocessed, "ConsistentRead": true});
    }
    body
}

/// A value as DynamoDB writes it.
fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(truth) => json!({"BOOL": truth}),
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::String(text) => json!({"S": text}),
        Value::Array(values) => json!({"L": values.iter().map(attribute).collect::<Vec<_>>()}),
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| (name.clone(), attribute(value)));
            json!({"M": Value::Object(members.collect())})
        }
    }
}
