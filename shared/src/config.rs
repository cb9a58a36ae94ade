//! The environment, read once at start. A missing or invalid variable stops the function with a message that names it.

use std::env;
use std::fs;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::SecretString;

/// The settings of every function.
#[derive(Debug, Clone)]
pub struct Config {
    pub dynamodb: DynamoDb,
    /// `TABLE_NAME`
    pub table_name: String,
    /// `KEYS_TABLE_NAME`
    pub keys_table_name: String,
    pub audit: Audit,
    pub tokens: Tokens,
    pub responses: Responses,
    /// Whether a starting function reads the token keys, which also opens the connection. `PRIMING=off` is for
    /// measurements without it.
    pub primes: bool,
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MiB, which Lambda sets.
    pub memory_mib: usize,
}

/// Where DynamoDB is, and the credentials to use.
#[derive(Debug, Clone)]
pub struct DynamoDb {
    pub aws: Aws,
    /// `AWS_ENDPOINT_URL_DYNAMODB`; unset or empty means the region's own.
    pub endpoint: Option<String>,
}

/// A region and credentials: the variables that Lambda sets.
#[derive(Debug, Clone)]
pub struct Aws {
    /// `AWS_REGION`
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret_access_key: SecretString,
    /// `AWS_SESSION_TOKEN`
    pub session_token: Option<SecretString>,
    pub ca_bundle: Option<CaBundle>,
}

/// `AWS_CA_BUNDLE` names a PEM file. Its certificates are trusted in place of Amazon's roots, for networks with a proxy
/// that inspects TLS.
#[derive(Debug, Clone)]
pub struct CaBundle(Arc<RootCertStore>);

/// The table of the audit trail, and how long a row stays in it.
#[derive(Debug, Clone)]
pub struct Audit {
    /// `AUDIT_TABLE_NAME`
    pub table_name: String,
    /// `AUDIT_RETENTION_DAYS`
    pub retention: Duration,
    /// `AUDIT_ADDRESS_KEY`: the key of the digests of addresses.
    pub address_key: SecretString,
}

/// The issuer and the audience of access tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// `TOKEN_ISSUER`: the `iss` claim.
    pub issuer: String,
    /// `TOKEN_AUDIENCE`: the `aud` claim.
    pub audience: String,
}

/// The settings of every response.
#[derive(Debug, Clone, Default)]
pub struct Responses {
    /// `METRICS_NAMESPACE`: CloudWatch's namespace of the metrics in log lines; without it they carry none.
    pub metrics_namespace: Option<String>,
    /// `CORS_ORIGINS`: the origins whose web pages may call the API, separated by commas.
    pub cors_origins: Vec<String>,
    /// `SECURITY_CONTACT`: the URL to which vulnerabilities are reported. Only `docs` has it.
    pub security_contact: Option<String>,
    /// `REQUIRE_IF_MATCH`: whether the change of a record needs `If-Match`.
    pub requires_if_match: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    #[error("the environment variable {name} {problem}")]
    Invalid { name: &'static str, problem: String },
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The memory of a function without a limit, as under `cargo lambda watch`.
const DEFAULT_MEMORY_MIB: usize = 1024;

impl Config {
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            dynamodb: DynamoDb {
                aws: Aws::from_env()?,
                endpoint: optional("AWS_ENDPOINT_URL_DYNAMODB"),
            },
            table_name: required("TABLE_NAME")?,
            keys_table_name: required("KEYS_TABLE_NAME")?,
            audit: Audit::from_env()?,
            tokens: Tokens::from_env()?,
            responses: Responses::from_env(),
            primes: optional("PRIMING").is_none_or(|it| it != "off"),
            memory_mib: match optional("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") {
                Some(_) => parsed("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")?,
                None => DEFAULT_MEMORY_MIB,
            },
        })
    }
}

/// The settings of one function, beside [`Config`].
pub trait Settings: Sized + Send + Sync + 'static {
    /// Reads them from the environment.
    ///
    /// # Errors
    /// Names a variable that is missing or invalid.
    fn from_env() -> Result<Self, ConfigError>;
}

