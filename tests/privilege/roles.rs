//! The functions' roles, beside the table's own policy.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ask::Ask;
use super::policy::{Grant, Policy, Verdict};
use super::template::{Resolver, TABLE, role};

/// The roles by the name of their function.
pub struct Roles(BTreeMap<String, Role>);

/// What one function may do.
#[derive(Clone, Debug)]
pub struct Role {
    /// The role's ARN.
    pub arn: String,
    /// Its policy's text, as IAM keeps it.
    pub text: String,
    own: Policy,
    of_table: Policy,
}

impl Roles {
    /// Reads a template; `operators` says whether the deployment names any.
    pub fn of(template: &Value, operators: bool) -> Self {
        let resolver = Resolver {
            template,
            operators,
        };
        let resources = template["Resources"].as_object().expect("resources");
        let table = &resources["Table"]["Properties"]["ResourcePolicy"]["PolicyDocument"];
        let of_table = Policy::parse(&resolver.resolve(table));
        let functions = resources
            .values()
            .filter(|resource| resource["Type"] == "AWS::Serverless::Function");
        let roles = functions.map(|function| {
            let binary = &function["Metadata"]["BuildProperties"]["Binary"];
            let named = function["Properties"]["Role"]["GetAtt"].as_str();
            let named = named
                .and_then(|arn| arn.strip_suffix(".Arn"))
                .expect("a role");
            let properties = &resources[named]["Properties"];
            let path = resolver.resolve(&properties["Path"]);
            let document = resolver.resolve(&properties["Policies"][0]["PolicyDocument"]);
            let role = Role {
                arn: role(path.as_str().unwrap_or("/"), named),
                text: document.to_string(),
                own: Policy::parse(&document),
                of_table: of_table.clone(),
            };
            (binary.as_str().expect("a binary").to_owned(), role)
        });
        Self(roles.collect())
    }

    /// The role of this function.
    pub fn role(&self, function: &str) -> Option<&Role> {
        self.0.get(function)
    }

    /// All of them, by function.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Role)> {
        self.0.iter().map(|(name, role)| (name.as_str(), role))
    }
}

impl Role {
    /// Whether the function may do this: its role or the table's policy allows it, and neither denies.
    pub fn allows(&self, asked: &Ask) -> bool {
        let own = self.own.says(asked, &self.arn);
        let of_table = if asked.resource.starts_with(TABLE) {
            self.of_table.says(asked, &self.arn)
        } else {
            Verdict::Unsaid
        };
        let said = [own, of_table];
        said.contains(&Verdict::Allowed) && !said.contains(&Verdict::Denied)
    }

    /// Everything that its own policy allows, one by one.
    pub fn grants(&self) -> Vec<Grant> {
        self.own.grants()
    }

    /// The role with another policy of its own.
    pub fn with_own(&self, own: &Policy) -> Self {
        Self {
            own: own.clone(),
            ..self.clone()
        }
    }
}
