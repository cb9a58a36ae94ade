//! Every operation of the contract, for the checks that go over all of them: a new one is covered from
//! the day it is written there.

use repo::openapi::{self, Who};
use serde_json::{Value, json};

use crate::client::{Actor, Request};
use crate::clinic::NOBODY;
use crate::contract::contract;

pub struct Operation {
    pub id: &'static str,
    pub method: &'static str,
    /// With its canonical final slash, and the contract's examples in place of variables; where those
    /// are ids, nobody has them.
    pub path: String,
    pub who: Who,
    /// The contract's example, with ids that nobody has.
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
            path: path_to_nobody(operation),
            who: operation
                .who
                .unwrap_or_else(|| panic!("openapi.yaml: {} has no x-role", operation.id)),
            body: json.and_then(|json| contract().example(json)).map(of_nobody),
        }
    }

    /// The request as the contract shows it.
    pub fn by(&self, actor: &impl Actor) -> Request {
        let request = self.without_body_by(actor);
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    pub fn without_body_by(&self, actor: &impl Actor) -> Request {
        actor.request(self.method, &self.path)
    }
}

fn path_to_nobody(operation: &openapi::Operation) -> String {
    let mut path = operation.path.clone();
    for parameter in operation.parameters.iter().filter(|it| it.place == "path") {
        let value = match contract().example(&parameter.content) {
            Some(Value::Number(_)) => NOBODY.to_string(),
            Some(Value::String(text)) => text.clone(),
            other => panic!(
                "openapi.yaml: {}: an example of {}: {other:?}",
                operation.id, parameter.name
            ),
        };
        path = path.replace(&format!("{{{}}}", parameter.name), &value);
    }
    path
}

/// The body with every id in it replaced.
fn of_nobody(body: &Value) -> Value {
    let mut body = body.clone();
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        if name.ends_with("_id") && value.is_u64() {
            *value = json!(NOBODY);
        }
    }
    body
}
