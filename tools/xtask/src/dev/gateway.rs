//! Stands in front of `cargo lambda watch` and hands it no more requests at once than it can take: with
//! some more than a hundred waiting for one function it answers nobody any more, for good.

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

/// Its queue for a function has 100 places.
const MOST_AT_ONCE: usize = 96;

/// At work until it is dropped.
pub struct Gateway(JoinHandle<()>);

#[derive(Clone)]
struct Target {
    client: Client<HttpConnector, Body>,
    authority: Authority,
    places: Arc<Semaphore>,
}

impl Gateway {
    /// Takes requests at `port` and hands them to the port `inner`.
    pub fn serve(port: Port, inner: u16) -> Result<Self> {
        let listener = port.into_listener();
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        // Otherwise what is written in two parts may wait for the acknowledgement of the first.
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let target = Target {
            client: Client::builder(TokioExecutor::new()).build(connector),
            authority: format!("127.0.0.1:{inner}").parse()?,
            places: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        };
        let router = Router::new().fallback(hand_on).with_state(target);
        Ok(Self(tokio::spawn(async {
            // Ends with the task alone: a connection that breaks is its client's affair.
            let _ = axum::serve(listener, router).await;
        })))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn hand_on(State(target): State<Target>, mut request: Request) -> Response {
    let Ok(_place) = target.places.acquire().await else {
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
