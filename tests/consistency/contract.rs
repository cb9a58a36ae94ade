//! openapi.yaml has every route of the template, with its role, its responses and its examples.
//!
//! CargoLambda.toml is generated; `generated_files_are_up_to_date` checks it.

use std::collections::{BTreeMap, BTreeSet};

use repo::openapi::{Contract, Operation, Response, Who};
use repo::routes::{NOT_FOUND, by_path};
use repo::template::Template;
use serde_json::{Value, json};
use shared::access::Act;
use shared::parameters::parameters;

use crate::Outcome;

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

#[test]
fn every_route_has_an_operation_and_every_operation_has_a_route() -> Outcome {
    let (template, contract) = (Template::load()?, Contract::load()?);
    let mut routes = BTreeMap::new();
    for (path, functions) in by_path(&template) {
        let described = functions.into_iter().filter(|(method, function)| {
            // A HEAD has the operation of its GET.
            *function != NOT_FOUND && *method != "HEAD"
        });
        for (method, function) in described {
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
                wrong.push(format!("openapi.yaml lacks {method} {path} of {function}"));
            }
            (None, Some(function)) => {
                wrong.push(format!("template.yaml lacks {method} {path} of {function}"));
            }
            (Some(function), Some(other)) if function != other => wrong.push(format!(
                "{method} {path}: {function} in template.yaml, {other} in openapi.yaml"
            )),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "routes and operations differ:\n  {}", wrong.join("\n  "));
    Ok(())
}

#[test]
fn every_get_has_a_head_in_the_same_function() -> Outcome {
    let template = Template::load()?;
    let mut wrong = Vec::new();
    for (path, functions) in by_path(&template) {
        if functions.get("GET") != functions.get("HEAD") {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "template.yaml: GET and HEAD differ for {}", wrong.join(", "));
    Ok(())
}

#[test]
fn query_parameters_are_those_that_the_functions_know() -> Outcome {
    let contract = Contract::load()?;
    let mut wrong = Vec::new();
    for operation in contract.operations() {
        let in_query = operation.parameters.iter().filter(|it| it.place == "query");
        let described: BTreeSet<_> = in_query.map(|it| it.name.as_str()).collect();
        let act = Act::ALL.into_iter().find(|act| act.function() == operation.function());
        let act = act.filter(|_| operation.method != "POST");
        let known = act.map(parameters).unwrap_or_default();
        let known: BTreeSet<_> = known.into_iter().flatten().copied().collect();
        if described != known {
            wrong.push(format!("{}: {described:?}, but {known:?}", operation.id));
        }
    }
    assert!(wrong.is_empty(), "openapi.yaml and parameters.rs differ:\n  {}", wrong.join("\n  "));
    Ok(())
}

#[test]
fn operation_ids_are_unique_and_begin_with_the_functions_name() -> Outcome {
    let contract = Contract::load()?;
    let mut ids = BTreeSet::new();
    let mut wrong = Vec::new();
    for operation in contract.operations() {
        let suffix = operation.id.strip_prefix(operation.function());
        if !suffix.is_some_and(|suffix| suffix.is_empty() || suffix.starts_with('-')) {
            wrong.push(format!("{} does not begin with {}", operation.id, operation.function()));
        }
        if !ids.insert(&operation.id) {
            wrong.push(format!("{} is the id of two operations", operation.id));
        }
    }
    assert!(wrong.is_empty(), "openapi.yaml:\n  {}", wrong.join("\n  "));
    Ok(())
}

#[test]
fn every_path_except_files_ends_with_a_slash() -> Outcome {
    let contract = Contract::load()?;
    let paths = contract.operations().iter().map(|operation| operation.path.as_str());
    let is_file = |path: &str| [".json", ".txt", "{file}"].iter().any(|end| path.ends_with(end));
    let bare: BTreeSet<_> = paths.filter(|path| !path.ends_with('/') && !is_file(path)).collect();
    assert!(bare.is_empty(), "openapi.yaml: paths without a final slash: {bare:?}");
    Ok(())
}

#[test]
fn every_operation_has_role_security_responses_and_examples() -> Outcome {
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
            // An empty alternative permits requests without credentials.
            let is_open = schemes.is_empty() || schemes.iter().any(BTreeMap::is_empty);
            if is_open != (operation.who == Some(Who::Anyone)) {
                missing.push("a security that matches x-role".to_owned());
            }
        }
    }
    if !operation.responses.keys().any(|status| status.starts_with('2')) {
        missing.push("a 2xx status".to_owned());
    }
    for status in required_statuses(operation) {
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

/// Returns the error statuses that an operation must have, given its role, body and parameters.
fn required_statuses(operation: &Operation) -> BTreeSet<&'static str> {
    let mut statuses = BTreeSet::from(["503"]);
    if operation.who > Some(Who::Anyone) {
        // 400 is for an unknown parameter.
        statuses.extend(["400", "401"]);
    }
    if operation.who > Some(Who::SignedIn) {
        statuses.insert("403");
    }
    if operation.body.is_some() {
        statuses.extend(["400", "413", "415"]);
    }
    for parameter in &operation.parameters {
        let required: &[&str] = match (parameter.place.as_str(), parameter.name.as_str()) {
            ("path", _) => &["404"],
            ("query", _) => &["400"],
            ("header", "If-Match") => &["412", "428"],
            ("header", "If-None-Match") => &["304", "412"],
            ("header", "Idempotency-Key") => &["422"],
            _ => &[],
        };
        statuses.extend(required);
    }
    statuses
}

fn missing_of_response(status: &str, response: &Response) -> Vec<String> {
    let mut missing = Vec::new();
    if status.starts_with(['4', '5']) && !response.content.keys().eq([PROBLEM]) {
        missing.push(format!("{PROBLEM} as the only media type of {status}"));
    }
    if status.starts_with('2') && (status == "204") != response.content.is_empty() {
        missing.push(format!("correct content for {status}: a body, except for 204"));
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

/// Returns the examples that are missing; the HTTP tests send them.
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
            missing.push(format!("an example of the body as {JSON}"));
        }
    }
    missing
}

/// An open schema would accept an unknown member.
#[test]
fn every_object_schema_is_closed() -> Outcome {
    let contract = Contract::load()?;
    let (mut open, mut parts) = (Vec::new(), BTreeSet::new());
    for (name, schema) in contract.schemas() {
        add_open(name, schema, &mut open);
        add_parts(schema, &mut parts);
    }
    // A schema that composes others closes them. A schema that no value may match need not be closed.
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

/// Adds the names of the schemas that an `allOf` contains or a `not` excludes.
fn add_parts<'a>(schema: &'a Value, parts: &mut BTreeSet<&'a str>) {
    match schema {
        Value::Object(object) => {
            let all_of = object.get("allOf").and_then(Value::as_array).into_iter().flatten();
            let members = all_of.chain(object.get("not"));
            parts.extend(members.filter_map(|it| it.get("$ref")?.as_str()?.rsplit('/').next()));
            object.values().for_each(|member| add_parts(member, parts));
        }
        Value::Array(items) => items.iter().for_each(|item| add_parts(item, parts)),
        _ => {}
    }
}
