//! A TLS proxy to a DynamoDB, with its own certificate authority. In the cloud, DynamoDB also uses TLS.

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// The only host name in the certificate.
const HOST: &str = "localhost";

/// The reason why the proxy did not start.
type Problem = Box<dyn Error + Send + Sync>;

/// A running TLS proxy. It stops when it is dropped.
pub struct Tls {
    address: SocketAddr,
    authority: String,
    connections: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl Tls {
    /// Starts a proxy to the DynamoDB at this endpoint, which speaks plain HTTP.
    ///
    /// # Errors
    /// No port of 127.0.0.1 is free, or the system has no randomness for keys.
    pub async fn before(endpoint: &str) -> Result<Self, Problem> {
        let (authority, config) = certified()?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let server = endpoint.trim_start_matches("http://").to_owned();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let (acceptor, server) = (acceptor.clone(), server.clone());
                // The client reports a broken connection, so the proxy ignores it.
                tokio::spawn(async move { carry(stream, &acceptor, &server).await.ok() });
            }
        });
        Ok(Self { address, authority, connections, server })
    }

    pub fn endpoint(&self) -> String {
        format!("https://{HOST}:{}", self.address.port())
    }

    /// Returns the certificate that clients must trust, as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns the number of connections so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn carry(stream: TcpStream, acceptor: &TlsAcceptor, server: &str) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut client = acceptor.accept(stream).await?;
    let mut server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// Returns the certificate of an authority, and a server with a certificate that the authority signed.
fn certified() -> Result<(String, ServerConfig), Problem> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec![HOST.to_owned()])?.signed_by(&key, &authority)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())?;
    Ok((authority.pem(), config))
}
