//! openapi.yaml has every route, and says of each what a client must know.
//!
//! CargoLambda.toml, the routes of `cargo dev`, is not looked at here: it is generated from the template,
//! and `generated_files_are_up_to_date` holds it to that.

use std::collections::{BTreeMap, BTreeSet};

use repo::openapi::{Contract, Operation, Response, Who};
use repo::routes::{NOT_FOUND, by_path};
use repo::template::Template;
use serde_json::{Value, json};

use crate::Outcome;

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

#[test]
fn every_route_is_an_operation_of_its_function_and_every_operation_a_route() -> Outcome {
    let (template, contract) = (Template::load()?, Contract::load()?);
    let mut routes = BTreeMap::new();
    for (path, functions) in by_path(&template) {
        for (method, function) in
            functions.into_iter().filter(|(_, function)| *function != NOT_FOUND)
        {
            routes.insert((path, method), function);
        }
    }
    let operations: BTreeMap<_, _> = contract
        .operations()
        .iter()
        .map(|it| ((it.path.trim_end_matches('/'), it.method.as_str()), it.function()))
        .collect();

    let mut wrong = Vec::new();
    for route in routes.keys().chain(operations.keys()).collect::<BTreeSet<_>>() {
        let (path, method) = route;
        match (routes.get(route), operations.get(route)) {
            (Some(function), None) => {
                wrong.push(format!("openapi.yaml: {method} {path}, which {function} serves"));
            }
            (None, Some(function)) => {
                wrong.push(format!("template.yaml: {method} {path} as a route of {function}"));
            }
            (Some(function), Some(other)) if function != other => wrong.push(format!(
                "openapi.yaml: {function}, not {other}, as the function of {method} {path}"
            )),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "missing:\n  {}", wrong.join("\n  "));
    Ok(())
}

#[test]
fn every_operation_has_a_name_of_its_own_that_begins_with_its_functions() -> Outcome {
    let contract = Contract::load()?;
    let mut ids = BTreeSet::new();
    let mut wrong = Vec::new();
    for operation in contract.operations() {
        let suffix = operation.id.strip_prefix(operation.function());
        if !suffix.is_some_and(|suffix| suffix.is_empty() || suffix.starts_with('-')) {
            wrong.push(format!("{} is not called after {}", operation.id, operation.function()));
        }
        if !ids.insert(&operation.id) {
            wrong.push(format!("{} is the name of two", operation.id));
        }
    }
    assert!(wrong.is_empty(), "openapi.yaml:\n  {}", wrong.join("\n  "));
    Ok(())
}

#[test]
fn every_path_has_its_final_slash_unless_it_is_a_files() -> Outcome {
    let contract = Contract::load()?;
    let paths = contract.operations().iter().map(|operation| operation.path.as_str());
    let is_file = |path: &str| path.ends_with("{file}") || path.ends_with(".json");
    let bare: BTreeSet<_> = paths.filter(|path| !path.ends_with('/') && !is_file(path)).collect();
    assert!(bare.is_empty(), "openapi.yaml: without a final slash: {bare:?}");
    Ok(())
}

#[test]
fn every_operation_says_whom_it_is_for_and_what_it_may_answer() -> Outcome {
    let contract = Contract::load()?;
    let mut missing = Vec::new();
    for operation in contract.operations() {
        for what in missing_of(&contract, operation) {
            missing.push(format!("{} ({}): {what}", operation.name(), operation.id));
        }
    }
    assert!(missing.is_empty(), "missing in openapi.yaml:\n  {}", missing.join("\n  "));
    Ok(())
}

fn missing_of(contract: &Contract, operation: &Operation) -> Vec<String> {
    let mut missing = Vec::new();
    if operation.who.is_none() {
        missing.push("x-role".to_owned());
    }
    match &operation.security {
        None => missing.push("security".to_owned()),
        Some(schemes) => {
            // An empty alternative would let in anyone.
            let is_open = schemes.is_empty() || schemes.iter().any(BTreeMap::is_empty);
            if is_open != (operation.who == Some(Who::Anyone)) {
                missing.push("a security that fits its x-role".to_owned());
            }
        }
    }
    if !operation.responses.keys().any(|status| status.starts_with('2')) {
        missing.push("a status of success".to_owned());
    }
    for status in refusals(operation) {
        if !operation.responses.contains_key(status) {
            missing.push(format!("the status {status}"));
        }
    }
    for (status, response) in &operation.responses {
        missing.extend(missing_of_response(status, response));
    }
    missing.extend(missing_examples(contract, operation));
    missing
}

/// The statuses that it cannot do without, given whom it is for and what it takes.
fn refusals(operation: &Operation) -> BTreeSet<&'static str> {
    let mut statuses = BTreeSet::from(["503"]);
    if operation.who > Some(Who::Anyone) {
        statuses.insert("401");
    }
    if operation.who >= Some(Who::Staff) {
        statuses.insert("403");
    }
    if operation.body.is_some() {
        statuses.extend(["400", "413", "415"]);
    }
    for parameter in &operation.parameters {
        statuses.extend(match (parameter.place.as_str(), parameter.name.as_str()) {
            ("path", _) => Some("404"),
            ("query", _) => Some("400"),
            ("header", "If-Match") => Some("412"),
            ("header", "Idempotency-Key") => Some("422"),
            _ => None,
        });
    }
    statuses
}

