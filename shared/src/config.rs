//! The environment, read once at start. A variable that is missing or wrong is named and stops the function.

use std::env;
use std::str::FromStr;

use secrecy::SecretString;

/// What every function is told.
#[derive(Debug, Clone)]
pub struct Config {
    pub dynamodb: DynamoDb,
    /// `TABLE_NAME`
    pub table_name: String,
    /// `KEYS_TABLE_NAME`
    pub keys_table_name: String,
    pub tokens: Tokens,
}

/// Where DynamoDB is and who asks: the variables that Lambda sets, and the SDKs' own for an endpoint.
#[derive(Debug, Clone)]
pub struct DynamoDb {
    /// `AWS_ENDPOINT_URL_DYNAMODB`; unset or empty means the region's own.
    pub endpoint: Option<String>,
    /// `AWS_REGION`
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret_access_key: SecretString,
    /// `AWS_SESSION_TOKEN`
    pub session_token: Option<SecretString>,
}

/// What access tokens say of themselves.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// `TOKEN_ISSUER`: the `iss` claim.
    pub issuer: String,
    /// `TOKEN_AUDIENCE`: the `aud` claim.
    pub audience: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    #[error("the environment variable {name} {problem}")]
    Invalid { name: &'static str, problem: String },
}

impl Config {
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            dynamodb: DynamoDb::from_env()?,
            table_name: required("TABLE_NAME")?,
            keys_table_name: required("KEYS_TABLE_NAME")?,
            tokens: Tokens {
                issuer: required("TOKEN_ISSUER")?,
                audience: required("TOKEN_AUDIENCE")?,
            },
        })
    }
}

impl DynamoDb {
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            endpoint: optional("AWS_ENDPOINT_URL_DYNAMODB"),
            region: required("AWS_REGION")?,
            access_key_id: required("AWS_ACCESS_KEY_ID")?,
            secret_access_key: required("AWS_SECRET_ACCESS_KEY")?.into(),
            session_token: optional("AWS_SESSION_TOKEN").map(SecretString::from),
        })
    }
}

/// A variable that must be set and not empty.
pub fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name).ok_or(ConfigError::Missing(name))
}

/// A variable that may be unset or empty.
pub fn optional(name: &'static str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable that must be set to a value of this type.
pub fn parsed<T: FromStr<Err: ToString>>(name: &'static str) -> Result<T, ConfigError> {
    required(name)?
        .parse()
        .map_err(|problem: T::Err| ConfigError::Invalid { name, problem: problem.to_string() })
}
