//! Validation of JSON by the schemas of openapi.yaml.

#![allow(clippy::expect_used, clippy::panic, reason = "a panic fails the test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jsonschema::{Draft, Validator};
use repo::openapi::Contract;
use serde_json::Value;

/// Returns the errors of a body, by a schema of the contract.
pub fn errors(contract: &Contract, schema: &Value, body: &Value) -> Vec<String> {
    let validator = validator(contract, schema);
    let errors = validator.iter_errors(body);
    errors.map(|error| format!("body{}: {error}", error.instance_path())).collect()
}

/// Returns the validator of a schema, compiled at its first use. Two tests at the same time may both compile it.
fn validator(contract: &Contract, schema: &Value) -> Arc<Validator> {
    static COMPILED: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());
    let name = schema.to_string();
    let compiled = COMPILED.lock().expect("no panic").get(&name).cloned();
    compiled.unwrap_or_else(|| {
        let options = jsonschema::options().with_draft(Draft::Draft202012);
        // Without this, formats are not validated.
        let options = options.should_validate_formats(true);
        let validator = options.build(&contract.standalone(schema));
        let validator = validator.unwrap_or_else(|error| panic!("openapi.yaml: {name}: {error}"));
        let validator = Arc::new(validator);
        COMPILED.lock().expect("no panic").insert(name, validator.clone());
        validator
    })
}
