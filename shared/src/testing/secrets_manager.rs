//! An emulated Secrets Manager: moto.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::process::Command;

use aws_sdk_secretsmanager::Client;
use repo::root::repository;

use super::moto::Moto;
use crate::config::Aws;
use crate::secrets::{self, StoredSecret};

/// A server with one secret. It ends when this is dropped.
pub struct SecretsManager {
    moto: Moto,
    client: Client,
    arn: String,
}

impl SecretsManager {
    /// Starts a server whose secret has this value as its current version.
    pub async fn with(value: &str) -> Self {
        let moto = Moto::start();
        let client = secrets::client(&Aws::anybody(), Some(moto.endpoint()));
        let secret = client.create_secret().name("TokenSecret").secret_string(value).send().await;
        let arn = secret.unwrap().arn.unwrap();
        Self { moto, client, arn }
    }

    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Returns the secret as functions hold it.
    pub fn secret(&self) -> StoredSecret {
        StoredSecret::new(&Aws::anybody(), Some(self.moto.endpoint()), self.arn.clone())
    }

    /// Begins a rotation: adds a pending version without a value. The test invokes the steps itself.
    pub fn begin_rotation(&self, version: &str) {
        let mut python = Command::new(self.moto.tools().join("python"));
        python.arg(repository().join("shared/src/testing/begin_rotation.py"));
        let status = python.args([self.moto.endpoint(), self.arn.as_str(), version]).status();
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
        self.moto.stop();
    }
}
