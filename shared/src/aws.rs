//! What the clients of all AWS services share: credentials, timeouts, retries, and HTTP.

mod http;

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_types::SdkConfig;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::ExposeSecret;

use crate::config::Aws;

/// Attempt < operation < request: the SDK sets no timeouts by itself.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(7);

/// Retries back off from 50 ms, doubling, with jitter; the operation's timeout bounds them all.
const MAX_ATTEMPTS: u32 = 8;
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// The roots that AWS has. Loading the machine's own store takes longer than everything else at start.
const ROOTS: &[u8] = include_bytes!("aws/roots.pem");

fn amazon_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(ROOTS).flatten());
    roots
}

/// For a client of one service; without an endpoint it asks the region's own.
pub fn sdk_config(settings: &Aws, endpoint: Option<&str>) -> SdkConfig {
    let credentials = Credentials::new(
        &settings.access_key_id,
        settings.secret_access_key.expose_secret(),
        settings.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
        None,
        "environment",
    );
    let roots = match (endpoint, &settings.ca_bundle) {
        // A service on this machine speaks plain HTTP: nobody's certificates count.
        (Some(endpoint), _) if endpoint.starts_with("http://") => Arc::new(RootCertStore::empty()),
        (_, Some(bundle)) => bundle.roots(),
        (_, None) => Arc::new(amazon_roots()),
    };
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .operation_timeout(OPERATION_TIMEOUT)
                .build(),
        )
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(MAX_ATTEMPTS)
                .with_initial_backoff(INITIAL_BACKOFF)
                .with_max_backoff(MAX_BACKOFF),
        )
        .http_client(http::client(roots, CONNECT_TIMEOUT));
    config.set_endpoint_url(endpoint.map(str::to_owned));
    config.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazon_has_five_roots() {
        assert_eq!(amazon_roots().len(), 5);
    }
}
