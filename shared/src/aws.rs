//! The common configuration of all AWS clients: credentials, timeouts, retries and HTTP.

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
use secrecy::ExposeSecret;

use crate::config::Aws;

/// The timeouts of a connection, an attempt and an operation; the SDK sets none by itself. An operation includes its
/// retries and must end before the request does.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(7);

/// The first retry waits 50 ms, and each further retry twice as long, with jitter. The operation's timeout limits all
/// retries together.
const MAX_ATTEMPTS: u32 = 8;
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// The root certificates of AWS's endpoints: Amazon Trust Services (<https://www.amazontrust.com/repository/>), as
/// Mozilla's root program distributes them. Loading the machine's own store of some 140 certificates would take longer
/// than the rest of the start.
const ROOTS: [&[u8]; 5] = [
    include_bytes!("aws/roots/amazon-root-ca-1.der"),
    include_bytes!("aws/roots/amazon-root-ca-2.der"),
    include_bytes!("aws/roots/amazon-root-ca-3.der"),
    include_bytes!("aws/roots/amazon-root-ca-4.der"),
    include_bytes!("aws/roots/starfield-services-root-certificate-authority-g2.der"),
];

fn amazon_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(ROOTS.map(CertificateDer::from));
    roots
}

/// Returns the configuration of a client of one service. Without an endpoint, the client uses the region's endpoint.
pub fn sdk_config(settings: &Aws, endpoint: Option<&str>) -> SdkConfig {
    let credentials = Credentials::new(
        &settings.access_key_id,
        settings.secret_access_key.expose_secret(),
        settings.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
        None,
        "environment",
    );
    let roots = match (endpoint, &settings.ca_bundle) {
        // A local service speaks plain HTTP: no certificate needs to be trusted.
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
    fn roots_have_the_fingerprints_that_amazon_publishes() {
        let fingerprint = |der: &[u8]| {
            let digest = ring::digest::digest(&ring::digest::SHA256, der);
            digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
        };
        // The fingerprints that Amazon publishes in its repository.
        let published = [
            "8E:CD:E6:88:4F:3D:87:B1:12:5B:A3:1A:C3:FC:B1:3D:70:16:DE:7F:57:CC:90:4F:E1:CB:97:C6:AE:98:19:6E",
            "1B:A5:B2:AA:8C:65:40:1A:82:96:01:18:F8:0B:EC:4F:62:30:4D:83:CE:C4:71:3A:19:C3:9C:01:1E:A4:6D:B4",
            "18:CE:6C:FE:7B:F1:4E:60:B2:E3:47:B8:DF:E8:68:CB:31:D0:2E:BB:3A:DA:27:15:69:F5:03:43:B4:6D:B3:A4",
            "E3:5D:28:41:9E:D0:20:25:CF:A6:90:38:CD:62:39:62:45:8D:A5:C6:95:FB:DE:A3:C2:2B:0B:FB:25:89:70:92",
            "56:8D:69:05:A2:C8:87:08:A4:B3:02:51:90:ED:CF:ED:B1:97:4A:60:6A:13:C6:E5:29:0F:CB:2A:E6:3E:DA:B5",
        ];
        assert_eq!(ROOTS.map(fingerprint), published);
        assert_eq!(amazon_roots().len(), 5);
    }
}
