//! What openapi.yaml says, as data: every operation, whom it is for, and what it may be answered with.
//!
//! References are followed, but for those inside of schemas: there they are a validator's affair, and
//! may go round in circles.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fs, io};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::routes::METHODS;
use crate::template::repository;

/// The contract with clients.
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
    /// Said where the id is another: one function may have several operations.
    #[serde(rename = "x-function")]
    function: Option<String>,
    /// In capitals.
    #[serde(skip)]
    pub method: String,
    /// As it is written: in its canonical form, variables in braces.
    #[serde(skip)]
    pub path: String,
    #[serde(rename = "x-role")]
    pub who: Option<Who>,
    /// Alternatives, each of them names of schemes; none if nothing is asked for.
    pub security: Option<Vec<BTreeMap<String, Vec<String>>>>,
    /// Those of the path included.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    #[serde(rename = "requestBody")]
    pub body: Option<Body>,
    /// By their status.
    pub responses: BTreeMap<String, Response>,
}

/// Whom an operation needs at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    Anyone,
    /// Of any role.
    SignedIn,
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

/// What a request brings.
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

/// Why openapi.yaml could not be understood.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    #[error("cannot read {}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("openapi.yaml is not YAML, or lacks something")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    #[error("openapi.yaml: there is no {0}")]
    Reference(String),
    #[error("openapi.yaml: {place} is not as it should be")]
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

    /// Understands a contract's text.
    ///
    /// # Errors
    /// It is not YAML, a reference leads nowhere, or a path or an operation lacks something or has it
    /// in another shape.
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

    /// `components/schemas`, by their names.
    pub fn schemas(&self) -> impl Iterator<Item = (&String, &Value)> {
        let schemas = self.document.pointer("/components/schemas");
        schemas.and_then(Value::as_object).into_iter().flatten()
    }

    /// What a request asks for, with its path as it is sent: the final slash does not matter, a query
    /// is passed over, and a fixed segment is more than a variable. `None` too if the path has other
    /// methods.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let path = path.split('?').next().unwrap_or_default();
        let paths = self.operations.iter().map(|operation| operation.path.as_str());
        let fitting = paths.filter(|template| fits(template, path));
        let template = fitting
            .min_by_key(|template| segments(template).map(is_variable).collect::<Vec<_>>())?;
        self.operations.iter().find(|it| it.path == template && it.method == method)
    }

    /// The first example of it or, without one, of its schema, or the default.
    pub fn example<'a>(&'a self, content: &'a Content) -> Option<&'a Value> {
        let own = content.example.as_ref();
        let own = own.or_else(|| content.examples.values().next().map(|example| &example.value));
        own.or_else(|| {
            let schema = self.resolved(&content.schema);
            let example = schema.get("example").or_else(|| schema.get("examples")?.get(0));
            example.or_else(|| schema.get("default"))
        })
    }

    /// A schema with all that it may refer to, so that it stands by itself.
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
    /// The function that serves it.
    pub fn function(&self) -> &str {
        self.function.as_deref().unwrap_or(&self.id)
    }

    /// Method and path, as one speaks of it.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What a contract's text says.
///
/// # Errors
/// It is not YAML, or something in it has another shape than a `T`.
pub fn from_yaml<T: DeserializeOwned>(text: &str) -> Result<T, ContractError> {
    // Otherwise YAML 1.1 has its way with words such as `no`.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| ContractError::Yaml(Box::new(error)))
}

/// What stands under a path.
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
        // A summary may stand beside them.
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

/// A reference somewhere in `value` that leads nowhere in the document.
fn dangling<'a>(document: &Value, value: &'a Value) -> Option<&'a str> {
    match value {
        Value::Object(object) => reference(value)
            .filter(|reference| target(document, reference).is_none())
            .or_else(|| object.values().find_map(|member| dangling(document, member))),
        Value::Array(items) => items.iter().find_map(|item| dangling(document, item)),
        _ => None,
    }
}

/// `value` with what its references mean in place of them, except in schemas.
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

/// What `#/components/…` means.
fn target<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

fn fits(template: &str, path: &str) -> bool {
    let mut given = segments(path);
    let fit = segments(template).all(|expected| match given.next() {
        Some(segment) if is_variable(expected) => !segment.is_empty(),
        segment => segment == Some(expected),
    });
    fit && given.next().is_none()
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_suffix('/').unwrap_or(path).split('/')
}

