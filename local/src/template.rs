//! What the local stack takes from `template.yaml`, so that the two cannot differ: the table, the
//! functions and the routes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use yaml_serde::Value;

use crate::StackError;
use crate::gateway::{Authorizer, Route};
use crate::stream::Source;

/// The folder of the workspace, where the template lies. `local` runs only where it was built.
#[must_use]
pub fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// A SAM template.
#[derive(Clone, Debug)]
pub struct Template {
    value: Value,
    /// Parameters that stand for functions of another template: the names of their binaries.
    functions: BTreeMap<String, String>,
}

impl Template {
    /// The workspace's `template.yaml`.
    ///
    /// # Errors
    ///
    /// When it is missing or no YAML.
    pub fn read() -> Result<Self, StackError> {
        Self::read_at("template.yaml")
    }

    /// The template of a team's own API, `examples/protected-api`, whose parameters are outputs of
    /// [`Template::read`].
    ///
    /// # Errors
    ///
    /// As [`Template::read`].
    pub fn example() -> Result<Self, StackError> {
        let functions = Self::read()?.outputs();
        let example = Self::read_at("examples/protected-api/template.yaml")?;
        Ok(Self {
            functions,
            ..example
        })
    }

    fn read_at(path: &str) -> Result<Self, StackError> {
        let path = workspace().join(path);
        let text = fs::read_to_string(&path)
            .map_err(|error| StackError(format!("cannot read {}: {error}", path.display())))?;
        Self::parse(&text)
    }

    /// A template from its text.
    ///
    /// # Errors
    ///
    /// When it is no YAML.
    pub fn parse(text: &str) -> Result<Self, StackError> {
        let value = yaml_serde::from_str(text)
            .map_err(|error| StackError(format!("template.yaml is no YAML: {error}")))?;
        let functions = BTreeMap::new();
        Ok(Self { value, functions })
    }

    /// The functions whose ARNs the template gives out, by the names of the outputs.
    fn outputs(&self) -> BTreeMap<String, String> {
        let outputs = members(&self.value["Outputs"]).filter_map(|(name, output)| {
            let function = tagged(&output["Value"], "GetAtt")?.strip_suffix(".Arn")?;
            let binary = binary(&self.value["Resources"][function])?;
            Some((name.to_owned(), binary.to_owned()))
        });
        outputs.collect()
    }

    /// The properties of the resource `Table`, as CloudFormation names them.
    ///
    /// # Errors
    ///
    /// When there is no such resource.
    pub fn table(&self) -> Result<serde_json::Value, StackError> {
        let table = &self.value["Resources"]["Table"];
        if table["Type"] != "AWS::DynamoDB::Table" {
            return Err(StackError(
                "template.yaml has no resource Table, a table".to_owned(),
            ));
        }
        serde_json::to_value(&table["Properties"])
            .map_err(|error| StackError(format!("template.yaml, Table: {error}")))
    }

    /// The names of the functions' binaries, those without a route included.
    ///
    /// # Errors
    ///
    /// When a function names no binary.
    pub fn functions(&self) -> Result<Vec<String>, StackError> {
        let functions = self.resources("AWS::Serverless::Function");
        functions
            .map(|(name, resource)| {
                let binary = binary(resource);
                let binary = binary.ok_or_else(|| incomplete(name, "BuildProperties.Binary"))?;
                Ok(binary.to_owned())
            })
            .collect()
    }

    /// The routes of all functions: what their events of type `HttpApi` say.
    ///
    /// # Errors
    ///
    /// When a function names no binary, a route no method or path, or an authorizer is not one that
    /// the gateway knows.
    pub fn routes(&self) -> Result<Vec<Route>, StackError> {
        let mut routes = Vec::new();
        for (name, resource) in self.resources("AWS::Serverless::Function") {
            let incomplete = |what| incomplete(name, what);
            let function = binary(resource);
            let function = function.ok_or_else(|| incomplete("BuildProperties.Binary"))?;
            let events = members(&resource["Properties"]["Events"]);
            for (_, event) in events.filter(|(_, event)| event["Type"] == "HttpApi") {
                let text = |member| event["Properties"][member].as_str();
                let method = text("Method").ok_or_else(|| incomplete("Method"))?;
                routes.push(Route {
                    method: method.to_uppercase(),
                    path: text("Path").ok_or_else(|| incomplete("Path"))?.to_owned(),
                    function: function.to_owned(),
                    authorizer: self.authorizer(&event["Properties"])?,
                });
            }
        }
        Ok(routes)
    }

