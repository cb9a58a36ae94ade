//! A gateway in front of `cargo lambda watch` that limits the number of simultaneous requests: when more than about a
//! hundred wait for one function, `cargo lambda watch` stops answering for good.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::uri::{Authority, PathAndQuery, Scheme, Uri};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ops::Result;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::port::Port;

/// The limit of simultaneous requests. The queue of `cargo lambda watch` for one function holds 100.
const MOST_AT_ONCE: usize = 96;

/// A running gateway. Dropping it ends it.
pub struct Gateway(JoinHandle<()>);

#[derive(Clone)]
struct Target {
    client: Client<HttpConnector, Body>,
    authority: Authority,
    free: Arc<Semaphore>,
}

impl Gateway {
    /// Accepts requests at `port` and forwards them to the port `inner`.
    pub fn serve(port: Port, inner: u16) -> Result<Self> {
        let listener = port.into_listener();
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        // Otherwise the second part of a message may wait for the acknowledgement of the first part.
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let target = Target {
            client: Client::builder(TokioExecutor::new()).build(connector),
            authority: format!("127.0.0.1:{inner}").parse()?,
            free: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        };
        let router = Router::new().fallback(forward).with_state(target);
        Ok(Self(tokio::spawn(async {
            // Ends only with the task: a broken connection does not end the server.
            let _ = axum::serve(listener, router).await;
        })))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn forward(State(target): State<Target>, mut request: Request) -> Response {
    let Ok(_permit) = target.free.acquire().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let path = request.uri().path_and_query().cloned();
    let uri = Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(target.authority)
        .path_and_query(path.unwrap_or(PathAndQuery::from_static("/")))
        .build();
    match uri {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return StatusCode::BAD_REQUEST.into_response(),
    }
    match target.client.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}
