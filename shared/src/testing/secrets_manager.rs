//! An emulated Secrets Manager: moto, which `cargo xtask tools` installs.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use aws_sdk_secretsmanager::Client;
use repo::root::repository;
use repo::tools::tools;

use crate::config::Aws;
use crate::secrets::{self, StoredSecret};

/// The words before the address in moto's log.
const RUNNING: &str = "Running on ";

/// A server with one secret. It ends when this is dropped.
pub struct SecretsManager {
    /// moto's executables and its Python.
    tools: PathBuf,
    server: Child,
    endpoint: String,
    client: Client,
    arn: String,
}

impl SecretsManager {
    /// Starts a server whose secret has this value as its current version.
    pub async fn with(value: &str) -> Self {
        let tools = tools("moto");
        let mut server = Command::new(tools.join("moto_server"))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto starts");
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines().map_while(Result::ok);
        let endpoint = lines
            .find_map(|line| Some(line.split_once(RUNNING)?.1.trim().to_owned()))
            .expect("moto says where it listens");
        // An unread pipe fills up and stops the server.
        thread::spawn(move || lines.for_each(drop));

        let client = secrets::client(&Aws::anybody(), Some(&endpoint));
        let secret = client.create_secret().name("TokenSecret").secret_string(value).send().await;
        let arn = secret.unwrap().arn.unwrap();
        Self { tools, server, endpoint, client, arn }
    }

    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Returns the secret as functions hold it.
    pub fn secret(&self) -> StoredSecret {
        StoredSecret::new(&Aws::anybody(), Some(&self.endpoint), self.arn.clone())
    }

    /// Begins a rotation: adds a pending version without a value. The test invokes the steps itself.
    pub fn begin_rotation(&self, version: &str) {
        let mut python = Command::new(self.tools.join("python"));
        python.arg(repository().join("shared/src/testing/begin_rotation.py"));
        let status = python.args([&self.endpoint, &self.arn, version]).status();
        assert!(status.unwrap().success(), "the rotation has not begun; see the output above");
    }

    /// Replaces the current value at once, as an operator can by hand.
    pub async fn replace(&self, value: &str) {
        let replace = self.client.put_secret_value().secret_id(&self.arn);
        replace.secret_string(value).send().await.unwrap();
    }

    /// Returns the labels of a version.
    pub async fn labels(&self, version: &str) -> Vec<String> {
        let described = self.client.describe_secret().secret_id(&self.arn).send().await.unwrap();
        described.version_ids_to_stages.unwrap().remove(version).unwrap_or_default()
    }

    /// Ends the server.
    pub fn stop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

impl Drop for SecretsManager {
    fn drop(&mut self) {
        let _ended_before = self.server.kill();
        let _ended_before = self.server.wait();
    }
}
