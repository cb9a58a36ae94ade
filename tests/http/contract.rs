//! Compares responses with openapi.yaml.

use std::sync::LazyLock;

use repo::openapi::{Contract, Operation};
use serde_json::{Value, json};
use shared::testing::schema;

use crate::response::Response;

/// Returns openapi.yaml. If it cannot be read, every test fails with the same message.
pub fn contract() -> &'static Contract {
    static CONTRACT: LazyLock<Result<Contract, String>> =
        LazyLock::new(|| Contract::load().map_err(|error| format!("{error}: {error:?}")));
    CONTRACT.as_ref().unwrap_or_else(|reason| panic!("{reason}"))
}

/// Returns the errors of a body, by its schema.
fn errors(schema: &Value, body: &Value) -> Vec<String> {
    schema::errors(contract(), schema, body)
}

/// Fails the test unless the contract has this status for the operation, and the headers and the body match. For a path
/// or method that is not in the contract, the response must be a problem with the status 404, 405 or 503.
#[track_caller]
pub fn assert_in_contract(method: &str, path: &str, response: &Response) {
    // A HEAD has the operation of its GET.
    let is_head = method == "HEAD";
    let operation = contract().operation(if is_head { "GET" } else { method }, path);
    let (name, breaches) = match operation {
        Some(operation) => (operation.id.as_str(), breaches(operation, response, is_head)),
        None if method == "OPTIONS" && response.status == 204 => return,
        None => ("an unknown path or method", breaches_outside_contract(response)),
    };
    assert!(
        breaches.is_empty(),
        "the response of {name} does not match openapi.yaml: {response}\n  {}",
        breaches.join("\n  ")
    );
}

fn breaches(operation: &Operation, response: &Response, is_head: bool) -> Vec<String> {
    let Some(declared) = operation.responses.get(&response.status.to_string()) else {
        return vec![format!("the status {}", response.status)];
    };
    let mut breaches = Vec::new();
    for (name, header) in &declared.headers {
        if header.required && response.header(name).is_none() {
            breaches.push(format!("{name} is missing"));
        }
    }
    if is_head {
        breaches.extend((!response.text.is_empty()).then(|| "a body".to_owned()));
        return breaches;
    }
    let media_type = response.media_type();
    match declared.content.get(media_type) {
        Some(content) if media_type.ends_with("json") => {
            breaches.extend(errors(&content.schema, &response.json));
        }
        Some(_) => {}
        None if declared.content.is_empty() && response.text.is_empty() => {}
        None => breaches.push(format!("the media type {media_type:?}")),
    }
    breaches
}

fn breaches_outside_contract(response: &Response) -> Vec<String> {
    let mut breaches = errors(&json!({"$ref": "#/components/schemas/Problem"}), &response.json);
    if !matches!(response.status, 404 | 405 | 503) {
        breaches.push(format!("the status {}", response.status));
    }
    if response.media_type() != "application/problem+json" {
        breaches.push(format!("the media type {:?}", response.media_type()));
    }
    breaches
}
