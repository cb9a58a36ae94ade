use std::fs;

use serde_json::json;

use super::*;
use crate::root::repository;

const CONTRACT: &str = r#"
openapi: 3.1.0
info: { title: A clinic, description: All of it. }
tags:
  - name: Sessions
    description: Signing in.
  - name: Doctors
paths:
  /login/:
    post:
      operationId: auth-login
      tags: [Sessions]
      summary: Sign in
      description: Opens a session.
      security: []
      requestBody:
        content:
          application/json:
            examples: { name: { value: { username: amara, password: secret } } }
      responses: {}
  /refresh/:
    post:
      operationId: auth-refresh
      tags: [Sessions]
      summary: Refresh
      security: []
      requestBody:
        content: { application/json: { example: { refresh: abc } } }
      responses: {}
  /doctors/{id}/patients/:
    summary: A doctor's patients
    get:
      operationId: patients
      tags: [Doctors]
      summary: List a doctor's patients
      security: [{ bearer: [] }]
      parameters:
        - { name: id, in: path, required: true, example: 7 }
        - { name: limit, in: query, description: How many, schema: { default: 50 } }
        - { name: order, in: query, required: true, example: id }
        - { name: If-Match, in: header }
      responses: {}
"#;

fn parsed(yaml: &str) -> Value {
    serde_json::from_str(&collection(yaml).unwrap()).unwrap()
}

fn of_this_repository() -> (Contract, Value) {
    let yaml = fs::read_to_string(repository().join("openapi.yaml")).unwrap();
    (Contract::load().unwrap(), parsed(&yaml))
}

/// Returns the requests of all folders.
fn items(collection: &Value) -> Vec<&Value> {
    let folders = collection["item"].as_array().unwrap();
    folders.iter().flat_map(|folder| folder["item"].as_array().unwrap()).collect()
}

/// Returns the request with the method and the path of an operation.
fn item<'a>(collection: &'a Value, operation: &Operation) -> &'a Value {
    let path = operation.path.replace('{', ":").replace('}', "");
    let is_it = |item: &&&Value| {
        let url = item["request"]["url"]["raw"].as_str().unwrap();
        let url = url.strip_prefix("{{baseUrl}}").unwrap();
        item["request"]["method"] == operation.method && url.split('?').next() == Some(&path)
    };
    let items = items(collection);
    let found: Vec<_> = items.iter().filter(is_it).collect();
    assert_eq!(found.len(), 1, "{}", operation.name());
    found[0]
}

#[test]
fn collection_has_a_folder_for_each_tag() {
    let collection = parsed(CONTRACT);
    assert_eq!(
        collection["info"],
        json!({"name": "A clinic", "description": "All of it.", "schema": SCHEMA})
    );
    assert_eq!(
        collection["auth"],
        json!({"type": "bearer", "bearer": [{"key": "token", "value": "{{access}}"}]})
    );
    assert_eq!(collection["variable"][0], json!({"key": "baseUrl", "value": BASE_URL}));
    let names: Vec<_> =
        collection["item"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["Sessions", "Doctors"]);
    assert_eq!(collection["item"][0]["description"], "Signing in.");
    let names: Vec<_> = items(&collection).into_iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["Sign in", "Refresh", "List a doctor's patients"]);
}

#[test]
fn requests_contain_the_contracts_examples() {
    let collection = parsed(CONTRACT);
    let [login, refresh, patients] = items(&collection)[..] else { panic!("three requests") };
    let login = &login["request"];
    assert_eq!(login["description"], "Opens a session.");
    assert_eq!(login["header"], json!([{"key": "Content-Type", "value": "application/json"}]));
    let body = "{\n  \"username\": \"amara\",\n  \"password\": \"secret\"\n}";
    assert_eq!(login["body"]["raw"], body);
    assert_eq!(refresh["request"]["body"]["raw"], "{\n  \"refresh\": \"{{refresh}}\"\n}");
    assert_eq!(
        patients["request"],
        json!({
            "method": "GET",
            "header": [{"key": "If-Match", "value": "", "disabled": true}],
            "url": {
                "raw": "{{baseUrl}}/doctors/:id/patients/?order=id",
                "host": ["{{baseUrl}}"],
                "path": ["doctors", ":id", "patients", ""],
                "query": [
                    {"key": "limit", "value": "50", "description": "How many", "disabled": true},
                    {"key": "order", "value": "id"},
                ],
                "variable": [{"key": "id", "value": "7"}],
            },
        })
    );
}

#[test]
fn collection_of_this_repository_has_each_operation_once_with_its_body() {
    let (contract, collection) = of_this_repository();
    for operation in contract.operations() {
        let request = &item(&collection, operation)["request"];
        assert_eq!(request["body"].is_object(), operation.body.is_some(), "{}", operation.id);
    }
    assert_eq!(items(&collection).len(), contract.operations().len());
}

#[test]
fn public_operations_send_no_token() {
    let (contract, collection) = of_this_repository();
    for operation in contract.operations() {
        let auth = &item(&collection, operation)["request"]["auth"];
        let is_public = operation.security.as_ref().unwrap().is_empty();
        let expected = if is_public { json!({"type": "noauth"}) } else { Value::Null };
        assert_eq!(*auth, expected, "{}", operation.id);
    }
}

#[test]
fn operations_that_return_tokens_store_them() {
    let (contract, collection) = of_this_repository();
    for operation in contract.operations() {
        let answer =
            operation.responses.get("200").and_then(|it| it.content.get("application/json"));
        let example = answer.and_then(|answer| contract.example(answer));
        let returns_tokens = example.is_some_and(|it| it.get("refresh").is_some());
        let events = &item(&collection, operation)["event"];
        assert_eq!(events.is_array(), returns_tokens, "{}", operation.id);
        if returns_tokens {
            assert_eq!(events[0]["listen"], "test");
            let script: Vec<_> = KEEP_TOKENS.lines().collect();
            assert_eq!(events[0]["script"]["exec"], json!(script));
        }
    }
}

#[test]
fn operations_with_a_token_in_the_body_use_the_stored_one() {
    let (contract, collection) = of_this_repository();
    for (id, member, variable) in TOKENS {
        let operation = contract.operations().iter().find(|it| it.id == id).unwrap();
        let raw = item(&collection, operation)["request"]["body"]["raw"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(raw).unwrap(), json!({ member: variable }));
    }
}

#[test]
fn unknown_tag_is_refused() {
    let error = collection(&CONTRACT.replace("tags: [Doctors]", "tags: [Nurses]")).unwrap_err();
    assert_eq!(error.to_string(), "openapi.yaml: the tag of patients does not exist");
}
