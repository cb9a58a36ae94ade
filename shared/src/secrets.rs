//! The token secret in Secrets Manager. It has versions; a rotation adds one and moves the staging labels.

use std::fmt;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use secrecy::{ExposeSecret, SecretString};

use crate::aws::sdk_config;
use crate::config::{Aws, ConfigError, Settings, optional, required};

/// The variable that names the secret.
pub const SECRET_ARN: &str = "TOKEN_SECRET_ARN";

/// The staging label of the version that signs.
const CURRENT: &str = "AWSCURRENT";
/// The staging label of the version that signed before.
const PREVIOUS: &str = "AWSPREVIOUS";
/// The staging label of the version that a rotation is making.
const PENDING: &str = "AWSPENDING";

/// One secret of Secrets Manager.
#[derive(Clone)]
pub struct StoredSecret {
    client: Client,
    /// Its ARN or name.
    id: String,
}

/// A failure of Secrets Manager. Its text holds no value of the secret.
#[derive(Debug, thiserror::Error)]
#[error("Secrets Manager does not {doing}: {cause}")]
pub struct SecretError {
    doing: &'static str,
    cause: String,
}

/// The state of a version in a rotation.
#[derive(Debug, PartialEq, Eq)]
pub enum Stage {
    Pending,
    Current,
    /// It exists, with neither label.
    Neither,
    Absent,
}

/// Returns a client of Secrets Manager, at this endpoint or else at the region's.
pub fn client(aws: &Aws, endpoint: Option<&str>) -> Client {
    Client::new(&sdk_config(aws, endpoint))
}

impl StoredSecret {
    pub fn new(aws: &Aws, endpoint: Option<&str>, id: String) -> Self {
        Self { client: client(aws, endpoint), id }
    }

    /// Returns the ARN or name that [`StoredSecret::new`] got.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the value that signs.
    pub async fn current(&self) -> Result<SecretString, SecretError> {
        let current = self.staged(CURRENT, None).await?;
        let cause = "no current version".to_owned();
        current.ok_or(SecretError { doing: "return the secret", cause })
    }

    /// Returns the value that signed before; `None` before the first rotation.
    pub async fn previous(&self) -> Result<Option<SecretString>, SecretError> {
        self.staged(PREVIOUS, None).await
    }

    /// Returns the value of a version that a rotation is making, if it has one.
    pub async fn pending(&self, version: &str) -> Result<Option<SecretString>, SecretError> {
        self.staged(PENDING, Some(version)).await
    }

    async fn staged(
        &self,
        stage: &str,
        version: Option<&str>,
    ) -> Result<Option<SecretString>, SecretError> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.id)
            .version_stage(stage)
            .set_version_id(version.map(str::to_owned))
            .send()
            .await;
        match answer {
            Ok(found) => Ok(found.secret_string.map(SecretString::from)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetSecretValueError::is_resource_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed("return the secret", &error)),
        }
    }

    /// Returns the state of a version.
    pub async fn stage(&self, version: &str) -> Result<Stage, SecretError> {
        let versions = self.versions().await?;
        Ok(match versions.iter().find(|(id, _)| id == version) {
            None => Stage::Absent,
            Some((_, stages)) if stages.iter().any(|stage| stage == CURRENT) => Stage::Current,
            Some((_, stages)) if stages.iter().any(|stage| stage == PENDING) => Stage::Pending,
            Some(_) => Stage::Neither,
        })
    }

    /// Stores a value as this version, pending. The same value again changes nothing.
    pub async fn put_pending(
        &self,
        version: &str,
        value: &SecretString,
    ) -> Result<(), SecretError> {
        self.client
            .put_secret_value()
            .secret_id(&self.id)
            .client_request_token(version)
            .secret_string(value.expose_secret())
            .version_stages(PENDING)
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("store the new value", &error))
    }

    /// Makes a pending version the current one, and the current one the previous.
    pub async fn make_current(&self, version: &str) -> Result<(), SecretError> {
        let versions = self.versions().await?;
        let current =
            versions.into_iter().find(|(_, stages)| stages.iter().any(|stage| stage == CURRENT));
        self.move_label(CURRENT, Some(version), current.as_ref().map(|(id, _)| id.as_str()))
            .await?;
        // Secrets Manager would let the version keep both labels.
        self.move_label(PENDING, None, Some(version)).await
    }

    async fn move_label(
        &self,
        label: &str,
        to: Option<&str>,
        from: Option<&str>,
    ) -> Result<(), SecretError> {
        self.client
            .update_secret_version_stage()
            .secret_id(&self.id)
            .version_stage(label)
            .set_move_to_version_id(to.map(str::to_owned))
            .set_remove_from_version_id(from.map(str::to_owned))
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("move the labels", &error))
    }

    /// Returns the versions with their staging labels.
    async fn versions(&self) -> Result<Vec<(String, Vec<String>)>, SecretError> {
        let answer = self.client.describe_secret().secret_id(&self.id).send().await;
        let described = answer.map_err(|error| failed("describe the secret", &error))?;
        Ok(described.version_ids_to_stages.unwrap_or_default().into_iter().collect())
    }
}

impl Settings for StoredSecret {
    /// Returns the secret of `TOKEN_SECRET_ARN`, at `AWS_ENDPOINT_URL_SECRETS_MANAGER` or else at the region's endpoint.
    fn from_env() -> Result<Self, ConfigError> {
        let endpoint = optional("AWS_ENDPOINT_URL_SECRETS_MANAGER");
        Ok(Self::new(&Aws::from_env()?, endpoint.as_deref(), required(SECRET_ARN)?))
    }
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Returns the error with its code and message only: the SDK's `Debug` would print the answer's body, with the value.
fn failed<E>(doing: &'static str, error: &SdkError<E, HttpResponse>) -> SecretError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let cause = match error.as_service_error() {
        Some(error) => format!(
            "{}: {}",
            error.code().unwrap_or("unknown error"),
            error.message().unwrap_or_default()
        ),
        None => error.to_string(),
    };
    SecretError { doing, cause }
}