/// A function without settings of its own.
impl Settings for () {
    fn from_env() -> Result<(), ConfigError> {
        Ok(())
    }
}

impl Audit {
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            table_name: required("AUDIT_TABLE_NAME")?,
            retention: span("AUDIT_RETENTION_DAYS", DAY)?,
            address_key: required("AUDIT_ADDRESS_KEY")?.into(),
        })
    }
}

impl Tokens {
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { issuer: required("TOKEN_ISSUER")?, audience: required("TOKEN_AUDIENCE")? })
    }
}

impl Responses {
    pub fn from_env() -> Self {
        Self {
            metrics_namespace: optional("METRICS_NAMESPACE"),
            cors_origins: optional("CORS_ORIGINS")
                .map(|origins| origins.split(',').map(str::to_owned).collect())
                .unwrap_or_default(),
            security_contact: optional("SECURITY_CONTACT"),
            requires_if_match: optional("REQUIRE_IF_MATCH").is_some_and(|it| it == "true"),
        }
    }
}

impl Aws {
    /// Credentials for a service that checks none, such as an embedded DynamoDB.
    pub fn anybody() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".into(),
            session_token: None,
            ca_bundle: None,
        }
    }

    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            region: required("AWS_REGION")?,
            access_key_id: required("AWS_ACCESS_KEY_ID")?,
            secret_access_key: required("AWS_SECRET_ACCESS_KEY")?.into(),
            session_token: optional("AWS_SESSION_TOKEN").map(SecretString::from),
            ca_bundle: CaBundle::from_env()?,
        })
    }
}

impl CaBundle {
    pub fn from_env() -> Result<Option<Self>, ConfigError> {
        const NAME: &str = "AWS_CA_BUNDLE";
        let invalid = |problem| ConfigError::Invalid { name: NAME, problem };
        let Some(path) = optional(NAME) else { return Ok(None) };
        let pem = fs::read(path).map_err(|error| invalid(format!("cannot be read: {error}")))?;
        Self::parse(&pem).map(Some).map_err(invalid)
    }

    /// Reads the certificates of a PEM file. The error says what is wrong with the file.
    pub fn parse(pem: &[u8]) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| format!("names no PEM file: {error}"))?;
            roots
                .add(certificate)
                .map_err(|error| format!("names a file with a wrong certificate: {error}"))?;
        }
        if roots.is_empty() {
            return Err("names a file without a PEM certificate".to_owned());
        }
        Ok(Self(Arc::new(roots)))
    }

    pub fn roots(&self) -> Arc<RootCertStore> {
        self.0.clone()
    }
}

/// Returns a variable that must be set and not empty.
pub fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name).ok_or(ConfigError::Missing(name))
}

/// Returns a variable that may be unset or empty.
pub fn optional(name: &'static str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns a variable that must be set to a duration, in these units.
pub fn span(name: &'static str, unit: Duration) -> Result<Duration, ConfigError> {
    parsed::<NonZeroU32>(name).map(|units| unit.saturating_mul(units.get()))
}

/// Returns a variable that must be set to a value of this type.
pub fn parsed<T: FromStr<Err: ToString>>(name: &'static str) -> Result<T, ConfigError> {
    required(name)?
        .parse()
        .map_err(|problem: T::Err| ConfigError::Invalid { name, problem: problem.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundle_without_valid_certificates_is_refused() {
        let right = rcgen::generate_simple_self_signed(Vec::new()).unwrap().cert.pem();
        assert_eq!(CaBundle::parse(right.as_bytes()).unwrap().roots().len(), 1);
        let wrong = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (pem, problem) in
            [("", "without"), ("-----BEGIN CERTIFICATE-----\n", "no PEM"), (wrong, "wrong")]
        {
            let refused = CaBundle::parse(pem.as_bytes()).unwrap_err();
            assert!(refused.contains(problem), "{refused}");
        }
    }
}
