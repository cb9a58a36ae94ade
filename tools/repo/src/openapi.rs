//! The contents of openapi.yaml as data: every operation, who may call it, and its possible answers.
//!
//! References are resolved, except in schemas: validators resolve those, and they may be circular.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fs, io};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::root::repository;
use crate::routes::METHODS;

/// The API's contract with its clients.
#[derive(Debug)]
pub struct Contract {
    document: Value,
    operations: Vec<Operation>,
}

/// A method of a path.
#[derive(Debug, Deserialize)]
pub struct Operation {
    #[serde(rename = "operationId")]
    pub id: String,
    /// Set if it differs from the id: one function may have several operations.
    #[serde(rename = "x-function")]
    function: Option<String>,
    /// In capitals.
    #[serde(skip)]
    pub method: String,
    /// In its canonical form, as in the file, with variables in braces.
    #[serde(skip)]
    pub path: String,
    #[serde(rename = "x-role")]
    pub who: Option<Who>,
    /// Alternative sets of schemes; empty if the operation is public.
    pub security: Option<Vec<BTreeMap<String, Vec<String>>>>,
    /// Including those of the path.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    #[serde(rename = "requestBody")]
    pub body: Option<Body>,
    /// By their status.
    pub responses: BTreeMap<String, Response>,
}

/// Who may call an operation: the least role. Whether the caller must also be related to the patient or the doctor is
/// not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    Anyone,
    /// Of any role.
    SignedIn,
    /// Of any role except `pending`.
    Active,
    /// Doctors, staff and administrators.
    Doctor,
    Staff,
    Admin,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Parameter {
    pub name: String,
    /// `path`, `query` or `header`.
    #[serde(rename = "in")]
    pub place: String,
    pub description: Option<String>,
    #[serde(default)]
    pub required: bool,
    #[serde(flatten)]
    pub content: Content,
}

/// The body of a request.
#[derive(Debug, Deserialize)]
pub struct Body {
    /// By media type.
    pub content: BTreeMap<String, Content>,
}

#[derive(Debug, Deserialize)]
pub struct Response {
    #[serde(default)]
    pub headers: BTreeMap<String, Header>,
    /// By media type; empty if there is no body.
    #[serde(default)]
    pub content: BTreeMap<String, Content>,
}

#[derive(Debug, Deserialize)]
pub struct Header {
    #[serde(default)]
    pub required: bool,
}

/// A body of some media type, or the value of a parameter.
#[derive(Debug, Clone, Deserialize)]
pub struct Content {
    /// `null` if there is none.
    #[serde(default)]
    pub schema: Value,
    example: Option<Value>,
    #[serde(default)]
    examples: BTreeMap<String, Example>,
}

#[derive(Debug, Clone, Deserialize)]
struct Example {
    value: Value,
}

/// Why openapi.yaml could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    #[error("cannot read {}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("openapi.yaml is not YAML, or is incomplete")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    #[error("openapi.yaml: {0} does not exist")]
    Reference(String),
    #[error("openapi.yaml: {place} is not valid")]
    Shape { place: String, source: serde_json::Error },
}

impl Contract {
    /// Reads the repository's openapi.yaml.
    ///
    /// # Errors
    /// It cannot be read, or [`Contract::parse`] refuses it.
    pub fn load() -> Result<Self, ContractError> {
        let path = repository().join("openapi.yaml");
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text),
            Err(source) => Err(ContractError::Read { path, source }),
        }
    }

    /// Reads a contract's text.
    ///
    /// # Errors
    /// It is not YAML, the target of a reference does not exist, or a path or an operation is not valid.
    pub fn parse(text: &str) -> Result<Self, ContractError> {
        let document: Value = from_yaml(text)?;
        if let Some(reference) = dangling(&document, &document) {
            return Err(ContractError::Reference(reference.to_owned()));
        }
        let mut operations = Vec::new();
        for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
            read_path(path, expanded(&document, item), &mut operations)?;
        }
        Ok(Self { document, operations })
    }

    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Returns `components/schemas` with their names.
    pub fn schemas(&self) -> impl Iterator<Item = (&String, &Value)> {
        let schemas = self.document.pointer("/components/schemas");
        schemas.and_then(Value::as_object).into_iter().flatten()
    }

    /// Returns the operation of a request. `path` is the request's, with or without a final slash and a query. A fixed
    /// segment takes precedence over a variable. `None` also if the path has only other methods.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let path = path.split('?').next().unwrap_or_default();
        let paths = self.operations.iter().map(|operation| operation.path.as_str());
        let matching = paths.filter(|template| matches(template, path));
        let template = matching
            .min_by_key(|template| segments(template).map(is_variable).collect::<Vec<_>>())?;
        self.operations.iter().find(|it| it.path == template && it.method == method)
    }

    /// Returns the first example of the content, otherwise that of its schema, otherwise the schema's default.
    pub fn example<'a>(&'a self, content: &'a Content) -> Option<&'a Value> {
        let own = content.example.as_ref();
        let own = own.or_else(|| content.examples.values().next().map(|example| &example.value));
        own.or_else(|| {
            let schema = self.resolved(&content.schema);
            let example = schema.get("example").or_else(|| schema.get("examples")?.get(0));
            example.or_else(|| schema.get("default"))
        })
    }

    /// Returns a schema together with all schemas that it may refer to.
    pub fn standalone(&self, schema: &Value) -> Value {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [schema],
            "components": {"schemas": self.document.pointer("/components/schemas")},
        })
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match reference(schema).and_then(|reference| target(&self.document, reference)) {
            Some(target) => self.resolved(target),
            None => schema,
        }
    }
}