    /// What reads the table's stream: the functions' events of type `DynamoDB`.
    ///
    /// # Errors
    ///
    /// When a function names no binary, or an event no batch size or no pattern of JSON.
    pub fn stream_sources(&self) -> Result<Vec<Source>, StackError> {
        let mut sources = Vec::new();
        for (name, resource) in self.resources("AWS::Serverless::Function") {
            let incomplete = |what| incomplete(name, what);
            let function = binary(resource);
            let function = function.ok_or_else(|| incomplete("BuildProperties.Binary"))?;
            let events = members(&resource["Properties"]["Events"]);
            for (_, event) in events.filter(|(_, event)| event["Type"] == "DynamoDB") {
                let event = &event["Properties"];
                let size = event["BatchSize"].as_u64();
                let size = size.and_then(|size| usize::try_from(size).ok());
                let filters = event["FilterCriteria"]["Filters"].as_sequence();
                let patterns = filters.into_iter().flatten().map(|filter| {
                    let pattern = filter["Pattern"].as_str();
                    pattern.and_then(|pattern| serde_json::from_str(pattern).ok())
                });
                let patterns = patterns.collect::<Option<_>>();
                sources.push(Source {
                    function: function.to_owned(),
                    patterns: patterns.ok_or_else(|| incomplete("Pattern"))?,
                    batch_size: size.ok_or_else(|| incomplete("BatchSize"))?,
                });
            }
        }
        Ok(sources)
    }

    /// The authorizer of a route: its API's default one.
    fn authorizer(&self, route: &Value) -> Result<Option<Authorizer>, StackError> {
        let api = tagged(&route["ApiId"], "Ref").unwrap_or_default();
        let auth = &self.value["Resources"][api]["Properties"]["Auth"];
        let Some(name) = auth["DefaultAuthorizer"].as_str() else {
            return Ok(None);
        };
        let authorizer = &auth["Authorizers"][name];
        let function = tagged(&authorizer["FunctionArn"], "Ref");
        let function = function.and_then(|parameter| self.functions.get(parameter));
        let function = function.ok_or_else(|| incomplete(name, "FunctionArn of ours"))?;
        let known = authorizer["AuthorizerPayloadFormatVersion"] == "2.0"
            && authorizer["EnableSimpleResponses"] == true
            && authorizer["Identity"]["ReauthorizeEvery"] == 0;
        if !known {
            return Err(incomplete(name, "payload 2.0, simple response or TTL 0"));
        }
        let headers = authorizer["Identity"]["Headers"].as_sequence();
        let headers = headers.into_iter().flatten().filter_map(Value::as_str);
        Ok(Some(Authorizer {
            function: function.clone(),
            identity: headers.map(str::to_owned).collect(),
        }))
    }

    fn resources(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let resources = members(&self.value["Resources"]);
        resources.filter(move |(_, resource)| resource["Type"] == kind)
    }
}

fn incomplete(name: &str, what: &str) -> StackError {
    StackError(format!("template.yaml, {name}: no {what}"))
}

/// The name of a function's binary.
fn binary(function: &Value) -> Option<&str> {
    function["Metadata"]["BuildProperties"]["Binary"].as_str()
}

/// The text after a tag, as in `!Ref Api`.
fn tagged<'a>(value: &'a Value, tag: &str) -> Option<&'a str> {
    match value {
        Value::Tagged(tagged) if tagged.tag == tag => tagged.value.as_str(),
        _ => None,
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_mapping().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.as_str()?, value)))
}