fn missing_of_response(status: &str, response: &Response) -> Vec<String> {
    let mut missing = Vec::new();
    if status.starts_with(['4', '5']) && !response.content.keys().eq([PROBLEM]) {
        missing.push(format!("{PROBLEM} as the one media type of {status}"));
    }
    if status.starts_with('2') && (status == "204") != response.content.is_empty() {
        missing.push(format!("what goes with {status}: a body, or none with 204"));
    }
    for (media_type, content) in &response.content {
        if content.schema.is_null() {
            missing.push(format!("the schema of {media_type} for {status}"));
        }
    }
    let header = match status {
        "401" => "WWW-Authenticate",
        "429" | "503" => "Retry-After",
        _ => return missing,
    };
    if !response.headers.get(header).is_some_and(|header| header.required) {
        missing.push(format!("{header} as a required header of {status}"));
    }
    missing
}

/// What the HTTP tests make their requests of.
fn missing_examples(contract: &Contract, operation: &Operation) -> Vec<String> {
    let mut missing = Vec::new();
    for segment in operation.path.split('/') {
        let Some(name) = segment.strip_prefix('{').and_then(|it| it.strip_suffix('}')) else {
            continue;
        };
        let mut parameters = operation.parameters.iter().filter(|it| it.place == "path");
        let parameter = parameters.find(|it| it.name == name);
        if parameter.and_then(|parameter| contract.example(&parameter.content)).is_none() {
            missing.push(format!("the parameter {name}, with an example"));
        }
    }
    if let Some(body) = &operation.body {
        let json = body.content.get(JSON);
        if json.and_then(|json| contract.example(json)).is_none() {
            missing.push(format!("an example of its body, as {JSON}"));
        }
    }
    missing
}

/// In an open one a member too many would go unnoticed.
#[test]
fn every_schema_of_an_object_is_closed() -> Outcome {
    let contract = Contract::load()?;
    let (mut open, mut parts) = (Vec::new(), BTreeSet::new());
    for (name, schema) in contract.schemas() {
        add_open(name, schema, &mut open);
        add_parts(schema, &mut parts);
    }
    // What others are put together of is closed by them.
    open.retain(|name| !parts.contains(name.as_str()));
    assert!(open.is_empty(), "openapi.yaml: open schemas:\n  {}", open.join("\n  "));
    Ok(())
}

fn add_open(place: &str, schema: &Value, open: &mut Vec<String>) {
    let Some(object) = schema.as_object() else { return };
    let closing = ["additionalProperties", "unevaluatedProperties"];
    let is_closed = closing.iter().any(|keyword| object.get(*keyword) == Some(&json!(false)));
    if object.contains_key("properties") && !is_closed {
        open.push(place.to_owned());
    }
    for (name, member) in object.iter().filter(|(name, _)| *name != "allOf") {
        add_open(&format!("{place}/{name}"), member, open);
    }
}

/// The names of those that stand in an `allOf`.
fn add_parts<'a>(schema: &'a Value, parts: &mut BTreeSet<&'a str>) {
    match schema {
        Value::Object(object) => {
            let all_of = object.get("allOf").and_then(Value::as_array).into_iter().flatten();
            parts.extend(all_of.filter_map(|it| it.get("$ref")?.as_str()?.rsplit('/').next()));
            object.values().for_each(|member| add_parts(member, parts));
        }
        Value::Array(items) => items.iter().for_each(|item| add_parts(item, parts)),
        _ => {}
    }
}
