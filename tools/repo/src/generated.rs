//! The generated files: the local router, not-found's table of paths and the list of tested functions from
//! template.yaml, the contract as JSON and as a collection of requests from openapi.yaml.

use std::fs;

use serde_json::Serializer;

use crate::collection::collection;
use crate::error::GenerateError;
use crate::root::repository;
use crate::routes::{cargo_lambda_toml, routes_rs};
use crate::template::Template;

/// Returns the generated files: path from the repository's root → content.
///
/// # Errors
/// openapi.yaml cannot be read, or [`openapi_json`] or [`collection`] refuses it.
pub fn generated(template: &Template) -> Result<[(&'static str, String); 5], GenerateError> {
    let openapi = fs::read_to_string(repository().join("openapi.yaml"))?;
    Ok([
        ("CargoLambda.toml", cargo_lambda_toml(template)),
        ("functions/not-found/src/routes.rs", routes_rs(template)),
        ("tests/functions/main.rs", tested_functions_rs(template)),
        ("functions/docs/src/openapi.json", openapi_json(&openapi)?),
        ("docs/healthcare.postman_collection.json", collection(&openapi)?),
    ])
}

/// Returns the generated files that are missing or out of date, with their new content.
///
/// # Errors
/// The same as those of [`generated`].
pub fn stale(template: &Template) -> Result<Vec<(&'static str, String)>, GenerateError> {
    let is_stale = |(path, content): &(&str, String)| {
        fs::read_to_string(repository().join(path)).ok().as_ref() != Some(content)
    };
    Ok(generated(template)?.into_iter().filter(is_stale).collect())
}

/// Returns tests/functions/main.rs: the modules with the functions' tests. A function with a build script is not among
/// them, because only its own package runs that script.
fn tested_functions_rs(template: &Template) -> String {
    let mut text = String::from(
        "//! The tests of all functions, in one binary: to build and link one for each function takes minutes longer.
//! A function with a build script has a binary of its own.
//!
//! Generated from template.yaml by `cargo xtask generate`.

// Nothing here calls the functions' `main`.
#![allow(dead_code)]

",
    );
    for name in template.functions.keys() {
        let folder = repository().join("functions").join(name);
        if !folder.join("build.rs").exists() {
            let module = name.replace('-', "_");
            text.push_str(&format!(
                "#[path = \"../../functions/{name}/src/main.rs\"]\nmod {module};\n"
            ));
        }
    }
    text
}

/// Returns functions/docs/src/openapi.json: openapi.yaml as JSON in the same order, which the API's docs show.
///
/// # Errors
/// It is not YAML, or has a value that JSON does not support.
pub fn openapi_json(yaml: &str) -> Result<String, GenerateError> {
    // By the rules of YAML 1.1, words such as `no` would be booleans.
    let options = serde_saphyr::options! { strict_booleans: true };
    let mut json = Vec::new();
    serde_saphyr::with_deserializer_from_str_with_options(yaml, options, |document| {
        Ok(serde_transcode::transcode(document, &mut Serializer::pretty(&mut json)))
    })
    .map_err(|error| GenerateError::Yaml(Box::new(error)))??;
    json.push(b'\n');
    Ok(String::from_utf8_lossy(&json).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_becomes_json_in_the_same_order() {
        let json = r#"{
  "openapi": "3.1.0",
  "answers": {
    "404": [
      "no",
      null,
      1
    ]
  }
}
"#;
        let yaml = "openapi: 3.1.0\nanswers: { \"404\": [no, null, 1] }\n";
        assert_eq!(openapi_json(yaml).unwrap(), json);
        assert!(openapi_json("a: [").is_err());
    }
}
