//! `template.yaml`, as far as the tests compare it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use local::template::workspace;
use serde_json::Value;

/// The template as it is; `!Ref X` is `{"Ref": "X"}`.
pub fn read() -> Value {
    let text = fs::read_to_string(workspace().join("template.yaml")).unwrap();
    let yaml: yaml_serde::Value = yaml_serde::from_str(&text).expect("template.yaml is YAML");
    plain(yaml)
}

/// Tags as JSON.
pub fn plain(value: yaml_serde::Value) -> Value {
    use yaml_serde::Value as Yaml;
    match value {
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string().trim_start_matches('!').to_owned();
            Value::Object([(name, plain(tagged.value))].into_iter().collect())
        }
        Yaml::Mapping(members) => {
            let members = members.into_iter();
            let members = members.map(|(name, value)| {
                let name = name.as_str().expect("a name").to_owned();
                (name, plain(value))
            });
            Value::Object(members.collect())
        }
        Yaml::Sequence(values) => Value::Array(values.into_iter().map(plain).collect()),
        other => serde_json::to_value(other).expect("a plain value"),
    }
}

/// A function of the template.
#[derive(Debug)]
pub struct Function {
    /// Its properties.
    pub properties: Value,
    /// The routes that lead to it, as in `GET /healthz`; none where it is called otherwise.
    pub routes: BTreeSet<String>,
    /// The environment variables that it alone has.
    pub environment: BTreeMap<String, Value>,
    /// The properties of its role.
    pub role: Value,
}

/// The functions by the name of their binary.
pub fn functions() -> BTreeMap<String, Function> {
    let template = read();
    let resources = template["Resources"].as_object().unwrap();
    let functions = resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
    let functions = functions.map(|(name, resource)| {
        let binary = resource["Metadata"]["BuildProperties"]["Binary"].as_str();
        let properties = &resource["Properties"];
        let events = properties["Events"].as_object().into_iter().flatten();
        let requests = events.filter(|(_, event)| event["Type"] == "HttpApi");
        let routes = requests.map(|(_, event)| {
            let of = &event["Properties"];
            assert_eq!(of["ApiId"]["Ref"], "Api", "{name}");
            format!(
                "{} {}",
                of["Method"].as_str().unwrap(),
                of["Path"].as_str().unwrap()
            )
        });
        let environment = properties["Environment"]["Variables"].as_object();
        let environment = environment.into_iter().flatten();
        let role = properties["Role"]["GetAtt"].as_str().expect("a role");
        let role = role.strip_suffix(".Arn").expect("its ARN");
        let function = Function {
            properties: properties.clone(),
            routes: routes.collect(),
            environment: environment
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            role: resources[role]["Properties"].clone(),
        };
        (binary.expect("a binary").to_owned(), function)
    });
    functions.collect()
}
