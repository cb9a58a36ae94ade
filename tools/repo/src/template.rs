//! The contents of template.yaml as data: the functions with their routes and schedules, and the tables.
//!
//! Only the template defines routes and tables. Everything that needs them on a developer's machine, such as the local
//! router and the tables of tests, reads them from this module.

mod definition;
mod event;
mod policies;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::definition::Definition;
use self::event::Event;
use self::policies::Policies;
pub use self::policies::Statement;
use crate::root::repository;

/// The method of a [`Route`] that answers all methods without another route of its path.
pub const ANY: &str = "ANY";

/// Lambda's memory for a function without a `MemorySize`.
const DEFAULT_MEMORY_MB: u32 = 128;
/// Lambda's time in seconds for an invocation of a function without a `Timeout`.
const DEFAULT_TIMEOUT: u64 = 3;

/// The main table's name outside of a CloudFormation stack.
pub const TABLE_NAME: &str = "healthcare";
/// The name of the table of public token keys outside of a CloudFormation stack.
pub const KEYS_TABLE_NAME: &str = "healthcare-keys";
/// The name of the audit trail's table outside of a CloudFormation stack.
pub const AUDIT_TABLE_NAME: &str = "healthcare-audit";
/// All of them, in the order in which a store takes them.
pub const TABLE_NAMES: [&str; 3] = [TABLE_NAME, KEYS_TABLE_NAME, AUDIT_TABLE_NAME];

/// template.yaml: its functions, its tables and all its resources.
#[derive(Debug)]
pub struct Template {
    /// By the name of their binary, which is also that of their package, their folder and their event.
    pub functions: BTreeMap<String, Function>,
    /// By their logical id, such as `KeysTable`.
    pub tables: BTreeMap<String, Table>,
    /// All resources, including functions and tables, by their logical id.
    pub resources: BTreeMap<String, Resource>,
}

/// A Lambda function.
#[derive(Debug)]
pub struct Function {
    /// Its name in the template, such as `AuthLogin`.
    pub logical_id: String,
    /// The requests that reach it; none if something other than the API calls it.
    pub routes: Vec<Route>,
    /// The times at which it is invoked, as EventBridge's expressions, such as `rate(1 minute)`; none if only others
    /// invoke it.
    pub schedules: Vec<String>,
    /// Its environment variables, including those of all functions. A variable that refers to a parameter has the
    /// parameter's default.
    pub environment: BTreeMap<String, Option<String>>,
    /// The permissions of its role.
    pub statements: Vec<Statement>,
    /// Its memory. Lambda gives processor time in proportion to it.
    pub memory_mb: u32,
    /// The longest time of an invocation.
    pub timeout: Duration,
}

/// A method and a path of the API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// In capitals; [`ANY`] for every method that the path has no other route for.
    pub method: String,
    /// Without a final slash, variables in braces: `/api/doctors/{id}`, `/{proxy+}`.
    pub path: String,
}

/// A DynamoDB table, as CloudFormation describes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Table {
    pub attribute_definitions: Vec<AttributeDefinition>,
    pub key_schema: Vec<KeyElement>,
    #[serde(default)]
    pub global_secondary_indexes: Vec<Index>,
    time_to_live_specification: Option<TimeToLive>,
}

/// An attribute of a key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttributeDefinition {
    pub attribute_name: String,
    /// `S`, `N` or `B`.
    pub attribute_type: String,
}

/// One part of a key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyElement {
    pub attribute_name: String,
    /// `HASH` or `RANGE`.
    pub key_type: String,
}

/// A global secondary index.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Index {
    pub index_name: String,
    pub key_schema: Vec<KeyElement>,
    pub projection: Projection,
}

/// The attributes that an index contains.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Projection {
    /// `ALL`, `KEYS_ONLY` or `INCLUDE`.
    pub projection_type: String,
    /// The attributes that `INCLUDE` includes.
    #[serde(default)]
    pub non_key_attributes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

impl Table {
    /// Returns the attribute with the time at which an item expires, if items expire.
    pub fn time_to_live(&self) -> Option<&str> {
        self.time_to_live_specification
            .as_ref()
            .filter(|ttl| ttl.enabled)
            .map(|ttl| ttl.attribute_name.as_str())
    }
}

/// Why template.yaml could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("cannot read {}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("template.yaml is not a template")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    #[error("template.yaml: {logical_id} is not a valid {kind}")]
    Resource { logical_id: String, kind: String, source: serde_json::Error },
    #[error("template.yaml: {0} has no Metadata.BuildProperties.Binary")]
    NoBinary(String),
    #[error("template.yaml: {0} and {1} have the same Binary")]
    SameBinary(String, String),
}

