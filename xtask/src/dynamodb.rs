//! A DynamoDB to work with: an embedded one, or another that the developer names.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use secrecy::ExposeSecret;
use shared::config::{self, Aws};
use shared::testing::emulator::{self, Emulator};
use ureq::http::Uri;

use crate::{Result, aws};

/// Where it is, and as whom to speak to it.
pub struct DynamoDb {
    settings: config::DynamoDb,
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

    /// An embedded one that forgets, and that others than this machine may reach: all who reach the address.
    pub async fn in_memory_at(address: IpAddr) -> Result<Self> {
        Ok(Self::embedded(Emulator::in_memory_at(address).await?, "in memory"))
    }

    /// An embedded one that keeps its tables in a file.
    pub async fn on_file(path: &Path) -> Result<Self> {
        let emulator = Emulator::on_file(path).await?;
        Ok(Self::embedded(emulator, &format!("on {}", path.display())))
    }

    fn embedded(emulator: Emulator, place: &str) -> Self {
        let endpoint = emulator.endpoint();
        let name = format!("an embedded DynamoDB {place}, at {endpoint}");
        Self { settings: emulator::settings(endpoint), name, _emulator: Some(emulator) }
    }

    /// One that somebody else runs, as whom the usual variables say. On this machine they may be
    /// unset: a local DynamoDB takes any credentials.
    pub fn at(endpoint: &str) -> Result<Self> {
        let is_local = is_local(endpoint)
            .ok_or_else(|| format!("{endpoint} is not the URL of a DynamoDB, http or https"))?;
        let name = format!("the DynamoDB at {endpoint}");
        let aws = aws::from_variables(is_local.then(emulator::anybody))
            .map_err(|problem| format!("{problem} to use {endpoint}"))?;
        let settings = config::DynamoDb { aws, endpoint: Some(endpoint.to_owned()) };
        Ok(Self { settings, name, _emulator: None })
    }

    /// That of the region that the usual variables name.
    pub fn of_region() -> Result<Self> {
        let aws = aws::from_variables(None)
            .map_err(|problem| format!("{problem} to use a region's DynamoDB"))?;
        Ok(Self::of(aws))
    }

    /// That of the region, as whoever asks there.
    pub fn of(aws: Aws) -> Self {
        let name = format!("the DynamoDB of {}", aws.region);
        let settings = config::DynamoDb { aws, endpoint: None };
        Self { settings, name, _emulator: None }
    }

    /// Where it is, unless that is for the region to say.
    pub fn endpoint(&self) -> Option<&str> {
        self.settings.endpoint.as_deref()
    }

    /// For a client of our own.
    pub fn settings(&self) -> &config::DynamoDb {
        &self.settings
    }

    /// For the functions' clients; what has no value must not be set.
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

/// Whether the URL leads to this machine; `None` if it leads nowhere.
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
