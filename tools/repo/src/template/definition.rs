//! The routes in the DefinitionBody of the API. The other routes are events of their functions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ANY, Resource, Route};

/// API Gateway's own word for [`ANY`]. With it, SAM permits other methods for the same path.
const API_GATEWAY_ANY: &str = "x-amazon-apigateway-any-method";

/// The routes of each function, by its logical id.
pub(super) struct Definition(BTreeMap<String, Vec<Route>>);

impl Definition {
    pub fn of(resources: &BTreeMap<String, Resource>) -> Self {
        let mut routes = BTreeMap::<String, Vec<Route>>::new();
        for api in resources.values().filter(|it| it.kind == "AWS::Serverless::Api") {
            for (path, methods) in members(api.properties.pointer("/DefinitionBody/paths")) {
                for (method, operation) in members(Some(methods)) {
                    if let Some(function) = function(operation, resources) {
                        let of_function = routes.entry(function.to_owned()).or_default();
                        of_function.push(Route::new(method, path.clone()));
                    }
                }
            }
        }
        Self(routes)
    }

    pub fn of_function(&self, logical_id: &str) -> &[Route] {
        self.0.get(logical_id).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Route {
    /// Reads a method in any case, or API Gateway's own word for [`ANY`].
    pub(super) fn new(method: &str, path: String) -> Self {
        let method = match method {
            API_GATEWAY_ANY => ANY.to_owned(),
            _ => method.to_ascii_uppercase(),
        };
        Self { method, path }
    }
}

/// Returns the logical id of the function that an operation calls. The uri contains it, or is the value of a parameter
/// that contains it, such as `NotFoundUri.Value`.
fn function<'a>(
    operation: &'a Value,
    resources: &'a BTreeMap<String, Resource>,
) -> Option<&'a str> {
    let uri = operation.pointer("/x-amazon-apigateway-integration/uri")?.as_str()?;
    let uri = match uri.strip_suffix(".Value") {
        Some(parameter) => resources.get(parameter)?.properties.get("Value")?.as_str()?,
        None => uri,
    };
    let (_, function) = uri.split_once("/functions/${")?;
    let (function, _) = function.split_once(".Arn}")?;
    Some(function)
}

/// Returns the members of an object; none if the value is not an object.
fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}
