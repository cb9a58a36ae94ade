//! A response of the API, and assertions about it.

use std::fmt;

use serde_json::Value;
use ureq::http::HeaderMap;

pub struct Response {
    /// Method and path of the request, for messages.
    pub request: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body; null when it is not JSON.
    pub json: Value,
}

impl Response {
    /// Returns a header. API Gateway renames some headers, such as `WWW-Authenticate`.
    pub fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name);
        let value = value.or_else(|| self.headers.get(format!("x-amzn-remapped-{name}")));
        value?.to_str().ok()
    }

    #[track_caller]
    pub fn challenge(&self) -> &str {
        self.header("www-authenticate").unwrap_or_else(|| panic!("no WWW-Authenticate: {self}"))
    }

    /// Returns the media type of the body without its parameters, or an empty text if there is none.
    pub fn media_type(&self) -> &str {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim()
    }

    #[track_caller]
    pub fn etag(&self) -> String {
        let etag = self.header("etag").unwrap_or_else(|| panic!("no ETag: {self}"));
        assert!(etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"'));
        etag.to_owned()
    }

    /// Asserts the status, and a body that fits the status.
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        if status == 204 {
            assert_eq!(self.text, "", "{self}");
        } else if status < 400 {
            assert_eq!(self.media_type(), "application/json", "{self}");
        }
        self
    }

    /// Asserts an RFC 9457 problem with this status and code.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) -> &Self {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.media_type(), "application/problem+json", "{self}");
        assert_eq!(self.json["status"], status, "{self}");
        assert_eq!(self.json["code"], code, "{self}");
        for member in ["type", "title", "request_id"] {
            let text = self.json[member].as_str().unwrap_or_default();
            assert_ne!(text, "", "{member}: {self}");
        }
        if status == 401 {
            self.challenge();
        }
        if matches!(status, 429 | 503) {
            assert!(self.header("retry-after").is_some(), "{self}");
        }
        self
    }

    /// Asserts a 400 for exactly these fields of the body.
    #[track_caller]
    pub fn assert_invalid(&self, fields: &[&str]) {
        self.assert_problem(400, "invalid_body").assert_errors(fields);
    }

    /// Asserts that `errors` has messages for exactly these fields.
    #[track_caller]
    pub fn assert_errors(&self, fields: &[&str]) {
        let Some(errors) = self.json["errors"].as_object() else {
            panic!("no errors: {self}");
        };
        let mut named: Vec<&str> = errors.keys().map(String::as_str).collect();
        let mut expected = fields.to_vec();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "{self}");
        for messages in errors.values() {
            let messages = messages.as_array().expect("messages are not a list");
            assert!(!messages.is_empty(), "{self}");
            assert!(messages.iter().all(Value::is_string), "{self}");
        }
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {} {}", self.request, self.status, self.text)
    }
}
