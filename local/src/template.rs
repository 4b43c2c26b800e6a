//! What the local stack takes from `template.yaml`, so that the two cannot differ: the table, the
//! functions and the routes.

use std::fs;
use std::path::{Path, PathBuf};

use yaml_serde::Value;

use crate::StackError;
use crate::gateway::Route;
use crate::stream::Source;

/// The folder of the workspace, where the template lies. `local` runs only where it was built.
#[must_use]
pub fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// A SAM template.
#[derive(Clone, Debug)]
pub struct Template(Value);

impl Template {
    /// The workspace's `template.yaml`.
    ///
    /// # Errors
    ///
    /// When it is missing or no YAML.
    pub fn read() -> Result<Self, StackError> {
        let path = workspace().join("template.yaml");
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
        Ok(Self(value))
    }

    /// The properties of the resource `Table`, as CloudFormation names them.
    ///
    /// # Errors
    ///
    /// When there is no such resource.
    pub fn table(&self) -> Result<serde_json::Value, StackError> {
        let table = &self.0["Resources"]["Table"];
        if table["Type"] != "AWS::DynamoDB::Table" {
            return Err(StackError(
                "template.yaml has no resource Table, a table".to_owned(),
            ));
        }
        serde_json::to_value(&table["Properties"])
            .map_err(|error| StackError(format!("template.yaml, Table: {error}")))
    }

    /// The routes of all functions: what their events of type `HttpApi` say.
    ///
    /// # Errors
    ///
    /// When a function names no binary, or a route no method or path.
    pub fn routes(&self) -> Result<Vec<Route>, StackError> {
        let mut routes = Vec::new();
        for (function, event) in self.events("HttpApi")? {
            let text = |member| event[member].as_str();
            routes.push(Route {
                method: text("Method")
                    .ok_or_else(|| incomplete(&function, "Method"))?
                    .to_uppercase(),
                path: text("Path")
                    .ok_or_else(|| incomplete(&function, "Path"))?
                    .to_owned(),
                function,
            });
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
        for (function, event) in self.events("DynamoDB")? {
            let size = event["BatchSize"].as_u64();
            let size = size.and_then(|size| usize::try_from(size).ok());
            let filters = event["FilterCriteria"]["Filters"].as_sequence();
            let patterns = filters.into_iter().flatten().map(|filter| {
                let pattern = filter["Pattern"].as_str();
                pattern.and_then(|pattern| serde_json::from_str(pattern).ok())
            });
            let patterns = patterns.collect::<Option<_>>();
            sources.push(Source {
                patterns: patterns.ok_or_else(|| incomplete(&function, "Pattern"))?,
                batch_size: size.ok_or_else(|| incomplete(&function, "BatchSize"))?,
                function,
            });
        }
        Ok(sources)
    }

    /// The properties of all events of a type, each with its function.
    fn events(&self, kind: &str) -> Result<Vec<(String, &Value)>, StackError> {
        let mut found = Vec::new();
        for (name, resource) in members(&self.0["Resources"]) {
            if resource["Type"] != "AWS::Serverless::Function" {
                continue;
            }
            let function = resource["Metadata"]["BuildProperties"]["Binary"].as_str();
            let function = function.ok_or_else(|| incomplete(name, "BuildProperties.Binary"))?;
            let events = members(&resource["Properties"]["Events"]);
            let events = events.filter(|(_, event)| event["Type"] == kind);
            found.extend(events.map(|(_, event)| (function.to_owned(), &event["Properties"])));
        }
        Ok(found)
    }
}

fn incomplete(name: &str, what: &str) -> StackError {
    StackError(format!("template.yaml, {name}: no {what}"))
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_mapping().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.as_str()?, value)))
}
