//! All operations of the contract, for tests that check every operation. A new operation in openapi.yaml is included
//! automatically.

use repo::openapi::{self, Who};
use serde_json::{Value, json};
use shared::access::Act;

use crate::client::{Actor, Request};
use crate::clinic::NOBODY;
use crate::contract::contract;

pub struct Operation {
    pub id: &'static str,
    pub method: &'static str,
    /// The path with its final slash. Variables are replaced with the contract's examples, and ids with unknown ids.
    pub path: String,
    pub who: Who,
    /// `None` if it is public.
    pub act: Option<Act>,
    /// The contract's example, with unknown ids.
    body: Option<Value>,
}

pub fn operations() -> impl Iterator<Item = Operation> {
    contract().operations().iter().map(Operation::of)
}

impl Operation {
    fn of(operation: &'static openapi::Operation) -> Self {
        let json = operation.body.as_ref().and_then(|body| body.content.get("application/json"));
        Self {
            id: &operation.id,
            method: &operation.method,
            path: path_with_unknown_ids(operation),
            who: operation
                .who
                .unwrap_or_else(|| panic!("openapi.yaml: {} has no x-role", operation.id)),
            act: Act::ALL.into_iter().find(|act| act.function() == operation.function()),
            body: json.and_then(|json| contract().example(json)).map(with_unknown_ids),
        }
    }

    /// Returns the request of the contract's example.
    pub fn request_by(&self, actor: &impl Actor) -> Request {
        let request = self.request_without_body_by(actor);
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    pub fn request_without_body_by(&self, actor: &impl Actor) -> Request {
        actor.request(self.method, &self.path)
    }
}

fn path_with_unknown_ids(operation: &openapi::Operation) -> String {
    let mut path = operation.path.clone();
    for parameter in operation.parameters.iter().filter(|it| it.place == "path") {
        let value = match contract().example(&parameter.content) {
            Some(Value::Number(_)) => NOBODY.to_string(),
            Some(Value::String(text)) => text.clone(),
            other => panic!(
                "openapi.yaml: {}: the example of {} is {other:?}",
                operation.id, parameter.name
            ),
        };
        path = path.replace(&format!("{{{}}}", parameter.name), &value);
    }
    path
}

/// Returns the body with every id replaced by an unknown one.
fn with_unknown_ids(body: &Value) -> Value {
    let mut body = body.clone();
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        if name.ends_with("_id") && value.is_u64() {
            *value = json!(NOBODY);
        }
    }
    body
}
