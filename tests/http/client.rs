//! A small HTTP client. The callers are types: [`Anonymous`], [`Bearer`] and [`User`].

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::{Agent, http};

use crate::clinic;
use crate::contract;
use crate::response::Response;
use crate::stack;

/// Someone who calls the API.
pub trait Actor {
    /// Returns the value of the `Authorization` header, if any.
    fn authorization(&self) -> Option<String>;

    fn request(&self, method: &str, path: &str) -> Request {
        let request = Request::new(method, path);
        match self.authorization() {
            Some(value) => request.header("authorization", &value),
            None => request,
        }
    }

    #[track_caller]
    fn get(&self, path: &str) -> Response {
        self.request("GET", path).send()
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Response {
        self.request("POST", path).json(body).send()
    }

    #[track_caller]
    fn put(&self, path: &str, body: &Value) -> Response {
        self.request("PUT", path).json(body).send()
    }

    #[track_caller]
    fn patch(&self, path: &str, body: &Value) -> Response {
        self.request("PATCH", path).json(body).send()
    }

    #[track_caller]
    fn delete(&self, path: &str) -> Response {
        self.request("DELETE", path).send()
    }

    /// Returns the whole list, read page by page.
    #[track_caller]
    fn walk(&self, path: &str) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut found = Vec::new();
        let mut page_path = path.to_owned();
        for _ in 0..10_000 {
            let page = self.get(&page_path).expect_status(200).json;
            found.extend(page["results"].as_array().unwrap().iter().cloned());
            match &page["next"] {
                Value::String(next) => {
                    page_path = format!("{path}{separator}cursor={}", encode(next));
                }
                next => {
                    assert!(next.is_null(), "next is neither a cursor nor null: {next}");
                    return found;
                }
            }
        }
        panic!("{path} has too many pages");
    }
}

/// Someone who has not signed in.
pub struct Anonymous;

impl Actor for Anonymous {
    fn authorization(&self) -> Option<String> {
        None
    }
}

/// Someone with a token, valid or not.
pub struct Bearer<'a>(pub &'a str);

impl Actor for Bearer<'_> {
    fn authorization(&self) -> Option<String> {
        Some(format!("Bearer {}", self.0))
    }
}

/// Someone who has registered and logged in.
pub struct User {
    /// The body of the registration: `username`, `email`, `password`.
    pub account: Value,
    /// The account in the response of the login.
    pub user: Value,
    pub access: String,
    pub refresh: String,
}

impl User {
    /// Registers a new account with the role `staff` and logs in.
    #[track_caller]
    pub fn staff() -> Self {
        let account = clinic::newcomer();
        Anonymous.post("/api/auth/register/", &account).expect_status(201);
        Self::log_in(&account)
    }

    /// Registers a new account, sets its role to `pending` and logs in.
    #[track_caller]
    pub fn pending(admin: &Self) -> Self {
        Self::changed(admin, &json!({"role": "pending"}))
    }

    /// Registers a new account, sets its role to `patient` and logs in. It is linked to no patient.
    #[track_caller]
    pub fn patient(admin: &Self) -> Self {
        Self::changed(admin, &json!({"role": "patient"}))
    }

    /// Registers a new account, links it to a new doctor with the role `doctor` and logs in.
    #[track_caller]
    pub fn doctor(admin: &Self) -> Self {
        Self::changed(admin, &json!({"role": "doctor", "doctor_id": admin.new_doctor()["id"]}))
    }

    /// Registers a new account, makes this change to it and logs in.
    #[track_caller]
    pub fn changed(admin: &Self, change: &Value) -> Self {
        let user = Self::staff();
        let path = format!("/api/users/{}/", user.user["id"]);
        admin.patch(&path, change).expect_status(200);
        Self::log_in(&user.account)
    }

    /// Returns the administrator: the first account of the tests' own stack. On another stack it is the account of
    /// `API_ADMIN_USERNAME` and `API_ADMIN_PASSWORD`. Without these, tests that need an administrator are skipped.
    pub fn admin() -> Option<&'static Self> {
        static ADMIN: LazyLock<Option<User>> = LazyLock::new(|| {
            stack::url();
            let account = stack::admin()?;
            Some(User::log_in(&account))
        });
        if ADMIN.is_none() {
            eprintln!("skipped: no administrator is known");
        }
        ADMIN.as_ref()
    }

    /// Logs in and returns a new session of the account.
    #[track_caller]
    pub fn log_in(account: &Value) -> Self {
        let credentials = json!({
            "username": account["username"],
            "password": account["password"],
        });
        let login = Anonymous.post("/api/auth/login/", &credentials).expect_status(200).json;
        let text = |name: &str| login[name].as_str().unwrap().to_owned();
        Self {
            account: account.clone(),
            user: login["user"].clone(),
            access: text("access"),
            refresh: text("refresh"),
        }
    }
}

impl Actor for User {
    fn authorization(&self) -> Option<String> {
        Bearer(&self.access).authorization()
    }
}

/// A request that is not sent yet.
#[must_use]
pub struct Request {
    method: String,
    path: String,
    builder: http::request::Builder,
    body: Option<String>,
}

impl Request {
    fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            builder: http::Request::builder().method(method).uri(format!("{}{path}", stack::url())),
            body: matches!(method, "POST" | "PUT" | "PATCH").then(String::new),
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// Sets the body, without a Content-Type.
    pub fn body(mut self, text: impl Into<String>) -> Self {
        self.body = Some(text.into());
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Sends the request. Fails the test if the status is 500 or higher, except 503, or if the response is not in the
    /// contract.
    #[track_caller]
    pub fn send(self) -> Response {
        let Self { method, path, builder, body } = self;
        let name = format!("{method} {path}");
        let answer = match body {
            Some(body) => AGENT.run(builder.body(body).unwrap()),
            None => AGENT.run(builder.body(()).unwrap()),
        };
        let mut answer = answer.unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = answer.body_mut().read_to_string().unwrap();
        let response = Response {
            request: name,
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        };
        assert!(response.status < 500 || response.status == 503, "{response}");
        contract::assert_in_contract(&method, &path, &response);
        response
    }
}

/// Returns `text` percent-encoded, as a part of a URL's path or query.
pub fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_idle_connections(64)
        .max_idle_connections_per_host(64)
        // The first call of a function waits until the function has started.
        .timeout_global(Some(Duration::from_secs(120)));
    let config = if stack::is_own() { config.proxy(None) } else { config };
    config.build().new_agent()
});
