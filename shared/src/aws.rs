//! What the clients of all AWS services share: credentials, timeouts, retries, and HTTP.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_types::SdkConfig;
use secrecy::ExposeSecret;

use crate::config::{Aws, CaBundle};

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

/// Building it cannot fail as the library stands; what it has by default is the machine's own store.
fn trust(bundle: Option<&CaBundle>) -> tls::TlsContext {
    let pem = bundle.map_or(ROOTS, CaBundle::pem);
    let store = tls::TrustStore::empty().with_pem_certificate(pem);
    tls::TlsContext::builder().with_trust_store(store).build().unwrap_or_default()
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
    let http = aws_smithy_http_client::Builder::new();
    let http = match endpoint {
        // A service on this machine speaks plain HTTP: no certificates to load.
        Some(endpoint) if endpoint.starts_with("http://") => http.build_http(),
        _ => http
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .tls_context(trust(settings.ca_bundle.as_ref()))
            .build_https(),
    };
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
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
        .http_client(http);
    config.set_endpoint_url(endpoint.map(str::to_owned));
    config.build()
}
