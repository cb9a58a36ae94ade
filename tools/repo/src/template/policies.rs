//! The permissions in template.yaml: a function's role, the role's managed policies, their statements.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Resource;

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// For example `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// As the template refers to it: `Table.Arn` for `!GetAtt Table.Arn`.
    pub resource: String,
    /// Patterns of the permitted partition keys, such as `USER#*`; `None` if the statement does not limit them.
    pub leading_keys: Option<Vec<String>>,
}

/// The statements of each role, by its logical id.
pub(super) struct Policies(BTreeMap<String, Vec<Statement>>);

impl Policies {
    pub fn of(resources: &BTreeMap<String, Resource>) -> Self {
        let statements = |policy: &str| {
            let document = resources.get(policy)?.properties.get("PolicyDocument")?;
            Some(document.get("Statement")?.as_array()?.iter().filter_map(statement))
        };
        let roles = resources.iter().filter(|(_, resource)| resource.kind == "AWS::IAM::Role");
        let of_role = |role: &Resource| {
            let policies = role.properties.get("ManagedPolicyArns").and_then(Value::as_array);
            // Also those in `!If [condition, policy, …]`.
            let policies = policies.into_iter().flatten().flat_map(|policy| texts(Some(policy)));
            policies.filter_map(statements).flatten().collect()
        };
        Self(roles.map(|(logical_id, role)| (logical_id.clone(), of_role(role))).collect())
    }

    /// Returns the statements of a role. `role` is a function's property: `AuthLoginRole.Arn`.
    pub fn of_role(&self, role: &Value) -> Vec<Statement> {
        let logical_id = role.as_str().and_then(|role| role.strip_suffix(".Arn"));
        logical_id.and_then(|it| self.0.get(it)).cloned().unwrap_or_default()
    }
}

/// Reads a statement, or the one in `!If [condition, statement, …]`.
fn statement(value: &Value) -> Option<Statement> {
    if let Value::Array(alternatives) = value {
        return alternatives.iter().find_map(statement);
    }
    let leading_keys = value.get("Condition").and_then(|condition| {
        condition.get("ForAllValues:StringLike")?.get("dynamodb:LeadingKeys")
    });
    Some(Statement {
        actions: texts(value.get("Action")).map(str::to_owned).collect(),
        resource: value.get("Resource")?.as_str()?.to_owned(),
        leading_keys: leading_keys.map(|keys| texts(Some(keys)).map(str::to_owned).collect()),
    })
}

/// Returns the texts of a list, or the only text if the value is not a list.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.chain(value).filter_map(Value::as_str)
}