fn is_variable(segment: &str) -> bool {
    segment.starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = r##"
openapi: 3.1.0
paths:
  /mappings/{id}/:
    summary: The doctors of a patient
    parameters:
      - $ref: "#/components/parameters/Id"
    get:
      operationId: mappings-doctors
      x-role: signed-in
      security: [{ bearer: [] }]
      parameters:
        - { name: limit, in: query, description: How many, schema: { type: integer, default: 50 } }
      responses:
        "200":
          content: { application/json: { schema: { $ref: "#/components/schemas/Page" } } }
        "401": { $ref: "#/components/responses/Unauthorized" }
  /mappings/{id}/{doctor_id}/:
    delete:
      operationId: mappings-remove-delete
      x-function: mappings-remove
      responses: { "204": {} }
  /mappings/{id}/remove/:
    post:
      operationId: mappings-remove
      requestBody:
        content:
          application/json:
            examples: { one: { $ref: "#/components/examples/Removal" } }
      responses: { "200": {} }
components:
  examples:
    Removal: { value: { doctor_id: 7 } }
  parameters:
    Id: { name: id, in: path, schema: { $ref: "#/components/schemas/Id" } }
  responses:
    Unauthorized:
      headers: { WWW-Authenticate: { $ref: "#/components/headers/Challenge" } }
  headers:
    Challenge: { required: true }
  schemas:
    Id: { type: integer, examples: [3] }
    Page: { properties: { id: { $ref: "#/components/schemas/Id" } } }
"##;

    fn contract() -> Contract {
        Contract::parse(CONTRACT).unwrap()
    }

    #[test]
    fn reads_roles_and_responses_of_an_operation() {
        let contract = contract();
        let operation = contract.operation("GET", "/mappings/1/").unwrap();
        assert_eq!(operation.id, "mappings-doctors");
        assert_eq!(operation.function(), "mappings-doctors");
        assert_eq!(operation.name(), "GET /mappings/{id}/");
        assert_eq!(operation.who, Some(Who::SignedIn));
        assert_eq!(operation.security.as_ref().unwrap().len(), 1);
        assert!(operation.responses["401"].headers["WWW-Authenticate"].required);
        let schema = &operation.responses["200"].content["application/json"].schema;
        assert_eq!(*schema, json!({"$ref": "#/components/schemas/Page"}));

        let removal = contract.operation("DELETE", "/mappings/1/2").unwrap();
        assert_eq!(removal.function(), "mappings-remove");
        assert_eq!(removal.who, None);
        assert!(removal.security.is_none());
    }

    #[test]
    fn request_matches_one_operation_or_none() {
        let contract = contract();
        let id = |method, path| Some(contract.operation(method, path)?.id.as_str());
        assert_eq!(id("GET", "/mappings/1"), Some("mappings-doctors"));
        assert_eq!(id("GET", "/mappings/1/?limit=2"), Some("mappings-doctors"));
        assert_eq!(id("POST", "/mappings/1/remove/"), Some("mappings-remove"));
        assert_eq!(id("DELETE", "/mappings/1/remove"), None);
        assert_eq!(id("DELETE", "/mappings/1/2/"), Some("mappings-remove-delete"));
        for path in ["/", "/mappings/", "/mappings//", "/mappings/1//", "/mappings/1/2/3/"] {
            assert_eq!(id("GET", path), None, "{path}");
        }
    }

    #[test]
    fn example_is_its_own_or_from_the_schema_or_the_default() {
        let contract = contract();
        let removal = contract.operation("POST", "/mappings/1/remove/").unwrap();
        let body = &removal.body.as_ref().unwrap().content["application/json"];
        assert_eq!(contract.example(body), Some(&json!({"doctor_id": 7})));
        let doctors = contract.operation("GET", "/mappings/1/").unwrap();
        let [limit, id] = doctors.parameters.as_slice() else { panic!("two parameters") };
        assert_eq!((id.name.as_str(), id.place.as_str()), ("id", "path"));
        assert_eq!(contract.example(&id.content), Some(&json!(3)));
        assert_eq!(contract.example(&limit.content), Some(&json!(50)));
    }

    #[test]
    fn standalone_schema_contains_its_references() {
        let schema = contract().standalone(&json!({"$ref": "#/components/schemas/Page"}));
        assert!(dangling(&schema, &schema).is_none());
    }

    #[test]
    fn names_what_it_cannot_understand() {
        let error = |text: &str| Contract::parse(text).unwrap_err().to_string();
        assert_eq!(
            error(&CONTRACT.replace("schemas/Id\" } }", "schemas/Ids\" } }")),
            "openapi.yaml: there is no #/components/schemas/Ids"
        );
        assert_eq!(
            error(&CONTRACT.replace("x-role: signed-in", "x-role: everybody")),
            "openapi.yaml: GET /mappings/{id}/ is not as it should be"
        );
    }

    #[test]
    fn reads_the_contract_of_this_repository() {
        let contract = Contract::load().unwrap();
        assert!(contract.operation("POST", "/api/auth/login").is_some());
    }
}
