//! The DynamoDB that a command uses, and its credentials.

use std::fmt;
use std::net::IpAddr;

use secrecy::ExposeSecret;
use shared::config::{self, Aws};
use ureq::http::Uri;

use crate::{Result, aws};

/// A DynamoDB: its address, credentials and name.
pub struct DynamoDb {
    settings: config::DynamoDb,
    /// The name in messages.
    name: String,
}

impl DynamoDb {
    /// Returns the settings of one that runs inside this process and accepts any credentials. `place` says where its
    /// tables are.
    pub fn embedded(endpoint: String, place: &str) -> Self {
        let name = format!("an embedded DynamoDB {place}, at {endpoint}");
        let settings = config::DynamoDb { aws: Aws::anybody(), endpoint: Some(endpoint) };
        Self { settings, name }
    }

    /// Returns the settings of one at a URL, with the credentials from the usual variables. They may be unset if it is
    /// on this machine: a local DynamoDB accepts any credentials.
    pub fn at(endpoint: &str) -> Result<Self> {
        let is_local = is_local(endpoint)
            .ok_or_else(|| format!("{endpoint} is not the URL of a DynamoDB, http or https"))?;
        let name = format!("the DynamoDB at {endpoint}");
        let aws = aws::from_variables(is_local.then(Aws::anybody))
            .map_err(|problem| format!("{problem} to use {endpoint}"))?;
        let settings = config::DynamoDb { aws, endpoint: Some(endpoint.to_owned()) };
        Ok(Self { settings, name })
    }

    /// Returns the settings of DynamoDB in the region that the usual variables name.
    pub fn of_region() -> Result<Self> {
        let aws = aws::from_variables(None)
            .map_err(|problem| format!("{problem} to use a region's DynamoDB"))?;
        Ok(Self::of(aws))
    }

    /// Returns the settings of DynamoDB in a region, with these credentials.
    pub fn of(aws: Aws) -> Self {
        let name = format!("the DynamoDB of {}", aws.region);
        let settings = config::DynamoDb { aws, endpoint: None };
        Self { settings, name }
    }

    /// Returns its URL; `None` for a region's own.
    pub fn endpoint(&self) -> Option<&str> {
        self.settings.endpoint.as_deref()
    }

    /// Returns the settings for a client in this process.
    pub fn settings(&self) -> &config::DynamoDb {
        &self.settings
    }

    /// Returns the environment variables for the functions; one without a value must not be set.
    pub fn environment(&self) -> [(&'static str, Option<String>); 5] {
        let config::DynamoDb { aws, endpoint } = &self.settings;
        let session_token = aws.session_token.as_ref();
        [
            ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.clone()),
            ("AWS_REGION", Some(aws.region.clone())),
            ("AWS_ACCESS_KEY_ID", Some(aws.access_key_id.clone())),
            ("AWS_SECRET_ACCESS_KEY", Some(aws.secret_access_key.expose_secret().to_owned())),
            ("AWS_SESSION_TOKEN", session_token.map(|token| token.expose_secret().to_owned())),
        ]
    }
}

impl fmt::Display for DynamoDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Whether a URL is one of this machine; `None` if it is not an http or https URL.
pub fn is_local(endpoint: &str) -> Option<bool> {
    let url: Uri = endpoint.parse().ok()?;
    let host = url.host()?;
    let is_loopback = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    };
    match url.scheme_str()? {
        "http" => Some(is_loopback),
        "https" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_plain_http_to_a_loopback_address_is_local() {
        for endpoint in ["http://127.0.0.1:8001", "http://localhost:8001/", "http://[::1]:8001"] {
            assert_eq!(is_local(endpoint), Some(true), "{endpoint}");
        }
        for endpoint in ["http://172.17.0.1:8001", "https://dynamodb.eu-central-1.amazonaws.com"] {
            assert_eq!(is_local(endpoint), Some(false), "{endpoint}");
        }
        for endpoint in ["", "8001", "127.0.0.1:8001", "ftp://localhost/"] {
            assert_eq!(is_local(endpoint), None, "{endpoint}");
        }
    }
}
