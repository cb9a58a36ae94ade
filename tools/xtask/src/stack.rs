//! A stack for tests and measurements: a `cargo dev` that ends with it, or a deployed stage; and an HTTP client for it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use ops::{Result, http};
use repo::cargo::cargo;
use repo::root::repository;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use ureq::Agent;

/// The password of every account that is registered here. No example in openapi.yaml has it.
pub const PASSWORD: &str = "violet-harbor-42-lantern";

/// A running stack. A `cargo dev` ends when this is dropped.
pub struct Stack {
    /// Ends with a slash.
    url: String,
    agent: Agent,
    /// `None` for a deployed stage.
    dev: Option<Child>,
    data: TempDir,
}

impl Stack {
    /// Starts a `cargo dev`. `environment` is for the functions; `flags` are for `cargo dev`.
    pub fn start(environment: &[(&str, &str)], flags: &[&str]) -> Result<Self> {
        let data = tempdir()?;
        let mut dev = cargo()
            .current_dir(repository())
            .args(["run", "--package", "xtask", "--", "dev"])
            .args(["--port", "0", "--in-memory", "--no-reload", "--until-stdin-closes"])
            .args(flags)
            .arg("--data")
            .arg(data.path())
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = dev.stdout.take().ok_or("stdout is piped")?;
        let url = BufReader::new(stdout)
            .lines()
            .map_while(std::result::Result::ok)
            .find_map(|line| Some(line.split_once(" is ready at ")?.1.trim().to_owned()));
        let url = url.ok_or("`cargo dev` ended before it was ready; its errors are above")?;
        Ok(Self { url, agent: http::agent(), dev: Some(dev), data })
    }

    /// Uses a deployed stage.
    pub fn at(url: &str) -> Result<Self> {
        let url = format!("{}/", url.trim_end_matches('/'));
        Ok(Self { url, agent: http::agent(), dev: None, data: tempdir()? })
    }

    /// Returns the URL, with a final slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the data folder, which is deleted when this is dropped.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Sends a POST and returns status and body of the answer.
    pub fn post(&self, token: Option<&str>, path: &str, body: &Value) -> Result<(u16, Value)> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer = request.send_json(body)?;
        Ok((answer.status().as_u16(), answer.body_mut().read_json()?))
    }

    /// Sends a GET and returns status and body of the answer.
    pub fn get(&self, token: Option<&str>, path: &str) -> Result<(u16, Value)> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer = request.call()?;
        Ok((answer.status().as_u16(), answer.body_mut().read_json()?))
    }

    /// Sends a POST and returns the body of the answer, which must be a 201.
    pub fn create(&self, token: Option<&str>, path: &str, body: &Value) -> Result<Value> {
        match self.post(token, path, body)? {
            (201, created) => Ok(created),
            (status, answer) => Err(format!("{path} answered {status}, {answer}").into()),
        }
    }

    /// Registers an account and returns its id. The first one of a stack is an administrator.
    pub fn register(&self, name: &str) -> Result<u64> {
        let email = format!("{name}@clinic.example");
        let account = json!({ "username": name, "email": email, "password": PASSWORD });
        let created = self.create(None, "api/auth/register/", &account)?;
        let id = created.pointer("/user/id").and_then(Value::as_u64);
        id.ok_or_else(|| format!("the registration returned no id: {created}").into())
    }

    /// Signs in and returns an access token.
    pub fn log_in(&self, name: &str) -> Result<String> {
        self.tokens(name).map(|(access, _)| access)
    }

    /// Signs in and returns an access token and a refresh token.
    pub fn tokens(&self, name: &str) -> Result<(String, String)> {
        let credentials = json!({ "username": name, "password": PASSWORD });
        let (status, body) = self.post(None, "api/auth/login/", &credentials)?;
        let token = |name| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let tokens = token("access").zip(token("refresh"));
        tokens.ok_or_else(|| format!("the login answered {status}, {body}").into())
    }

    /// Changes role or activity of an account. `admin` is an administrator's access token.
    pub fn change(&self, admin: &str, id: u64, change: &Value) -> Result {
        let request = self.agent.patch(format!("{}api/users/{id}/", self.url));
        let request = request.header("authorization", format!("Bearer {admin}"));
        let status = request.send_json(change)?.status();
        if status == 200 { Ok(()) } else { Err(format!("users answered {status}").into()) }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let Some(dev) = &mut self.dev else { return };
        // `cargo dev` ends when its stdin does.
        drop(dev.stdin.take());
        let _ = dev.wait();
    }
}
