//! A DynamoDB to work with: an embedded one, or another that the developer names.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use secrecy::ExposeSecret;
use shared::config::{self, Aws, CaBundle, optional};
use shared::testing::emulator::{self, Emulator};
use ureq::http::Uri;

use crate::Result;

/// How those who use the AWS CLI come by the variables that it does not set by itself.
const EXPORT: &str = r#"eval "$(aws configure export-credentials --format env)""#;

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
        let aws = aws(is_local.then(emulator::anybody))
            .map_err(|problem| format!("{problem} to use {endpoint}"))?;
        let settings = config::DynamoDb { aws, endpoint: Some(endpoint.to_owned()) };
        Ok(Self { settings, name, _emulator: None })
    }

    /// That of the region that the usual variables name.
    pub fn of_region() -> Result<Self> {
        let aws = aws(None).map_err(|problem| format!("{problem} to use a region's DynamoDB"))?;
        let name = format!("the DynamoDB of {}", aws.region);
        let settings = config::DynamoDb { aws, endpoint: None };
        Ok(Self { settings, name, _emulator: None })
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

/// Who the usual variables say that we are, or else this one. The error is what to do.
fn aws(otherwise: Option<Aws>) -> std::result::Result<Aws, String> {
    let region = optional("AWS_REGION")
        .or_else(|| optional("AWS_DEFAULT_REGION"))
        .or_else(|| otherwise.as_ref().map(|it| it.region.clone()))
        .ok_or("set AWS_REGION")?;
    let id = optional("AWS_ACCESS_KEY_ID");
    let secret = optional("AWS_SECRET_ACCESS_KEY");
    match (id, secret, otherwise) {
        (Some(access_key_id), Some(secret), _) => Ok(Aws {
            region,
            access_key_id,
            secret_access_key: secret.into(),
            session_token: optional("AWS_SESSION_TOKEN").map(Into::into),
            ca_bundle: CaBundle::from_env().map_err(|error| error.to_string())?,
        }),
        (None, None, Some(anybody)) => Ok(Aws { region, ..anybody }),
        _ => {
            let variables = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
            Err(format!("set {variables} (from the AWS CLI: {EXPORT})"))
        }
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