impl Template {
    /// Reads the repository's template.yaml.
    ///
    /// # Errors
    /// It cannot be read, or [`Template::parse`] refuses it.
    pub fn load() -> Result<Self, TemplateError> {
        let path = repository().join("template.yaml");
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text),
            Err(source) => Err(TemplateError::Read { path, source }),
        }
    }

    /// Reads a template's text. Of resources other than functions and tables it reads only type and metadata.
    ///
    /// # Errors
    /// It is not YAML, a function or a table is not valid, a function names no binary, or two functions name the same
    /// one.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        // By the rules of YAML 1.1, the `N` of `AttributeType: N` would be a boolean.
        let options = serde_saphyr::options! { strict_booleans: true };
        let document: Document = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| TemplateError::Yaml(Box::new(error)))?;

        let everywhere = &document.globals.function.environment.variables;
        let parameters = &document.parameters;
        let definition = Definition::of(&document.resources);
        let policies = Policies::of(&document.resources);
        let mut functions = BTreeMap::<String, Function>::new();
        let mut tables = BTreeMap::new();
        for (logical_id, resource) in &document.resources {
            match resource.kind.as_str() {
                "AWS::Serverless::Function" => {
                    let binary = resource
                        .binary()
                        .ok_or_else(|| TemplateError::NoBinary(logical_id.clone()))?;
                    let mut properties: FunctionProperties = resource.properties(logical_id)?;
                    let globals = &document.globals.function;
                    properties.memory_size = properties.memory_size.or(globals.memory_size);
                    properties.timeout = properties.timeout.or(globals.timeout);
                    if let Some(other) = functions.get(&binary) {
                        let other = other.logical_id.clone();
                        return Err(TemplateError::SameBinary(other, logical_id.clone()));
                    }
                    let statements = policies.of_role(&properties.role);
                    let mut function =
                        properties.function(logical_id.clone(), everywhere, parameters, statements);
                    function.routes.extend_from_slice(definition.of_function(logical_id));
                    function.routes.sort();
                    functions.insert(binary, function);
                }
                "AWS::DynamoDB::Table" => {
                    let table = resource.properties(logical_id)?;
                    tables.insert(logical_id.clone(), table);
                }
                _ => {}
            }
        }
        Ok(Self { functions, tables, resources: document.resources })
    }
}

// The parts of the template that this module reads. Tags are ignored: `!Ref X` is read as `X`.

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    #[serde(default)]
    parameters: Parameters,
    #[serde(default)]
    globals: Globals,
    resources: BTreeMap<String, Resource>,
}

type Parameters = BTreeMap<String, Parameter>;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Parameter {
    default: Value,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Globals {
    function: FunctionProperties,
}

/// A resource of the template.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    /// Its type, such as `AWS::DynamoDB::Table`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Settings for tools; null if there are none.
    #[serde(default)]
    pub metadata: Value,
    /// Parsed only when the type is known, because types use the same names for different properties.
    #[serde(default)]
    properties: Value,
}

impl Resource {
    fn binary(&self) -> Option<String> {
        let binary = self.metadata.pointer("/BuildProperties/Binary")?.as_str()?;
        Some(binary.to_owned())
    }

    fn properties<T: DeserializeOwned>(&self, logical_id: &str) -> Result<T, TemplateError> {
        serde_json::from_value(self.properties.clone()).map_err(|source| TemplateError::Resource {
            logical_id: logical_id.to_owned(),
            kind: self.kind.clone(),
            source,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct FunctionProperties {
    environment: Environment,
    role: Value,
    events: BTreeMap<String, Event>,
    memory_size: Option<u32>,
    /// In seconds.
    timeout: Option<u64>,
}

impl FunctionProperties {
    fn function(
        self,
        logical_id: String,
        everywhere: &BTreeMap<String, Value>,
        parameters: &Parameters,
        statements: Vec<Statement>,
    ) -> Function {
        let own = self.environment.variables;
        let variables = everywhere.clone().into_iter().chain(own);
        Function {
            logical_id,
            routes: self.events.values().filter_map(Event::route).collect(),
            schedules: self.events.values().filter_map(Event::schedule).collect(),
            environment: variables
                .map(|(name, value)| (name, default_of(&value, parameters)))
                .collect(),
            statements,
            memory_mb: self.memory_size.unwrap_or(DEFAULT_MEMORY_MB),
            timeout: Duration::from_secs(self.timeout.unwrap_or(DEFAULT_TIMEOUT)),
        }
    }
}

/// Returns the default of the parameter that a value refers to.
fn default_of(reference: &Value, parameters: &Parameters) -> Option<String> {
    match &parameters.get(reference.as_str()?)?.default {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Environment {
    variables: BTreeMap<String, Value>,
}

#[cfg(test)]
mod tests;
