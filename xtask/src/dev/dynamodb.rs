//! The DynamoDB that the functions use: an embedded one, or another that the developer names.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use shared::config::{self, optional};
use shared::testing::emulator::Emulator;
use ureq::http::Uri;

use super::functions::Variable;
use crate::Result;

/// Where it is, and as whom to speak to it.
pub struct DynamoDb {
    endpoint: String,
    region: String,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    /// What to call it.
    name: String,
    /// Runs for as long as this is held.
    _emulator: Option<Emulator>,
}

impl DynamoDb {
    /// An embedded one that forgets.
    pub async fn in_memory() -> Result<Self> {
        Ok(Self::embedded(Emulator::in_memory().await?, "in memory"))
    }

    /// An embedded one that keeps its tables in a file.
    pub async fn on_file(path: &Path) -> Result<Self> {
        let emulator = Emulator::on_file(path).await?;
        Ok(Self::embedded(emulator, &format!("on {}", path.display())))
    }

    fn embedded(emulator: Emulator, place: &str) -> Self {
        let endpoint = emulator.endpoint();
        let name = format!("an embedded DynamoDB {place}, at {endpoint}");
        Self { name, _emulator: Some(emulator), ..Self::for_anybody(endpoint) }
    }

    /// One that somebody else runs, as whom the usual variables say. On this machine they may be
    /// unset: a local DynamoDB takes any credentials.
    pub fn at(endpoint: &str) -> Result<Self> {
        let is_local = is_local(endpoint)
            .ok_or_else(|| format!("{endpoint} is not the URL of a DynamoDB, http or https"))?;
        let region = optional("AWS_REGION").or_else(|| optional("AWS_DEFAULT_REGION"));
        let id = optional("AWS_ACCESS_KEY_ID");
        let secret = optional("AWS_SECRET_ACCESS_KEY");

        let mut dynamodb = Self::for_anybody(endpoint.to_owned());
        match region {
            Some(region) => dynamodb.region = region,
            None if is_local => {}
            None => return Err(format!("set AWS_REGION to use {endpoint}").into()),
        }
        match (id, secret) {
            (Some(id), Some(secret)) => {
                dynamodb.access_key_id = id;
                dynamodb.secret_access_key = secret;
                dynamodb.session_token = optional("AWS_SESSION_TOKEN");
            }
            (None, None) if is_local => {}
            _ => {
                let variables = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
                return Err(format!("set {variables} to use {endpoint}").into());
            }
        }
        Ok(dynamodb)
    }

    fn for_anybody(endpoint: String) -> Self {
        Self {
            name: format!("the DynamoDB at {endpoint}"),
            endpoint,
            region: "us-east-1".to_owned(),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
            _emulator: None,
        }
    }

    /// For a client of our own.
    pub fn settings(&self) -> config::DynamoDb {
        config::DynamoDb {
            endpoint: Some(self.endpoint.clone()),
            region: self.region.clone(),
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone().into(),
            session_token: self.session_token.clone().map(Into::into),
        }
    }

    /// For the functions' clients.
    pub fn environment(&self) -> Vec<Variable> {
        vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", Some(self.endpoint.clone())),
            ("AWS_REGION", Some(self.region.clone())),
            ("AWS_ACCESS_KEY_ID", Some(self.access_key_id.clone())),
            ("AWS_SECRET_ACCESS_KEY", Some(self.secret_access_key.clone())),
            ("AWS_SESSION_TOKEN", self.session_token.clone()),
        ]
    }
}

impl fmt::Display for DynamoDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Whether the URL leads to this machine; `None` if it leads nowhere.
fn is_local(endpoint: &str) -> Option<bool> {
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
