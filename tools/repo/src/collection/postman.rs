//! Postman's collection format, version 2.1: the parts that the collection uses.

use std::ops::Not;

use serde::Serialize;

/// The identifier of the format, which importers read.
pub const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

#[derive(Serialize)]
pub struct Collection {
    pub info: Info,
    /// For all requests without their own.
    pub auth: Auth,
    #[serde(rename = "variable")]
    pub variables: Vec<Field>,
    #[serde(rename = "item")]
    pub folders: Vec<Folder>,
}

#[derive(Serialize)]
pub struct Info {
    pub name: String,
    pub description: String,
    pub schema: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Auth {
    NoAuth,
    Bearer { bearer: [Field; 1] },
}

#[derive(Serialize)]
pub struct Folder {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "item")]
    pub items: Vec<Item>,
}

#[derive(Serialize)]
pub struct Item {
    pub name: String,
    #[serde(rename = "event", skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    pub request: Request,
}

#[derive(Serialize)]
pub struct Event {
    pub listen: &'static str,
    pub script: Script,
}

#[derive(Serialize)]
pub struct Script {
    pub r#type: &'static str,
    #[serde(rename = "exec")]
    pub lines: Vec<&'static str>,
}

#[derive(Serialize)]
pub struct Request {
    pub method: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    #[serde(rename = "header")]
    pub headers: Vec<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    pub url: Url,
}

#[derive(Serialize)]
pub struct Url {
    pub raw: String,
    pub host: [&'static str; 1],
    #[serde(rename = "path")]
    pub segments: Vec<String>,
    pub query: Vec<Field>,
    /// The variables of the path.
    #[serde(rename = "variable")]
    pub variables: Vec<Field>,
}

/// A header, a query parameter or a variable.
#[derive(Default, Serialize)]
pub struct Field {
    pub key: String,
    pub value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the user must switch it on.
    #[serde(skip_serializing_if = "<&bool>::not")]
    pub disabled: bool,
}

#[derive(Serialize)]
pub struct Body {
    pub mode: &'static str,
    pub raw: String,
    pub options: Options,
}

#[derive(Serialize)]
pub struct Options {
    pub raw: Language,
}

#[derive(Serialize)]
pub struct Language {
    pub language: &'static str,
}

impl Field {
    pub fn new(key: &str, value: &str) -> Self {
        Self { key: key.to_owned(), value: value.to_owned(), ..Self::default() }
    }
}

impl Event {
    /// Returns the event that runs a script after an answer.
    pub fn afterwards(script: &'static str) -> Self {
        let lines = script.lines().collect();
        Self { listen: "test", script: Script { r#type: "text/javascript", lines } }
    }
}

impl Body {
    pub fn json(text: String) -> Self {
        Self { mode: "raw", raw: text, options: Options { raw: Language { language: "json" } } }
    }
}
