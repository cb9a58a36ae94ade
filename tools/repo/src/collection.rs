//! The contract as a collection of requests, which Postman, Bruno, Insomnia and Hoppscotch import.
//!
//! It has a folder for each tag and a request for each operation, with the contract's examples. Signing in stores the
//! tokens in variables, which all other requests use.

mod postman;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::error::GenerateError;
use crate::members::Members;
use crate::openapi::{Contract, ContractError, Operation, Parameter, from_yaml};
use postman::{Auth, Body, Collection, Event, Field, Folder, Info, Item, Request, SCHEMA, Url};

/// The URL of `cargo dev`.
const BASE_URL: &str = "http://127.0.0.1:8000";

/// The operations that return tokens, and the script that stores the tokens.
const SIGNING_IN: [&str; 2] = ["auth-login", "auth-refresh"];
const KEEP_TOKENS: &str = include_str!("collection/keep_tokens.js");

/// The operations with a token in the body, the token's member, and the variable that holds it.
const TOKENS: [(&str, &str, &str); 2] =
    [("auth-refresh", "refresh", "{{refresh}}"), ("auth-verify", "token", "{{access}}")];

/// The parts of a contract that people read, in the order of the file.
#[derive(Deserialize)]
struct Document {
    info: Words,
    tags: Vec<Tag>,
    paths: Members<Members<Entry>>,
}

#[derive(Deserialize)]
struct Words {
    title: String,
    description: String,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    description: Option<String>,
}

/// A member of a path.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Operation(Described),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Described {
    #[serde(rename = "operationId")]
    id: String,
    tags: Vec<String>,
    summary: String,
    description: Option<String>,
    #[serde(rename = "requestBody")]
    body: Option<Content>,
}

#[derive(Deserialize)]
struct Content {
    /// By media type.
    content: BTreeMap<String, Examples>,
}

#[derive(Deserialize)]
struct Examples {
    example: Option<Members<Value>>,
    examples: Option<Members<Example>>,
}

#[derive(Deserialize)]
struct Example {
    value: Members<Value>,
}

/// Returns docs/healthcare.postman_collection.json for the text of openapi.yaml.
///
/// # Errors
/// The contract is not valid, or lacks the tags of an operation.
pub fn collection(yaml: &str) -> Result<String, GenerateError> {
    let contract = Contract::parse(yaml)?;
    let Document { info, tags, paths } = from_yaml(yaml)?;
    let mut folders: Vec<_> = tags.into_iter().map(Folder::from).collect();
    for entry in paths.0.into_iter().flat_map(|(_, item)| item.0) {
        let (_, Entry::Operation(described)) = entry else { continue };
        let operation = contract.operations().iter().find(|it| it.id == described.id);
        let folder = folders.iter_mut().find(|it| described.tags.contains(&it.name));
        let folder = folder
            .ok_or_else(|| ContractError::Reference(format!("the tag of {}", described.id)))?;
        if let Some(operation) = operation {
            folder.items.push(item(&contract, operation, described)?);
        }
    }
    let collection = Collection {
        info: Info { name: info.title, description: info.description, schema: SCHEMA },
        auth: Auth::Bearer { bearer: [Field::new("token", "{{access}}")] },
        variables: vec![
            Field::new("baseUrl", BASE_URL),
            Field::new("access", ""),
            Field::new("refresh", ""),
        ],
        folders,
    };
    Ok(serde_json::to_string_pretty(&collection)? + "\n")
}

impl From<Tag> for Folder {
    fn from(Tag { name, description }: Tag) -> Self {
        Self { name, description, items: Vec::new() }
    }
}

fn item(
    contract: &Contract,
    operation: &Operation,
    described: Described,
) -> Result<Item, GenerateError> {
    let body = match described.body.and_then(Content::into_example) {
        Some(example) => Some(Body::json(body_text(&operation.id, example)?)),
        None => None,
    };
    let is_public = operation.security.as_ref().is_some_and(Vec::is_empty);
    let signs_in = SIGNING_IN.contains(&operation.id.as_str());
    let content_type = body.as_ref().map(|_| Field::new("Content-Type", "application/json"));
    Ok(Item {
        name: described.summary,
        events: signs_in.then(|| Event::afterwards(KEEP_TOKENS)).into_iter().collect(),
        request: Request {
            method: operation.method.clone(),
            description: described.description,
            auth: is_public.then_some(Auth::NoAuth),
            headers: content_type
                .into_iter()
                .chain(fields(contract, operation, "header"))
                .collect(),
            body,
            url: url(contract, operation),
        },
    })
}

fn body_text(id: &str, mut example: Members<Value>) -> Result<String, serde_json::Error> {
    for (name, value) in &mut example.0 {
        let token = TOKENS.iter().find(|token| (token.0, token.1) == (id, name));
        if let Some((.., variable)) = token {
            *value = Value::from(*variable);
        }
    }
    serde_json::to_string_pretty(&example)
}

impl Content {
    /// Returns the first example.
    fn into_example(mut self) -> Option<Members<Value>> {
        let Examples { example, examples } = self.content.remove("application/json")?;
        example.or_else(|| examples?.0.into_iter().next().map(|(_, example)| example.value))
    }
}

fn url(contract: &Contract, operation: &Operation) -> Url {
    let segments: Vec<_> = operation.path.split('/').skip(1).map(segment).collect();
    let query: Vec<_> = fields(contract, operation, "query").collect();
    let mut raw = format!("{{{{baseUrl}}}}/{}", segments.join("/"));
    for (number, Field { key, value, .. }) in query.iter().filter(|it| !it.disabled).enumerate() {
        let separator = if number == 0 { '?' } else { '&' };
        raw.push_str(&format!("{separator}{key}={value}"));
    }
    let variables = fields(contract, operation, "path").collect();
    Url { raw, host: ["{{baseUrl}}"], segments, query, variables }
}

/// Returns `:id` for `{id}`.
fn segment(segment: &str) -> String {
    match segment.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
        Some(variable) => format!(":{variable}"),
        None => segment.to_owned(),
    }
}

fn fields<'a>(
    contract: &'a Contract,
    operation: &'a Operation,
    place: &'a str,
) -> impl Iterator<Item = Field> + 'a {
    let parameters = operation.parameters.iter().filter(move |it| it.place == place);
    parameters.map(|parameter| field(contract, parameter))
}

fn field(contract: &Contract, parameter: &Parameter) -> Field {
    let value = match contract.example(&parameter.content) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    Field {
        key: parameter.name.clone(),
        value,
        description: parameter.description.clone(),
        disabled: !parameter.required,
    }
}

#[cfg(test)]
mod tests;
