//! Events for handlers, and the answers of handlers.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

use std::fs;

use lambda_http::{Body, Context, RequestExt, Response};
use repo::root::repository;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::actor::Actor;

/// An event from a file of `events/`, which a test can change before it sends it.
#[derive(Clone)]
pub struct Event {
    function: Option<String>,
    json: Map<String, Value>,
}

impl Event {
    /// Returns the event in `events/<name>.json`, without its access token.
    pub fn of(name: &str) -> Self {
        let path = repository().join("events").join(name).with_extension("json");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        Self { function: Some(name.to_owned()), json }.without_header("authorization")
    }

    /// Makes it an event of a test's own handler, whose calls no function's policy must grant.
    pub fn without_policy(mut self) -> Self {
        self.function = None;
        self
    }

    /// Returns the name of the function whose event it is; `None` for a test's own handler.
    pub fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// Sends the event with the access token of this actor.
    pub fn by(self, actor: &Actor) -> Self {
        self.bearer(actor.token.expose_secret())
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        self.header_lines(name, &[value])
    }

    /// Sends a header in several lines.
    pub fn header_lines(self, name: &str, lines: &[&str]) -> Self {
        let mut event = self.without_header(name);
        event.object("headers").insert(name.to_owned(), json!(lines.last()));
        event.object("multiValueHeaders").insert(name.to_owned(), json!(lines));
        event
    }

    pub fn without_header(mut self, name: &str) -> Self {
        for headers in ["headers", "multiValueHeaders"] {
            self.object(headers).retain(|key, _| !key.eq_ignore_ascii_case(name));
        }
        self
    }

    pub fn method(mut self, method: &str) -> Self {
        self.json.insert("httpMethod".to_owned(), json!(method));
        self.object("requestContext").insert("httpMethod".to_owned(), json!(method));
        self
    }

    /// Sets the source address that the gateway reports.
    pub fn from_address(mut self, address: &str) -> Self {
        let identity = self.object("requestContext").entry("identity").or_insert(json!({}));
        identity["sourceIp"] = json!(address);
        self
    }

    pub fn path(mut self, path: &str) -> Self {
        self.json.insert("path".to_owned(), json!(path));
        self
    }

    pub fn path_parameter(mut self, name: &str, value: impl ToString) -> Self {
        self.object("pathParameters").insert(name.to_owned(), json!(value.to_string()));
        self
    }

    /// Replaces the query of the file.
    pub fn query(mut self, parameters: &[(&str, &str)]) -> Self {
        let single = parameters.iter().map(|(k, v)| (k.to_string(), json!(v))).collect();
        let multiple = parameters.iter().map(|(k, v)| (k.to_string(), json!([v]))).collect();
        self.json.insert("queryStringParameters".to_owned(), Value::Object(single));
        self.json.insert("multiValueQueryStringParameters".to_owned(), Value::Object(multiple));
        self
    }

    pub fn json(self, body: Value) -> Self {
        self.text(&body.to_string())
    }

    pub fn text(mut self, body: &str) -> Self {
        self.json.insert("body".to_owned(), json!(body));
        self
    }

    /// Replaces or adds these fields of the file's body.
    pub fn with(self, fields: Value) -> Self {
        let mut body: Map<String, Value> =
            serde_json::from_str(self.json["body"].as_str().expect("a body")).expect("an object");
        body.extend(fields.as_object().expect("an object").clone());
        self.json(Value::Object(body))
    }

    fn object(&mut self, name: &str) -> &mut Map<String, Value> {
        let value = self.json.entry(name.to_owned()).or_insert(Value::Null);
        if value.is_null() {
            *value = json!({});
        }
        value.as_object_mut().expect("an object")
    }

    /// Returns the event as Lambda delivers it.
    pub fn into_json(self) -> Value {
        Value::Object(self.json)
    }

    pub(super) fn into_request(self) -> lambda_http::Request {
        let text = Value::Object(self.json).to_string();
        let request = lambda_http::request::from_str(&text).expect("an event");
        let mut context = Context::default();
        context.request_id = "a-request".to_owned();
        request.with_lambda_context(context)
    }
}

/// The answer of a handler.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The body if it is JSON, and `null` otherwise.
    pub body: Value,
    response: Response<Body>,
}

impl Answer {
    pub(super) fn of(response: Response<Body>) -> Self {
        let media_type = response.headers().get("content-type");
        let is_json = media_type.is_some_and(|value| value.as_bytes().ends_with(b"json"));
        let body = match response.body() {
            Body::Text(text) if is_json => serde_json::from_str(text).expect("JSON"),
            _ => Value::Null,
        };
        Self { status: response.status().as_u16(), body, response }
    }

    /// Returns the body as text, or an empty text if there is no body.
    pub fn text(&self) -> &str {
        match self.response.body() {
            Body::Text(text) => text,
            _ => "",
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).map(|value| value.to_str().expect("ASCII"))
    }

    /// Fails the test unless the answer has this status. Returns the body.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Fails the test unless the answer is this problem. Returns the body.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!((self.status, &self.body["code"]), (status, &json!(code)), "{}", self.body);
        assert_eq!(self.body["request_id"], "a-request");
        self.body
    }

    /// Fails the test unless the answer is a 400 that names this field of the body, and no other.
    #[track_caller]
    pub fn expect_invalid(self, field: &str) {
        let problem = self.expect_problem(400, "invalid_body");
        let fields: Vec<&String> = problem["errors"].as_object().expect("errors").keys().collect();
        assert_eq!(fields, [field]);
    }
}
