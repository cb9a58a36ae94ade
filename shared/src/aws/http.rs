//! HTTP for the AWS SDK: version 1.1, by hyper, over TLS, by rustls on ring.
//!
//! The SDK's own client also supports HTTP/2 and proxies. No function needs these, but they would enlarge every binary:
//! docs/adr/0007-small-binaries.md has the figures.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{self, CaptureConnection, capture_connection};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::{CryptoProvider, KeyProvider, ring};
use rustls::sign::SigningKey;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::PrivateKeyDer;

/// Returns a client for the SDK that trusts these roots and has its own pool of connections. `connect_timeout` limits
/// the TCP connection. The SDK's timeout for an attempt limits the name lookup, TLS and the answer.
pub fn client(roots: Arc<RootCertStore>, connect_timeout: Duration) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector::new(roots, connect_timeout));
    http_client_fn(move |_settings, _components| connector.clone())
}

#[derive(Debug)]
struct Connector(Client<HttpsConnector<connect::HttpConnector>, SdkBody>);

impl Connector {
    fn new(roots: Arc<RootCertStore>, connect_timeout: Duration) -> Self {
        let mut tcp = connect::HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(connect_timeout));
        let tls = HttpsConnectorBuilder::new()
            .with_tls_config(tls(roots))
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Self(Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(tls))
    }
}

fn tls(roots: Arc<RootCertStore>) -> ClientConfig {
    let provider = CryptoProvider { key_provider: &NoKeys, ..ring::default_provider() };
    ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap_or_else(|error| unreachable!("ring has a cipher suite for each version: {error}"))
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Loads no private key: clients have no certificate, and so the binary needs no code that signs for one.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(
        &self,
        _key: PrivateKeyDer<'static>,
    ) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("clients have no certificate".to_owned()))
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        // The SDK does not reuse a connection to a server that failed.
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || poisonable(&connection));
        }
        let response = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let response = response.await.map_err(classified)?.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(response)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Returns the connection of a request, if it already has one.
fn poisonable(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    connection.connection_metadata().as_ref()?;
    let connection = connection.clone();
    let poison = move || {
        if let Some(connection) = connection.connection_metadata().as_ref() {
            connection.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}

/// Classifies a broken connection as an I/O error, because the SDK retries only I/O errors.
fn classified(error: legacy::Error) -> ConnectorError {
    if error.is_connect() || is_broken_connection(error.source()) {
        ConnectorError::io(error.into())
    } else {
        ConnectorError::other(error.into(), None)
    }
}

fn is_broken_connection(cause: Option<&(dyn Error + 'static)>) -> bool {
    cause.is_some_and(|cause| {
        let is_broken = |error: &hyper::Error| {
            error.is_closed() || error.is_canceled() || error.is_incomplete_message()
        };
        cause.downcast_ref().is_some_and(is_broken)
            || cause.is::<io::Error>()
            || is_broken_connection(cause.source())
    })
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::byte_stream::ByteStream;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::yield_now;

    use super::*;
    use crate::config::CaBundle;
    use crate::testing::tls::Tls;
    use crate::testing::{World, run};

    fn trusting(tls: &Tls) -> Connector {
        let bundle = CaBundle::parse(tls.authority().as_bytes()).unwrap();
        Connector::new(bundle.roots(), Duration::from_secs(5))
    }

    fn without_roots() -> Connector {
        Connector::new(Arc::new(RootCertStore::empty()), Duration::from_secs(5))
    }

    async fn ask(connector: &Connector, url: &str) -> Result<HttpResponse, ConnectorError> {
        connector.call(HttpRequest::get(url).unwrap()).await
    }

    #[test]
    fn certificate_is_accepted_only_from_a_trusted_authority() {
        run(async |world: World| {
            let tls = Tls::before(&world.endpoint()).await.unwrap();
            assert!(ask(&trusting(&tls), &tls.endpoint()).await.is_ok());

            let error = ask(&without_roots(), &tls.endpoint()).await.unwrap_err();
            assert!(error.is_io(), "{error:?}");
            assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
        });
    }

    #[test]
    fn connection_is_reused_until_it_is_poisoned() {
        run(async |world: World| {
            let tls = Tls::before(&world.endpoint()).await.unwrap();
            let connector = trusting(&tls);
            let capture = CaptureSmithyConnection::new();
            for time in 1..=3 {
                if time == 3 {
                    capture.get().unwrap().poison();
                }
                let mut request = HttpRequest::get(tls.endpoint()).unwrap();
                request.add_extension(capture.clone());
                let response = connector.call(request).await.unwrap();
                // After its response was read and hyper's tasks have run, a connection can be reused.
                ByteStream::new(response.into_body()).collect().await.unwrap();
                for _ in 0..100 {
                    yield_now().await;
                }
                assert_eq!(tls.connections(), if time == 3 { 2 } else { 1 });
            }
        });
    }

    #[test]
    fn truncated_answer_is_a_retryable_error() {
        run(async |_world: World| {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.read_u8().await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").await.unwrap();
            });
            let error = ask(&without_roots(), &url).await.unwrap_err();
            assert!(error.is_io(), "{error:?}");
        });
    }
}