impl Operation {
    /// Returns the function that answers it.
    pub fn function(&self) -> &str {
        self.function.as_deref().unwrap_or(&self.id)
    }

    /// Returns method and path: `GET /api/doctors/{id}/`.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Parses a contract's text.
///
/// # Errors
/// It is not YAML, or not a valid `T`.
pub fn from_yaml<T: DeserializeOwned>(text: &str) -> Result<T, ContractError> {
    // By the rules of YAML 1.1, words such as `no` would be booleans.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| ContractError::Yaml(Box::new(error)))
}

/// The members of a path.
#[derive(Deserialize)]
struct PathItem {
    #[serde(default)]
    parameters: Vec<Parameter>,
    #[serde(flatten)]
    methods: BTreeMap<String, Value>,
}

fn read_path(
    path: &str,
    item: Value,
    operations: &mut Vec<Operation>,
) -> Result<(), ContractError> {
    let item: PathItem = read(item, || path.to_owned())?;
    for (name, definition) in item.methods {
        let method = name.to_ascii_uppercase();
        // A path may have other members, such as a summary.
        if !METHODS.contains(&method.as_str()) {
            continue;
        }
        let mut operation: Operation = read(definition, || format!("{method} {path}"))?;
        operation.parameters.extend_from_slice(&item.parameters);
        operation.method = method;
        operation.path = path.to_owned();
        operations.push(operation);
    }
    Ok(())
}

fn read<T: DeserializeOwned>(
    value: Value,
    place: impl FnOnce() -> String,
) -> Result<T, ContractError> {
    serde_json::from_value(value).map_err(|source| ContractError::Shape { place: place(), source })
}

/// Returns a reference in `value` whose target does not exist in the document.
fn dangling<'a>(document: &Value, value: &'a Value) -> Option<&'a str> {
    match value {
        Value::Object(object) => reference(value)
            .filter(|reference| target(document, reference).is_none())
            .or_else(|| object.values().find_map(|member| dangling(document, member))),
        Value::Array(items) => items.iter().find_map(|item| dangling(document, item)),
        _ => None,
    }
}

/// Returns `value` with its references replaced by their targets, except in schemas.
fn expanded(document: &Value, value: &Value) -> Value {
    if let Some(target) = reference(value).and_then(|it| target(document, it)) {
        return expanded(document, target);
    }
    match value {
        Value::Object(object) => {
            let members = object.iter().map(|(name, member)| {
                let is_schema = name == "schema";
                let member = if is_schema { member.clone() } else { expanded(document, member) };
                (name.clone(), member)
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => items.iter().map(|item| expanded(document, item)).collect(),
        other => other.clone(),
    }
}

fn reference(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()
}

/// Returns the target of `#/components/…`.
fn target<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

fn matches(template: &str, path: &str) -> bool {
    let mut given = segments(path);
    let all_match = segments(template).all(|expected| match given.next() {
        Some(segment) if is_variable(expected) => !segment.is_empty(),
        segment => segment == Some(expected),
    });
    all_match && given.next().is_none()
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_suffix('/').unwrap_or(path).split('/')
}

fn is_variable(segment: &str) -> bool {
    segment.starts_with('{')
}

#[cfg(test)]
mod tests;
