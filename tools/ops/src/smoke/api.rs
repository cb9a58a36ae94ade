//! Calls of the API as a client makes them, and checks of their answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::spawn_blocking;
use ureq::Agent;
use ureq::http::request::Builder;
use ureq::http::{Method, Request};

use crate::Result;
use crate::http::{TIMEOUT, agent_for};

/// The number of characters that are quoted of an unexpected answer without a problem body.
const QUOTED: usize = 200;

const JSON: &str = "application/json";

pub struct Api<'a> {
    agent: Agent,
    /// Ends with a slash.
    url: String,
    /// Whether calls are refused because the user has stopped the command.
    stopped: &'a AtomicBool,
}

/// The answer to a call.
#[derive(Debug)]
pub struct Answer {
    /// Method and URL.
    pub call: String,
    pub status: u16,
    pub took: Duration,
    text: String,
    /// Null unless it is JSON.
    pub body: Value,
}

impl<'a> Api<'a> {
    pub fn at(url: &str, stopped: &'a AtomicBool) -> Self {
        let url = format!("{}/", url.trim_end_matches('/'));
        Self { agent: agent_for(&url, TIMEOUT), url, stopped }
    }

    /// Sends a request. The path does not begin with a slash.
    #[allow(clippy::disallowed_methods, reason = "measures a span")]
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err("stopped".into());
        }
        let call = format!("{method} {}{path}", self.url);
        let request = self.request(method, path, token);
        let body = body.map(Value::to_string);
        let agent = self.agent.clone();
        let started = Instant::now();
        let answered = spawn_blocking(move || {
            let mut answer = match body {
                Some(body) => agent.run(request.header("content-type", JSON).body(body)?)?,
                None => agent.run(request.body(())?)?,
            };
            let status = answer.status().as_u16();
            Ok::<_, ureq::Error>((status, answer.body_mut().read_to_string()?))
        });
        let (status, text) = answered.await?.map_err(|error| format!("{call}: {error}"))?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Answer { call, status, took: started.elapsed(), text, body })
    }

    fn request(&self, method: Method, path: &str, token: Option<&str>) -> Builder {
        let is_deletion = method == Method::DELETE;
        let request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        // The operator may require it. Nobody else changes the records of a smoke test.
        let request = if is_deletion { request.header("if-match", "*") } else { request };
        match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }
}

impl Answer {
    /// Returns the body, or an error unless this is the status.
    pub fn expect(&self, status: u16) -> Result<&Value> {
        if self.status == status { Ok(&self.body) } else { Err(self.problem().into()) }
    }

    /// Returns what was found in the body, or an error that it is missing.
    pub fn find<T>(&self, what: &str, found: Option<T>) -> Result<T> {
        found.ok_or_else(|| format!("{} answered {} without {what}", self.call, self.status).into())
    }

    /// Returns the message about an unexpected answer: code and detail of a problem, or else the beginning of the body.
    fn problem(&self) -> String {
        let text = |member: &str| self.body.get(member).and_then(Value::as_str);
        let quoted = match (text("code"), text("detail")) {
            (Some(code), Some(detail)) => format!("{code}: {detail}"),
            _ => self.text.chars().take(QUOTED).collect(),
        };
        format!("{} answered {}, {quoted}", self.call, self.status)
    }
}
