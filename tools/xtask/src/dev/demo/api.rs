//! A client of the API for the demo.

use ops::{Result, http};
use serde_json::Value;
use ureq::typestate::WithBody;
use ureq::{Agent, RequestBuilder};

pub struct Api<'a> {
    agent: Agent,
    /// Ends with a slash.
    url: &'a str,
    /// `None` until it is signed in.
    token: Option<String>,
}

/// The answer to a call.
pub struct Answer {
    path: String,
    pub status: u16,
    /// A text unless it is JSON.
    body: Value,
}

impl<'a> Api<'a> {
    pub fn at(url: &'a str) -> Self {
        Self { agent: http::agent(), url, token: None }
    }

    /// Sends this access token with all further calls.
    pub fn sign_in(&mut self, token: String) {
        self.token = Some(token);
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send(path, self.agent.post(self.url_of(path)), body)
    }

    pub fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send(path, self.agent.put(self.url_of(path)), body)
    }

    /// Changes the current version, whichever it is.
    pub fn patch(&self, path: &str, body: &Value) -> Result<Answer> {
        let request = self.agent.patch(self.url_of(path)).header("if-match", "*");
        self.send(path, request, body)
    }

    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer> {
        let request = self.agent.get(self.url_of(path)).query_pairs(query.iter().copied());
        let request = request.header("authorization", self.authorization());
        Answer::read(path, request.call()?)
    }

    /// Returns the results of all pages of a list.
    pub fn list(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = [("limit", "100"), ("cursor", cursor.as_str())];
            let page = self.get(path, &[query, page.as_slice()].concat())?.expect(&[200])?;
            all.extend(results(&page).cloned());
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = next.to_owned(),
                None => return Ok(all),
            }
        }
    }

    fn send(&self, path: &str, request: RequestBuilder<WithBody>, body: &Value) -> Result<Answer> {
        let request = match &self.token {
            Some(_) => request.header("authorization", self.authorization()),
            None => request,
        };
        Answer::read(path, request.send_json(body)?)
    }

    fn url_of(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn authorization(&self) -> String {
        format!("Bearer {}", self.token.as_deref().unwrap_or_default())
    }
}

impl Answer {
    fn read(path: &str, mut response: ureq::http::Response<ureq::Body>) -> Result<Self> {
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Self { path: path.to_owned(), status, body })
    }

    /// Returns the body, or an error unless the status is one of these.
    pub fn expect(self, statuses: &[u16]) -> Result<Value> {
        let Self { path, status, body } = self;
        if statuses.contains(&status) {
            Ok(body)
        } else {
            Err(format!("the demo data are incomplete: {path} answered {status}, {body}").into())
        }
    }

    /// Returns the body if the status is 200.
    pub fn if_ok(self) -> Option<Value> {
        (self.status == 200).then_some(self.body)
    }
}

/// Returns the results of a page.
pub fn results(page: &Value) -> impl Iterator<Item = &Value> {
    page.get("results").and_then(Value::as_array).into_iter().flatten()
}

pub fn id(resource: &Value) -> Option<u64> {
    resource.get("id")?.as_u64()
}
